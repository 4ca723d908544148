use crate::VirtualPlace;
use filbench_board::Board;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// Which board is wanted: `virtual:KIND`, `KIND`, `id:NAME` or `tag:TAG`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// The virtual board of a kind.
    Virtual(String),
    /// Any board of a kind; a virtual one where no other is there.
    Kind(String),
    /// The board that a daemon's configuration gives this name.
    Named(String),
    /// Any board that a daemon's configuration gives this tag.
    Tagged(String),
}

/// A selector that names no board.
#[derive(Debug, thiserror::Error)]
pub enum SelectorError {
    /// No board file with that name.
    #[error("no board `{kind}`; known are {}", known.join(", "))]
    UnknownKind {
        /// As given.
        kind: String,
        /// What would do.
        known: Vec<String>,
    },
    /// Boards have names and tags in a daemon's configuration only.
    #[error("no board is `{selector}`: no physical board is configured; `virtual:KIND` takes one in software, with KIND one of {}", known.join(", "))]
    NotConfigured {
        /// As given.
        selector: String,
        /// Kinds of virtual boards.
        known: Vec<String>,
    },
    /// The kind's board file is gone or wrong.
    #[error(transparent)]
    Board(Box<filbench_board::BoardError>),
    /// Another word before the colon.
    #[error("`{text}` is no board selector; write `virtual:KIND`, `KIND`, `id:NAME` or `tag:TAG`")]
    Syntax {
        /// As given.
        text: String,
    },
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        let (scheme, name) = match text.split_once(':') {
            Some((scheme, name)) => (Some(scheme), name),
            None => (None, text),
        };
        let selector = match scheme {
            Some("virtual") => Self::Virtual(name.to_owned()),
            None => Self::Kind(name.to_owned()),
            Some("id") if !name.is_empty() => return Ok(Self::Named(name.to_owned())),
            Some("tag") if !name.is_empty() => return Ok(Self::Tagged(name.to_owned())),
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
            Self::Named(name) => write!(f, "id:{name}"),
            Self::Tagged(tag) => write!(f, "tag:{tag}"),
        }
    }
}

fn known() -> Vec<String> {
    Board::known().map(str::to_owned).collect()
}

impl Selector {
    /// Reads a selector that has to do without a daemon's configuration.
    ///
    /// # Errors
    /// When it is none, or asks for a board by its name or tag.
    pub fn without_daemon(text: &str) -> Result<Self, SelectorError> {
        let selector: Self = text.parse()?;
        match selector.kind() {
            Some(_) => Ok(selector),
            None => Err(selector.not_configured()),
        }
    }

    fn not_configured(&self) -> SelectorError {
        SelectorError::NotConfigured { selector: self.to_string(), known: known() }
    }

    fn kind(&self) -> Option<&str> {
        match self {
            Self::Virtual(kind) | Self::Kind(kind) => Some(kind),
            Self::Named(_) | Self::Tagged(_) => None,
        }
    }

    /// The place that is meant, without a daemon's configuration: a virtual one. `program`
    /// is the `filbench` that virtual boards run.
    ///
    /// # Errors
    /// When the kind's board file is gone or wrong, or a name or tag is asked for.
    pub fn open(&self, program: &Path) -> Result<VirtualPlace, SelectorError> {
        let kind = self.kind().ok_or_else(|| self.not_configured())?;
        let board = Board::load(kind).map_err(|error| SelectorError::Board(Box::new(error)))?;
        Ok(VirtualPlace::new(board, program.to_path_buf()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_selector_is_told_what_would_do() {
        for (text, selector) in [
            ("virtual:icebreaker", Selector::Virtual("icebreaker".into())),
            ("icebreaker", Selector::Kind("icebreaker".into())),
            ("id:bench-3", Selector::Named("bench-3".into())),
            ("tag:fast", Selector::Tagged("fast".into())),
        ] {
            assert_eq!(text.parse::<Selector>().unwrap(), selector);
            assert_eq!(selector.to_string(), text);
        }
        for (text, part) in [
            ("icebraker", "known are"),
            ("id:bench-3", "no physical board is configured"),
            ("tag:fast", "no board is `tag:fast`"),
            ("usb:1-2", "write `virtual:KIND`"),
            ("id:", "write `virtual:KIND`"),
        ] {
            let error = Selector::without_daemon(text).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
