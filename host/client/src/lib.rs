//! A lab's server, from a client's side: the types are those of `filbench-api`.
//!
//! A [`Client`] makes requests again where that changes nothing, and [`Events`] go on over
//! broken connections, so that a server may be restarted under its clients.

mod address;
mod boards;
mod client;
mod error;
mod events;
mod retry;
mod submissions;
mod token;

pub use boards::{LeaseRef, LeaseRefError, UartRead};
pub use client::{Client, ClientConfig};
pub use error::ClientError;
pub use events::{Events, Subject};
pub use retry::Retry;
pub use submissions::{Wanted, fresh_key};
pub use token::{Token, TokenError};
