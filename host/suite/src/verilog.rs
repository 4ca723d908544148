//! As much of Verilog as telling an identifier from a comment takes.

/// Replaces every identifier `from` by `to`, and nothing else: comments and
/// strings stay, and so do longer identifiers.
pub(crate) fn rename(text: &str, from: &str, to: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for token in Tokens(text) {
        out.push_str(if token == from { to } else { token });
    }
    out
}

/// Whether `text` declares the module `name`.
pub(crate) fn declares(text: &str, name: &str) -> bool {
    let mut tokens = Tokens(text).filter(|token| {
        !token.starts_with("//") && !token.starts_with("/*") && !token.trim().is_empty()
    });
    while let Some(token) = tokens.next() {
        if token == "module" {
            let next = tokens.next();
            let next = match next {
                Some("automatic" | "static") => tokens.next(),
                next => next,
            };
            if next == Some(name) {
                return true;
            }
        }
    }
    false
}

/// Identifiers, comments, strings, and single characters of everything else.
struct Tokens<'a>(&'a str);

impl<'a> Iterator for Tokens<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.0;
        let first = text.chars().next()?;
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
        let end = if text.starts_with("//") {
            text.find('\n').unwrap_or(text.len())
        } else if let Some(comment) = text.strip_prefix("/*") {
            comment.find("*/").map_or(text.len(), |at| at + 4)
        } else if first == '"' {
            string_end(text)
        } else if first == '\\' {
            text.find(char::is_whitespace).unwrap_or(text.len())
        } else if is_word(first) {
            text.find(|c| !is_word(c)).unwrap_or(text.len())
        } else {
            first.len_utf8()
        };
        let (token, rest) = text.split_at(end);
        self.0 = rest;
        Some(token)
    }
}

fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            // A string ends with its line at the latest.
            '\n' => return at,
            _ => escaped = c == '\\' && !escaped,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_identifier_is_renamed() {
        let text =
            "module top (); // top\n/* top */ top top1 (.top(\\top )); $d(\"top \\\" top\");";
        assert_eq!(
            rename(text, "top", "T"),
            "module T (); // top\n/* top */ T top1 (.T(\\top )); $d(\"top \\\" top\");"
        );
        for odd in ["", "/*", "\"", "\"\\", "ä top\u{0}", "\\"] {
            assert_eq!(rename(odd, "x", "y"), odd);
        }
    }

    #[test]
    fn a_module_is_declared_by_its_keyword() {
        assert!(declares("`x\nmodule /* a */ top\n(input a);", "top"));
        assert!(declares("module automatic top;", "top"));
        for none in ["// module top", "top u();", "module top1;", "\"module top\"", "module"] {
            assert!(!declares(none, "top"), "{none}");
        }
    }
}
