//! Text that a candidate or a tool wrote, made fit to be shown.

/// Most characters of a message that a report shows.
pub(crate) const LONGEST_MESSAGE: usize = 2000;
/// Most characters of a name that a report shows.
pub(crate) const LONGEST_NAME: usize = 120;

/// `text` with every character that would act instead of being seen replaced
/// by its code, as `\u{202e}`: controls but newline and tab, marks that turn
/// the writing direction, and characters without width.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => shown.push(c),
            c if c.is_control() || acts(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}

/// [`visible`], of at most `longest` characters and an ellipsis.
pub(crate) fn shortened(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        None => visible(text),
        Some((end, _)) => format!("{}…", visible(&text[..end])),
    }
}

/// [`shortened`] to one line of a name's length.
pub(crate) fn name(text: &str) -> String {
    shortened(text, LONGEST_NAME).replace(['\n', '\t'], " ")
}

/// Formatting characters of Unicode that reorder, hide or join text.
fn acts(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_shown_as_its_code() {
        assert_eq!(visible("a\u{202e}b\u{1b}[31m\tc\nü"), "a\\u{202e}b\\u{1b}[31m\tc\nü");
        assert_eq!(shortened("äöü", 2), "äö…");
        assert_eq!(shortened("äöü", 3), "äöü");
    }
}
