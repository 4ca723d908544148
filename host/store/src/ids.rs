//! Names of what the store holds.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use ulid::Generator;

/// A text that is no id of the wanted sort.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {what}; write `{form}`")]
pub struct IdError {
    text: String,
    what: &'static str,
    form: &'static str,
}

/// Ids of one process are in the order in which they were made.
static GENERATOR: Mutex<Option<Generator>> = Mutex::new(None);

fn ulid() -> ulid::Ulid {
    let mut generator = GENERATOR.lock().unwrap_or_else(PoisonError::into_inner);
    generator
        .get_or_insert_with(Generator::new)
        .generate()
        .unwrap_or_else(|overflow| overflow.commit_overflow_increment())
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            #[expect(clippy::new_without_default, reason = "each is another one")]
            /// A new one, later in order than those that this process made before.
            pub fn new() -> Self {
                Self(format!(concat!($prefix, "{}"), ulid()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Of what the store wrote itself.
            pub(crate) fn stored(text: String) -> Self {
                Self(text)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                match text.strip_prefix($prefix).map(ulid::Ulid::from_str) {
                    Some(Ok(id)) => Ok(Self(format!(concat!($prefix, "{}"), id))),
                    _ => Err(IdError {
                        text: text.to_owned(),
                        what: $what,
                        form: concat!($prefix, "01ARZ3NDEKTSV4RRFFQ69G5FAV"),
                    }),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

id!(
    /// What was submitted together: `sub_…`.
    SubmissionId,
    "sub_",
    "submission"
);
id!(
    /// One candidate on one problem: `eval_…`.
    EvaluationId,
    "eval_",
    "evaluation"
);
id!(
    /// One attempt of an evaluation: `run_…`.
    RunId,
    "run_",
    "run"
);
id!(
    /// A board for a while: `lease_…`.
    LeaseId,
    "lease_",
    "lease"
);
id!(
    /// A bearer token, not its secret: `tok_…`.
    TokenId,
    "tok_",
    "token"
);

/// SHA-256 of a blob, 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(try_from = "String", into = "String")]
pub struct BlobId(String);

impl BlobId {
    /// The name of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(hex::encode(Sha256::digest(bytes)))
    }

    /// 64 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Of what the store wrote itself.
    pub(crate) fn stored(text: String) -> Self {
        Self(text)
    }
}

impl FromStr for BlobId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Ok(Self(text.to_owned()));
        }
        Err(IdError {
            text: text.to_owned(),
            what: "SHA-256",
            form: "64 lower-case hexadecimal digits",
        })
    }
}

impl TryFrom<String> for BlobId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<BlobId> for String {
    fn from(id: BlobId) -> String {
        id.0
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_order_and_come_back_from_text() {
        let ids: Vec<EvaluationId> = (0..5000).map(|_| EvaluationId::new()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(ids[0].as_str().parse(), Ok(ids[0].clone()));
        let error = "sub_x".parse::<EvaluationId>().unwrap_err().to_string();
        assert!(error.contains("`sub_x` is no evaluation; write `eval_"), "{error}");
        assert!(ids[0].as_str().parse::<SubmissionId>().is_err());
    }

    #[test]
    fn a_blob_is_named_by_its_bytes() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(BlobId::of(b"").as_str(), empty);
        assert_eq!(empty.parse(), Ok(BlobId::of(b"")));
        assert!(empty.to_uppercase().parse::<BlobId>().is_err());
        assert!("../x".parse::<BlobId>().is_err());
    }
}
