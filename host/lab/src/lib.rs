//! What stands on the lab's table: places with boards, the links to them, and the
//! session with a board's firmware.
//!
//! A [`Place`] takes a bitstream and gives a [`Link`]; a [`Session`] speaks
//! `filbench_wire` over it. Nothing above these two knows whether the board is
//! virtual. The virtual place runs `filbench vboard` as a child, with the UART on its
//! standard streams.

mod error;
mod place;
mod plan;
mod selector;
mod session;
#[cfg(feature = "testing")]
pub mod tampering;
mod virtual_place;
mod wire_line;

pub use error::SessionError;
pub use place::{Link, Place, Timing};
pub use plan::PlayPlan;
pub use selector::{Selector, SelectorError};
pub use session::{Identity, Playing, Session};
pub use virtual_place::VirtualPlace;
