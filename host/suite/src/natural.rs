use std::cmp::Ordering;

/// Orders names as people count: `sample2` before `sample10`.
pub fn natural_order(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    while !left.is_empty() && !right.is_empty() {
        let (l, r) = (part(left), part(right));
        let order = match (number(l), number(r)) {
            (Some(l), Some(r)) => (l.len(), l).cmp(&(r.len(), r)),
            _ => l.cmp(r),
        };
        if order != Ordering::Equal {
            return order;
        }
        (left, right) = (&left[l.len()..], &right[r.len()..]);
    }
    // `01` and `1` count alike; one of them has to come first.
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

/// The digits, or whatever else, that `text` begins with.
fn part(text: &str) -> &str {
    let digits = text.starts_with(|c: char| c.is_ascii_digit());
    let end = text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len());
    &text[..end]
}

/// The digits without leading zeros.
fn number(part: &str) -> Option<&str> {
    part.starts_with(|c: char| c.is_ascii_digit()).then(|| part.trim_start_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count() {
        let mut names = ["t10", "t2", "t1", "a", "t02", "t2b", "", "10", "9", "t2/x"];
        names.sort_by(|a, b| natural_order(a, b));
        assert_eq!(names, ["", "9", "10", "a", "t1", "t02", "t2", "t2/x", "t2b", "t10"]);
    }
}
