use crate::TokenError;
use filbench_api::{ErrorKind, ProblemDetails};

/// Why a request came to nothing. The `tried` of each is method and address.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// What was given as the server's address is none.
    #[error("`{address}` is no server's address: {why}; write it like `http://127.0.0.1:8470`")]
    Address {
        /// As given.
        address: String,
        /// What is wrong.
        why: String,
    },
    /// There is no token to show.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The client itself cannot be set up.
    #[error("cannot set up the HTTP client")]
    SetUp {
        /// Why not.
        source: reqwest::Error,
    },
    /// No answer, or none that came to its end.
    #[error(
        "{tried}: no answer in {attempts} attempts; is `filbench serve` running there, and the \
         address right?"
    )]
    Unreachable {
        /// Method and address.
        tried: String,
        /// How often.
        attempts: u32,
        /// The last failure.
        source: reqwest::Error,
    },
    /// The server says no, and why.
    #[error("{}", refusal(tried, problem))]
    Refused {
        /// Method and address.
        tried: String,
        /// What it says.
        problem: Box<ProblemDetails>,
    },
    /// An answer that no filbench gives.
    #[error(
        "{tried}: answered {status}, which is not filbench's answer: {excerpt:?}; is there \
         another server or a proxy at that address?"
    )]
    Foreign {
        /// Method and address.
        tried: String,
        /// The HTTP status.
        status: u16,
        /// How the answer begins.
        excerpt: String,
    },
    /// An answer of another filbench.
    #[error("{tried}: the answer does not read; is the server another version of filbench?")]
    Unreadable {
        /// Method and address.
        tried: String,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// An answer without an end.
    #[error("{tried}: the answer has more than {bytes_max} bytes")]
    TooLarge {
        /// Method and address.
        tried: String,
        /// What is read at most.
        bytes_max: usize,
    },
    /// An event stream that is none.
    #[error("{tried}: the answer is no stream of events: {found}")]
    NoEvents {
        /// Method and address.
        tried: String,
        /// What was found.
        found: String,
    },
    /// A request that JSON cannot hold.
    #[error("the request cannot be written")]
    Request {
        /// Why not.
        source: serde_json::Error,
    },
}

impl ClientError {
    /// The kind of refusal, if the server refused.
    pub fn refusal(&self) -> Option<ErrorKind> {
        match self {
            Self::Refused { problem, .. } => problem.error_kind(),
            _ => None,
        }
    }
}

fn refusal(tried: &str, problem: &ProblemDetails) -> String {
    let ProblemDetails { title, status, detail, accepted, .. } = problem;
    let accepted = accepted.as_ref().map(|accepted| format!("; accepted: {accepted}"));
    format!("{tried}: {status}, {title}: {detail}{}", accepted.unwrap_or_default())
}
