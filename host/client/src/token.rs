//! The secret that a client shows.

use std::fmt;
use std::path::{Path, PathBuf};

/// The environment variable with the secret itself.
const TOKEN: &str = "FILBENCH_TOKEN";
/// A secret has 46 letters; a file with much more is another one.
const FILE_BYTES_MAX: u64 = 4096;

/// A bearer token. It is in no URL and in no message, and its `Debug` says nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Something else than what `filbench token create` prints.
    #[error("{from} holds no token; a token is one word of letters and digits such as `fb_…`")]
    NoToken {
        /// A variable or a file.
        from: String,
    },
    /// The file cannot be read.
    #[error("cannot read the token's file {}", path.display())]
    Read {
        /// As named.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Others may read the secret.
    #[error(
        "others may read the token's file {} (mode {mode:o}); type `chmod 600 {}`",
        path.display(), path.display()
    )]
    Open {
        /// As named.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
}

impl Token {
    /// A token whose secret is `text`; white space around it does not count.
    ///
    /// # Errors
    /// When it cannot be one. `from` says where it came from.
    pub fn new(text: &str, from: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-.~+/=".contains(c);
        if text.is_empty() || !text.chars().all(plain) {
            return Err(TokenError::NoToken { from: from.to_owned() });
        }
        Ok(Self(text.to_owned()))
    }

    /// The token in a file that its owner alone may read.
    ///
    /// # Errors
    /// When it cannot be read, others may read it, or it holds no token.
    pub fn from_file(path: &Path) -> Result<Self, TokenError> {
        use std::io::Read as _;
        let failed = |source| TokenError::Read { path: path.to_owned(), source };
        let file = std::fs::File::open(path).map_err(failed)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
            if mode & 0o077 != 0 {
                return Err(TokenError::Open { path: path.to_owned(), mode });
            }
        }
        let mut text = String::new();
        file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
        Self::new(&text, &path.display().to_string())
    }

    /// What the environment says: `FILBENCH_TOKEN`, if it is set.
    ///
    /// # Errors
    /// When it is no token.
    pub fn from_environment() -> Result<Option<Self>, TokenError> {
        match std::env::var(TOKEN) {
            Ok(text) if text.is_empty() => Ok(None),
            Ok(text) => Self::new(&text, TOKEN).map(Some),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => {
                Err(TokenError::NoToken { from: TOKEN.to_owned() })
            }
        }
    }

    pub(crate) fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_one_word_and_is_not_shown() {
        let token = Token::new(" fb_x1\n", "here").unwrap();
        assert_eq!(token.secret(), "fb_x1");
        assert_eq!(format!("{token:?}"), "Token(…)");
        for text in ["", "two words", "fb_x\u{1}", "fb_ä"] {
            let error = Token::new(text, "here").unwrap_err().to_string();
            assert!(error.contains("here holds no token"), "{error}");
            assert!(text.is_empty() || !error.contains(text), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        std::fs::write(&path, "fb_secret\n").unwrap();
        let set = |mode| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        set(0o600);
        assert_eq!(Token::from_file(&path).unwrap().secret(), "fb_secret");
        for mode in [0o640, 0o604, 0o666] {
            set(mode);
            let error = Token::from_file(&path).unwrap_err().to_string();
            assert!(error.contains("chmod 600") && !error.contains("fb_secret"), "{error}");
        }
        assert!(matches!(Token::from_file(&dir.path().join("none")), Err(TokenError::Read { .. })));
    }
}
