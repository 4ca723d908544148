//! The daemon among fakes.

mod boards;
mod common;
mod queue;
