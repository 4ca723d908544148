//! Names of things in the cache: hashes of all that they depend on.

use sha2::{Digest, Sha256};
use std::fmt::{Debug, Write as _};

/// A hash under construction.
///
/// Values are hashed as their `Debug` text, which holds every field, also
/// those that somebody adds tomorrow: an option that was forgotten here would
/// give one submission the verdict of another. The names are good for one
/// build of filbench, whose own hash is always a part.
#[derive(Debug, Default)]
pub(crate) struct Fingerprint(Sha256);

impl Fingerprint {
    /// Takes in `value`, told apart from what comes before and after.
    pub(crate) fn add(mut self, value: &impl Debug) -> Self {
        let mut part = Part(Sha256::new());
        // A hash takes any text.
        write!(part, "{value:?}").ok();
        self.0.update(part.0.finalize());
        self
    }

    /// 64 hexadecimal digits.
    pub(crate) fn name(self) -> String {
        hex::encode(self.0.finalize())
    }
}

struct Part(Sha256);

impl std::fmt::Write for Part {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.update(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart() {
        let name = |parts: &[&str]| {
            parts.iter().fold(Fingerprint::default(), |print, part| print.add(part)).name()
        };
        assert_eq!(name(&["ab", "c"]), name(&["ab", "c"]));
        assert_ne!(name(&["ab", "c"]), name(&["a", "bc"]));
        assert_ne!(name(&["ab"]), name(&["ab", ""]));
        assert_eq!(name(&[]).len(), 64);
    }
}
