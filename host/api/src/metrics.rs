//! Requests, counted.

/// What is counted of requests.
#[derive(Debug, Default)]
pub(crate) struct HttpMetrics {}
