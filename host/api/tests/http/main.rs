//! The API over a daemon among fakes.

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
