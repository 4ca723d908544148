//! What is answered where.

pub(crate) mod artifacts;
pub(crate) mod boards;
pub(crate) mod evaluations;
pub(crate) mod events;
pub(crate) mod health;
pub(crate) mod leases;
pub(crate) mod me;
pub(crate) mod metrics;
pub(crate) mod results;
pub(crate) mod submissions;
pub(crate) mod suites;
pub(crate) mod tokens;
pub(crate) mod uart;
