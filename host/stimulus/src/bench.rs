//! What a test bench says of a response: its own verdict, recognised in a way that no response
//! can forge.
//!
//! A bench may print any value that it was shown, as text even, so the words by which it says
//! that a design passes prove nothing by themselves. Before a response is played back they are
//! replaced in the bench's sources by a *token*, a hash over that very response: who answers on
//! the board cannot know it.

use crate::SourceText;
use crate::files::PassMark;
use crate::icarus::Ended;
use sha2::{Digest, Sha256};

/// The start of the line by which VerilogEval's benches say how many samples differ.
const MISMATCHES: &str = "Mismatches: ";
/// How much of a bench's words is repeated.
const SAID_MAX: usize = 160;
/// Hexadecimal digits of a token.
const TOKEN_DIGITS: usize = 32;

/// A bench whose words for a pass are its own.
pub(crate) struct Marked {
    /// Its files.
    pub(crate) files: Vec<SourceText>,
    /// Whether its words for a pass stand in one of its sources, as one piece.
    pub(crate) has_words: bool,
    token: String,
}

impl Marked {
    /// The bench as it is.
    pub(crate) fn plain(files: &[SourceText]) -> Self {
        Self { files: files.to_vec(), has_words: true, token: String::new() }
    }

    /// The bench with a token that depends on `response`.
    pub(crate) fn new(files: &[SourceText], mark: &PassMark, response: &[u8]) -> Self {
        let mut token = hex::encode(Sha256::digest(response));
        token.truncate(TOKEN_DIGITS);
        let token = format!("filbench_{token}");
        let (words, replacement) = match mark {
            PassMark::Prints(text) | PassMark::PrintsAndExitsWith(text, _) => {
                (text.as_str(), token.clone())
            }
            PassMark::NoMismatches => (MISMATCHES, format!("{token}{MISMATCHES}")),
            PassMark::ExitsWith(_) => return Self::plain(files),
        };
        let mut has_words = false;
        let mut file = |file: &SourceText| {
            if !file.is_text() {
                return file.clone();
            }
            let contents = replace(&file.contents, words.as_bytes(), replacement.as_bytes());
            has_words |= contents.is_some();
            let contents = contents.unwrap_or_else(|| file.contents.clone());
            SourceText { name: file.name.clone(), contents }
        };
        Self { files: files.iter().map(&mut file).collect(), has_words, token }
    }

    /// Whether it says that the design passes.
    pub(crate) fn passes(&self, mark: &PassMark, ended: &Ended) -> bool {
        let prints = |text: &str| {
            let words = if self.token.is_empty() { text } else { &self.token };
            lines(&ended.printed).any(|line| line.contains(words))
        };
        match mark {
            PassMark::Prints(text) => prints(text),
            PassMark::ExitsWith(status) => ended.status == *status,
            PassMark::PrintsAndExitsWith(text, status) => ended.status == *status && prints(text),
            PassMark::NoMismatches => {
                let start = format!("{}{MISMATCHES}", self.token);
                let mut counts = lines(&ended.printed)
                    .filter_map(|line| line.trim().strip_prefix(&start).map(mismatches));
                counts.next().is_some_and(|first| first == Some(0))
                    && counts.all(|count| count == Some(0))
            }
        }
    }

    /// The last line that it printed, for a person.
    pub(crate) fn last_words(&self, ended: &Ended) -> String {
        let last = lines(&ended.printed).filter(|line| !line.trim().is_empty()).last();
        let Some(last) = last else {
            return format!("nothing, and ends with status {}", ended.status);
        };
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        let mut said: String = last.trim().chars().map(plain).take(SAID_MAX).collect();
        if !self.token.is_empty() {
            said = said.replace(&self.token, "");
        }
        format!("`{said}`")
    }
}

fn lines(printed: &[u8]) -> impl Iterator<Item = String> {
    printed.split(|&b| b == b'\n').map(|line| String::from_utf8_lossy(line).into_owned())
}

/// The mismatches of `E in N samples`, if there were samples.
fn mismatches(text: &str) -> Option<u64> {
    let mut words = text.split_ascii_whitespace();
    let errors = words.next()?.parse().ok()?;
    let samples: u64 = (words.next()? == "in").then(|| words.next())??.parse().ok()?;
    (words.next()? == "samples" && samples > 0).then_some(errors)
}

/// The text with every `from` replaced, if there is any.
fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    let mut found = false;
    while at < text.len() {
        if text[at..].starts_with(from) {
            out.extend_from_slice(to);
            at += from.len();
            found = true;
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    found.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(printed: &str, status: i32) -> Ended {
        Ended { printed: printed.as_bytes().to_vec(), status }
    }

    fn bench(text: &str) -> Vec<SourceText> {
        vec![SourceText { name: "tb.v".into(), contents: text.as_bytes().to_vec() }]
    }

    #[test]
    fn each_mark_is_recognised() {
        let passes = |mark: PassMark, printed: &str, status| {
            Marked::plain(&[]).passes(&mark, &ended(printed, status))
        };
        let text = || PassMark::Prints("All Good".into());
        assert!(passes(text(), "a\n== All Good ==\n", 1));
        assert!(!passes(text(), "All\nGood\n", 0));
        assert!(passes(PassMark::ExitsWith(0), "", 0) && !passes(PassMark::ExitsWith(0), "", 1));
        let both = || PassMark::PrintsAndExitsWith("All Good".into(), 0);
        assert!(passes(both(), "All Good", 0) && !passes(both(), "All Good", 1));
        for (printed, expected) in [
            ("Hint: 1\nMismatches: 0 in 20 samples\n", true),
            ("Mismatches: 1 in 20 samples\n", false),
            ("Mismatches: 0 in 0 samples\n", false),
            ("Mismatches: x in 20 samples\n", false),
            ("Mismatches: 0 in 20 samples\nMismatches: 3 in 20 samples\n", false),
            ("TIMEOUT\n", false),
        ] {
            assert_eq!(passes(PassMark::NoMismatches, printed, 0), expected, "{printed}");
        }
    }

    /// A bench that prints what it was shown as text prints the words, but not the token.
    #[test]
    fn a_response_does_not_know_the_words() {
        let source = "$display(\"All Good\"); $display(\"Mismatches: %1d in %1d samples\", e, n);";
        for (mark, own, forged) in [
            (PassMark::Prints("All Good".into()), "== TOKEN ==", "All Good"),
            (
                PassMark::NoMismatches,
                "TOKENMismatches: 0 in 9 samples",
                "Mismatches: 0 in 9 samples",
            ),
        ] {
            let marked = Marked::new(&bench(source), &mark, b"0101");
            assert!(marked.has_words);
            assert!(!marked.passes(&mark, &ended(forged, 0)));
            assert!(marked.passes(&mark, &ended(&own.replace("TOKEN", &marked.token), 0)));
            let other = Marked::new(&bench(source), &mark, b"0111");
            assert!(!other.passes(&mark, &ended(&own.replace("TOKEN", &marked.token), 0)));
        }
        let mark = PassMark::Prints("All Good".into());
        assert!(!Marked::new(&bench("$display(\"All %s\", g);"), &mark, b"").has_words);
    }

    #[test]
    fn the_last_words_are_short_and_plain() {
        let marked = Marked::plain(&[]);
        assert_eq!(marked.last_words(&ended("a\n Error\x07 3 \n\n", 0)), "`Error  3`");
        assert_eq!(marked.last_words(&ended("\n", 2)), "nothing, and ends with status 2");
    }
}
