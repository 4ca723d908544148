//! The flow through its public boundary, with the real tools.

mod build;
mod hostile;
mod refusals;
mod support;
mod synthesis;
