//! A board in software: it takes the bitstream file that a real board gets,
//! and no other file, decodes it, runs it, and offers the board's pins.
//!
//! ```text
//! .bin ─► Bitstream ─► decode ─► Netlist ─► Engine ─► VirtualBoard ─► serve_stdio
//!                        ▲
//!                  chip database (data/, from IceStorm)
//! ```
//!
//! It knows nothing of designs, flows or boards' files: what it is told are
//! pin names and a UART divider.

mod bitstream;
mod board;
pub mod cells;
mod chipdb;
mod decode;
mod device;
pub mod engine;
pub mod netlist;
mod oscillators;
mod serve;
mod uart;
pub mod upset;
mod verilog;

pub use bitstream::{Bitstream, BitstreamError};
pub use board::{BoardError, EngineKind, Pins, VirtualBoard};
pub use chipdb::ChipDbError;
#[cfg(feature = "derive")]
pub use chipdb::derive as derive_chipdb;
pub use decode::{DecodeError, SwitchName, decode};
pub use device::{Device, TileAt, TileBit, TileKind};
pub use netlist::Netlist;
pub use serve::{ServeError, serve, serve_stdio};
pub use verilog::{VerilogError, verilog};
