//! What the API says when it does not do what was asked: RFC 9457's problem details.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use filbench_daemon::DaemonError;
use filbench_model::with_causes;
use filbench_store::StoreError;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use utoipa::ToSchema;

/// RFC 9457, section 3.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Whoever authenticates as a person in a browser is asked with this.
const CHALLENGE: &str = "Bearer realm=\"filbench\", Basic realm=\"filbench token as the password\"";

/// Why a request was refused; the last part of the details' `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The request is not what it says it is: broken JSON, a truncated multipart body.
    Malformed,
    /// No token, or none that is known and valid.
    Unauthenticated,
    /// The token lacks a scope.
    Forbidden,
    /// There is no such thing, or it is somebody else's.
    NotFound,
    /// The resource does not do that.
    MethodNotAllowed,
    /// What is asked for does not go with the state that the thing is in.
    Conflict,
    /// The lease is over, or the board has had another since.
    LeaseOver,
    /// The board itself failed.
    BoardFailed,
    /// The request did not come in, or could not be answered, in time.
    TimedOut,
    /// Larger or more than the limits allow.
    TooLarge,
    /// The body's media type is not one that is read.
    UnsupportedMediaType,
    /// Well-formed, and wrong.
    Invalid,
    /// The idempotency key was used with another body.
    KeyReused,
    /// Too many requests, or too many evaluations that wait.
    RateLimited,
    /// A bug, or a disk that is full.
    Internal,
    /// The daemon is starting or ending.
    Unavailable,
}

impl ErrorKind {
    /// Every kind.
    pub const ALL: [Self; 16] = [
        Self::Malformed,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::LeaseOver,
        Self::BoardFailed,
        Self::TimedOut,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::Invalid,
        Self::KeyReused,
        Self::RateLimited,
        Self::Internal,
        Self::Unavailable,
    ];

    /// The name in the details' `type`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Conflict => "conflict",
            Self::LeaseOver => "lease_over",
            Self::BoardFailed => "board_failed",
            Self::TimedOut => "timed_out",
            Self::TooLarge => "too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::Invalid => "invalid",
            Self::KeyReused => "key_reused",
            Self::RateLimited => "rate_limited",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
        }
    }

    /// The HTTP status.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict | Self::LeaseOver | Self::BoardFailed => StatusCode::CONFLICT,
            Self::TimedOut => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid | Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The same for every problem of the kind; for a person.
    pub fn title(self) -> &'static str {
        match self {
            Self::Malformed => "the request cannot be read",
            Self::Unauthenticated => "a valid token is needed",
            Self::Forbidden => "the token's scopes do not allow this",
            Self::NotFound => "there is no such thing",
            Self::MethodNotAllowed => "the method is not allowed here",
            Self::Conflict => "this does not go with the present state",
            Self::LeaseOver => "the lease is over",
            Self::BoardFailed => "the board failed",
            Self::TimedOut => "the request took too long",
            Self::TooLarge => "the request is larger than the limits",
            Self::UnsupportedMediaType => "the body's media type is not supported",
            Self::Invalid => "the request is wrong",
            Self::KeyReused => "the idempotency key was used for another request",
            Self::RateLimited => "too much at a time",
            Self::Internal => "filbench failed",
            Self::Unavailable => "filbench is not ready",
        }
    }
}

/// The body of every answer that is not a success: RFC 9457, section 3.1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemDetails {
    /// A reference to the description of the kind, such as `/docs#error-not_found`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The same for every problem of the kind.
    pub title: String,
    /// The HTTP status again.
    pub status: u16,
    /// What was tried, on what, and what was found.
    pub detail: String,
    /// What would be accepted instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
}

impl ProblemDetails {
    /// The kind, where the details are filbench's.
    pub fn error_kind(&self) -> Option<ErrorKind> {
        let name = self.kind.rsplit_once("#error-")?.1;
        ErrorKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A refusal on its way to the client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct ApiError {
    /// Of what kind.
    pub kind: ErrorKind,
    /// What was tried, on what, and what was found.
    pub detail: String,
    /// What would be accepted instead.
    pub accepted: Option<Cow<'static, str>>,
    /// When to try again, in seconds, for [`ErrorKind::RateLimited`] and
    /// [`ErrorKind::Unavailable`].
    pub retry_after_s: Option<u64>,
}

impl ApiError {
    /// A refusal that does not say more than what was found.
    pub fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), accepted: None, retry_after_s: None }
    }

    /// Says what would do.
    #[must_use]
    pub fn accepting(self, accepted: impl Into<Cow<'static, str>>) -> Self {
        Self { accepted: Some(accepted.into()), ..self }
    }

    /// Says when to come back.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after_s: Some(seconds), ..self }
    }

    /// A failure of filbench itself. The client learns that it happened, the log what.
    pub fn internal(error: &dyn std::error::Error) -> Self {
        tracing::error!(error = with_causes(error), "a request failed");
        Self::new(ErrorKind::Internal, "filbench could not do this; its log says why")
    }

    /// The body.
    pub fn details(&self) -> ProblemDetails {
        ProblemDetails {
            kind: format!("/docs#error-{}", self.kind.name()),
            title: self.kind.title().to_owned(),
            status: self.kind.status().as_u16(),
            detail: self.detail.clone(),
            accepted: self.accepted.as_deref().map(str::to_owned),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.kind.status(), Json(self.details())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.kind == ErrorKind::Unauthenticated {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(CHALLENGE));
        }
        response
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Missing { .. } => Self::new(ErrorKind::NotFound, error.to_string()),
            StoreError::StaleLease { .. } => Self::new(ErrorKind::LeaseOver, error.to_string())
                .accepting("a new lease, and the generation that it has"),
            StoreError::Leased { .. } => Self::new(ErrorKind::Conflict, error.to_string()),
            StoreError::BatchSize { max, .. } => Self::new(ErrorKind::Invalid, error.to_string())
                .accepting(format!("1 to {max} evaluations")),
            error if error.is_closed() => DaemonError::Draining.into(),
            error => Self::internal(&error),
        }
    }
}

impl From<DaemonError> for ApiError {
    fn from(error: DaemonError) -> Self {
        let invalid = |error: &DaemonError| Self::new(ErrorKind::Invalid, error.to_string());
        match error {
            DaemonError::Store(error) => error.into(),
            DaemonError::Selector(_) => invalid(&error)
                .accepting("`virtual:KIND`, `KIND`, `id:NAME` or `tag:TAG`; GET /v1/boards"),
            DaemonError::NoSuchBoard { ref known, .. } => {
                let accepted = known.join(", ");
                invalid(&error).accepting(accepted)
            }
            DaemonError::LeaseTime { max_s, .. } => {
                invalid(&error).accepting(format!("`ttl_s` from 1 to {max_s}"))
            }
            DaemonError::BoardBusy { .. }
            | DaemonError::NotProgrammed { .. }
            | DaemonError::NotYours { .. } => Self::new(ErrorKind::Conflict, error.to_string()),
            DaemonError::Board { .. } => Self::new(ErrorKind::BoardFailed, with_causes(&error)),
            DaemonError::Draining => {
                Self::new(ErrorKind::Unavailable, error.to_string()).retry_after(5)
            }
            // What a running daemon has found to be right.
            DaemonError::BoardConfig { .. }
            | DaemonError::BoardName { .. }
            | DaemonError::BoardTwice { .. }
            | DaemonError::NoBoards => Self::internal(&error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_found_again_in_its_details() {
        for kind in ErrorKind::ALL {
            let details = ApiError::new(kind, "x").details();
            assert_eq!(details.error_kind(), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
            assert!(details.status >= 400);
        }
    }
}
