use crate::VirtualPlace;
use filbench_board::Board;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// Which board is wanted: `virtual:KIND`, `KIND` or `id:NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// The virtual board of a kind.
    Virtual(String),
    /// Any board of a kind; a virtual one where no other is there.
    Kind(String),
}

/// A selector that names no board.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectorError {
    /// No board file with that name.
    #[error("no board `{kind}`; known are {}", known.join(", "))]
    UnknownKind {
        /// As given.
        kind: String,
        /// What would do.
        known: Vec<String>,
    },
    /// No board with that name is configured.
    #[error("no board is named `{name}`: no physical board is configured; `virtual:KIND` takes one in software, with KIND one of {}", known.join(", "))]
    UnknownId {
        /// As given.
        name: String,
        /// Kinds of virtual boards.
        known: Vec<String>,
    },
    /// Another word before the colon.
    #[error("`{text}` is no board selector; write `virtual:KIND`, `KIND` or `id:NAME`")]
    Syntax {
        /// As given.
        text: String,
    },
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        let known = || Board::known().map(str::to_owned).collect::<Vec<_>>();
        let (scheme, name) = match text.split_once(':') {
            Some((scheme, name)) => (Some(scheme), name),
            None => (None, text),
        };
        let selector = match scheme {
            Some("virtual") => Self::Virtual(name.to_owned()),
            None => Self::Kind(name.to_owned()),
            Some("id") => {
                return Err(SelectorError::UnknownId { name: name.to_owned(), known: known() });
            }
            Some(_) => return Err(SelectorError::Syntax { text: text.to_owned() }),
        };
        if known().iter().any(|kind| kind == name) {
            Ok(selector)
        } else {
            Err(SelectorError::UnknownKind { kind: name.to_owned(), known: known() })
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Virtual(kind) => write!(f, "virtual:{kind}"),
            Self::Kind(kind) => f.write_str(kind),
        }
    }
}

impl Selector {
    /// The place that is meant. `program` is the `filbench` that virtual boards run.
    ///
    /// # Errors
    /// When the kind's board file is gone or wrong.
    pub fn open(&self, program: &Path) -> Result<VirtualPlace, filbench_board::BoardError> {
        match self {
            Self::Virtual(kind) | Self::Kind(kind) => {
                Ok(VirtualPlace::new(Board::load(kind)?, program.to_path_buf()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_selector_is_told_what_would_do() {
        assert_eq!("virtual:icebreaker".parse(), Ok(Selector::Virtual("icebreaker".into())));
        assert_eq!("icebreaker".parse(), Ok(Selector::Kind("icebreaker".into())));
        for (text, part) in [
            ("icebraker", "known are"),
            ("id:bench-3", "no physical board is configured"),
            ("usb:1-2", "write `virtual:KIND`"),
        ] {
            let error = text.parse::<Selector>().unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
