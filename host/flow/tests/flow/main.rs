//! The flow through its public boundary, with the real tools.

mod build;
mod hostile;
mod languages;
mod refusals;
mod shared;
mod stock;
mod support;
mod synthesis;
