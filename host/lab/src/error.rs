use filbench_model::{Fault, FaultPlace};
use std::io;
use std::time::Duration;

/// Why a session ended. A wrong sample is never among its ends.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The line is gone.
    #[error("the line to the board broke at `{request}`")]
    Line {
        /// What was being asked.
        request: &'static str,
        /// The cause.
        source: io::Error,
    },
    /// No readable answer, as often as it was tried.
    #[error(
        "the board did not answer `{request}` in {attempts} attempts of at most {} s; the last: \
         {last}; look at its power and its cable",
        reply.as_secs()
    )]
    Silent {
        /// What was asked.
        request: &'static str,
        /// How often.
        attempts: u32,
        /// How long each.
        reply: Duration,
        /// What became of the last attempt.
        last: String,
    },
    /// The board has forgotten the session.
    #[error(
        "the board was reset during the play, at `{request}`; look at its power, then run again"
    )]
    Reset {
        /// What was asked.
        request: &'static str,
    },
    /// The firmware has played since it was loaded.
    #[error(
        "the board has played {last_block} blocks since its bitstream was loaded, where it should \
         have played none; load the bitstream again, and look at the programming cable if that \
         does not take effect"
    )]
    NotFresh {
        /// The last block it executed.
        last_block: u16,
    },
    /// The bitstream has fewer designs.
    #[error(
        "the bitstream on the board has {slots} designs, numbered from 0, and none in slot {slot}; \
         look at its programming cable"
    )]
    NoSuchSlot {
        /// Which was to be played.
        slot: u8,
        /// How many there are.
        slots: u8,
    },
    /// The firmware speaks another version of the protocol.
    #[error(
        "the firmware speaks version {found} of the protocol, not {expected}; build it anew with \
         `cargo xtask firmware` and run again"
    )]
    Version {
        /// What it speaks.
        found: u8,
        /// What this program speaks.
        expected: u8,
    },
    /// The firmware does not carry it out.
    #[error("the firmware refuses `{request}`: {reason}")]
    Refused {
        /// What was asked.
        request: &'static str,
        /// Why not.
        reason: &'static str,
    },
    /// An answer that no right firmware gives.
    #[error("the firmware answers `{request}` wrongly: {found}")]
    Wrong {
        /// What was asked.
        request: &'static str,
        /// What came.
        found: String,
    },
    /// A step was executed twice or skipped.
    #[error(
        "the board counts {found} steps at block {block}, where {expected} were sent: a step was \
         executed twice or skipped; run again, and test the board's power and memory if it stays so"
    )]
    Steps {
        /// Where it was noticed.
        block: u16,
        /// As sent.
        expected: u32,
        /// As the board counts.
        found: u32,
    },
    /// The firmware's sum leaves out a part of its image.
    #[error(
        "the firmware sums its image from byte {start} to {end}, where the image has {image_bytes} \
         bytes; build it anew with `cargo xtask firmware` and run again"
    )]
    Unsummed {
        /// First byte summed.
        start: usize,
        /// Byte behind the last.
        end: usize,
        /// What there is.
        image_bytes: usize,
    },
    /// The firmware in RAM is not what was put into the bitstream.
    #[error("the firmware's checksum in RAM is {found:#06x}, where its image has {expected:#06x}")]
    Corrupt {
        /// As the board sums it.
        found: u16,
        /// As the image has it.
        expected: u16,
    },
    /// One step does not fit into an empty block.
    #[error(
        "a step of {input_bytes} input bytes with {capture_bytes} captured ones does not fit a \
         block of {room} bytes, which is what the board's credit of {credit} bytes lets pass, or \
         a capture buffer of {capture_capacity}; run again, and look at the board's firmware if \
         it stays so"
    )]
    StepTooLarge {
        /// Bytes of the input bank.
        input_bytes: usize,
        /// Bytes of a capture.
        capture_bytes: usize,
        /// Room in a block.
        room: usize,
        /// Bytes that the board said last it can take.
        credit: u16,
        /// Room for captures.
        capture_capacity: usize,
    },
    /// More blocks than the protocol can count.
    #[error("the play has more than {} blocks; split the problem", u16::MAX)]
    TooLong,
}

impl From<SessionError> for Fault {
    fn from(error: SessionError) -> Self {
        let place = match error {
            SessionError::Line { .. } | SessionError::Silent { .. } => FaultPlace::Link,
            SessionError::NotFresh { .. } | SessionError::NoSuchSlot { .. } => {
                FaultPlace::WrongBitstream
            }
            SessionError::Reset { .. }
            | SessionError::Version { .. }
            | SessionError::Refused { .. }
            | SessionError::Wrong { .. }
            | SessionError::Steps { .. }
            | SessionError::Unsummed { .. }
            | SessionError::Corrupt { .. }
            | SessionError::StepTooLarge { .. }
            | SessionError::TooLong => FaultPlace::Firmware,
        };
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        Self::new(place, format!("{error}{}", cause.unwrap_or_default()))
    }
}
