//! What travels between host and board: messages, their framing, and the byte
//! code of the player.
//!
//! Shared by the host and by every firmware, so the two cannot disagree. Pure
//! data in, pure data out: no I/O, no allocation, no clock.
//!
//! # The link
//!
//! A **message** is a few bytes: [`VERSION`], the request's tag, the kind, then
//! fields of fixed width, little-endian. It travels in a **frame**:
//!
//! ```text
//! 00  COBS(message ++ CRC-16 of the message, low byte first)  00
//! ```
//!
//! The zero in front ends whatever garbage came before, so both sides find the
//! next frame from any position. See [`frame`].
//!
//! Bulk does not pass through frames. A [`Request::Play`] is followed by a **block**:
//! as many raw bytes as it announces and their CRC-16. A [`Reply::Played`] is
//! followed by the captured bytes and their CRC-16. Gateware makes and checks both.
//!
//! The host has one request under way at a time and repeats it until it is
//! answered. Blocks are numbered from 1, and a board executes block *n* only
//! after block *n* − 1 and only once; asked again, it sends the captures again.
//! A board that was reset has forgotten its session and refuses to play, so
//! neither a lost byte nor a reset can make a clock step happen twice.

#![no_std]

mod crc;
pub mod frame;
mod message;
pub mod program;
pub mod regmap;

pub use crc::Crc16;
pub use frame::{Frame, FrameDecoder, FrameError};
pub use message::{
    Header, Hello, MessageError, Nak, NakReason, Played, Reply, Request, SelfTest, Status,
};

/// Version of everything in this crate; the first byte of every message.
///
/// Changes whenever a message, the block format or the byte code does.
pub const VERSION: u8 = 1;

/// The longest message, CRC excluded.
pub const MAX_MESSAGE: usize = 40;

/// The longest request, CRC excluded: what a firmware needs room for.
pub const MAX_REQUEST: usize = 7;

/// The longest block, CRC excluded: what the fixture's check pass can count.
pub const MAX_BLOCK: usize = 2040;

/// Bytes of the receive ring that a block cannot use: the frame that announces
/// it, which a slow MCU may still be reading when the block's last byte comes,
/// and the block's CRC.
pub const RING_MARGIN: usize = 24;
