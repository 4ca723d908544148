//! The client against a server that fails in every way that networks and daemons know.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod events;
mod lab;
mod requests;
