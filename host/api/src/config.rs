//! How much a client may ask of the API, and what it offers.

use crate::files::Bounds;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::PathBuf;

/// Whether a request without a token is served while the store has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithoutToken {
    /// It is `local`'s, who may do everything: nobody but this host's users can send one.
    Local,
    /// It is refused.
    Refused,
}

/// What the API offers, and how much of it.
#[derive(Clone, Debug)]
pub struct ApiConfig {
    /// As long as there is no token.
    pub without_token: WithoutToken,
    /// How much.
    pub limits: ApiLimits,
    /// Folders of suites, by the names that clients use.
    pub suites: BTreeMap<String, PathBuf>,
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self {
            without_token: WithoutToken::Refused,
            limits: ApiLimits::default(),
            suites: BTreeMap::new(),
        }
    }
}

/// How much a client may ask for; by token, unless it says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ApiLimits {
    /// Bytes of a request's body.
    pub body_bytes: usize,
    /// Bytes of bodies that are read at a time, everybody's together.
    pub bodies_bytes: usize,
    /// Files of one candidate, and of one problem, unpacked.
    pub files: usize,
    /// Their bytes.
    pub file_bytes: u64,
    /// Evaluations of one submission.
    pub batch: usize,
    /// Requests a second, on the average.
    pub requests_per_s: NonZeroU32,
    /// Requests that may come at once after a pause.
    pub requests_burst: NonZeroU32,
    /// Requests at a time.
    pub requests_at_a_time: usize,
    /// Event streams at a time.
    pub streams_at_a_time: usize,
    /// Evaluations that have not ended.
    pub unended_evaluations: u64,
    /// How long a request may take, its body included; event streams are no requests.
    pub request_s: u64,
    /// How long a request's headers may take.
    pub header_s: u64,
    /// Bytes of a request's headers.
    pub header_bytes: usize,
    /// Connections at a time, everybody's together.
    pub connections: usize,
}

impl Default for ApiLimits {
    fn default() -> Self {
        Self {
            body_bytes: 64 << 20,
            bodies_bytes: 256 << 20,
            files: 256,
            file_bytes: 64 << 20,
            batch: filbench_store::BATCH_MAX,
            requests_per_s: NonZeroU32::MIN.saturating_add(199),
            requests_burst: NonZeroU32::MIN.saturating_add(999),
            requests_at_a_time: 64,
            streams_at_a_time: 64,
            unended_evaluations: 20_000,
            request_s: 120,
            header_s: 10,
            header_bytes: 32 << 10,
            connections: 1024,
        }
    }
}

impl ApiLimits {
    /// Of the files of one candidate or one problem.
    pub(crate) fn bounds(&self) -> Bounds {
        Bounds { files_max: self.files, bytes_max: self.file_bytes }
    }
}
