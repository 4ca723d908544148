//! What a board's firmware does: it keeps the session with the host and commands
//! the player.
//!
//! [`Session`] knows the protocol of [`filbench_wire`] and nothing of hardware: bytes
//! come and go through [`embedded_io`] traits and a [`Line`], blocks go to a
//! [`Player`]. [`fixture`] implements both over the fixture's registers, for the soft
//! MCU; a companion MCU brings its own.
//!
//! No [`embedded_hal`](https://docs.rs/embedded-hal) trait is among them. Of its traits a
//! companion MCU would need a bus (SPI) or pins, but those lie behind its own [`Player`]:
//! what the session asks of it are whole blocks. It never waits for a time (`DelayNs`)
//! either: a line that pauses is the receiver's to notice, see [`Line::drain`]. A bound
//! that no code here uses would only keep other firmware out.
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
