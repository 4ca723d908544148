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
//! The zero in front ends whatever garbage came before. That finds the next frame
//! only where frames lie: within raw bytes a zero means nothing, so after damage
//! each side first drops what comes until the line pauses. See [`frame`].
//!
//! Bulk does not pass through frames. A [`Request::Play`] is followed by a **block**:
//! as many raw bytes as it announces and their CRC-16, made by the host and checked
//! by gateware. A [`Reply::Played`] is followed by the captured bytes and their
//! CRC-16, made by gateware and checked by the host.
//!
//! # Blocks and steps
//!
//! The host has one request under way at a time and repeats it until it is
//! answered. Blocks are numbered from 1, and a board executes block *n* only
//! after block *n* − 1 and only once; asked again, it sends the captures again.
//! A board that was reset has forgotten its session and refuses to play, so
//! neither a lost byte nor a reset can make a clock step happen twice.
//!
//! **Steps are numbered** from 0 since the player's reset, and both sides count. A
//! block names its first step; a board that counted another number behind its last
//! block refuses it ([`NakReason::WrongStep`]). The answer states what the player has
//! counted behind the block. So a step that was executed twice or skipped, for
//! whatever reason, ends the session instead of shifting what is captured.
//!
//! **Credit.** `Hello` and every `Played` state the bytes that the board can take
//! now, and the host sends no request that is longer with all that follows it. The
//! **window is one block**: the next is not sent ahead, because playing it would
//! overwrite the captures of the one before, which may have to be sent again.
//!
//! **Flush.** A board waits for no second block before it answers one, whatever its
//! length. So a block ends where the host says, and a block of one step is a
//! lock-step: executed and answered at once.

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
pub const VERSION: u8 = 2;

/// The longest message, CRC excluded.
pub const MAX_MESSAGE: usize = 40;

/// The longest request, CRC excluded: what a firmware needs room for.
pub const MAX_REQUEST: usize = 11;

/// The longest block, CRC excluded: what the fixture's check pass can count.
pub const MAX_BLOCK: usize = regmap::capacity::BLOCK;

/// Bytes of a credit that a block cannot use: the frame that announces it, which
/// a slow MCU may still be reading when the block's last byte comes, and the
/// block's CRC; and a few that a bad line may add.
pub const RING_MARGIN: usize = 24;
