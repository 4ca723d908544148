//! What is answered where.

pub(crate) mod artifacts;
pub(crate) mod boards;
pub(crate) mod evaluations;
pub(crate) mod events;
pub(crate) mod health;
pub(crate) mod me;
pub(crate) mod results;
pub(crate) mod submissions;
