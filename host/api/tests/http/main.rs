//! The API over a daemon among fakes.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod auth;
mod bad_input;
mod common;
mod connections;
mod events;
mod leases;
mod limits;
mod log;
mod openapi;
mod pages;
mod submissions;
