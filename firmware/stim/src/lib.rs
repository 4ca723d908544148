//! What a board's firmware does: it keeps the session with the host and commands
//! the player.
//!
//! [`Session`] knows the protocol of [`filbench_wire`] and nothing of hardware: bytes
//! come and go through [`embedded_io`] traits and a [`Line`], blocks go to a
//! [`Player`]. [`fixture`] implements both over the fixture's registers, for the soft
//! MCU; a companion MCU brings its own.
//!
//! The soft MCU is bit-serial, about 40 cycles an instruction. So bulk never passes
//! through this code: gateware checks a block as it arrives, feeds it to the player,
//! and sends the captures.

#![no_std]

#[cfg(feature = "fake")]
extern crate std;

#[cfg(feature = "fake")]
pub mod fake;
pub mod fixture;
mod player;
pub mod regmap;
mod session;

pub use player::{BlockCheck, Line, Outcome, Player};
pub use session::{Platform, Session};
