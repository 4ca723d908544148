//! COBS frames with a CRC-16, written and read byte by byte.
//!
//! COBS (consistent overhead byte stuffing, Cheshire and Baker 1997) takes the
//! zeros out of a message, so that a zero on the wire always means "a frame ends
//! here". Messages are shorter than 254 bytes, which spares the long-run code.

use crate::{Crc16, MAX_MESSAGE};

/// Room for a message and its CRC.
const CAPACITY: usize = MAX_MESSAGE + 2;

/// A message under construction.
///
/// Holds up to [`MAX_MESSAGE`] bytes; anything beyond is a defect of the
/// message's encoder, is dropped, and makes the frame fail its check.
#[derive(Clone, Debug)]
pub struct Frame {
    bytes: [u8; CAPACITY],
    length: usize,
    crc: Crc16,
}

impl Frame {
    /// An empty message.
    pub fn new() -> Self {
        Self { bytes: [0; CAPACITY], length: 0, crc: Crc16::new() }
    }

    /// Appends one byte.
    pub fn push(&mut self, byte: u8) {
        if let Some(slot) = self.bytes.get_mut(self.length) {
            *slot = byte;
            self.length += 1;
            self.crc.update(byte);
        }
    }

    /// Appends bytes.
    pub fn extend(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.push(byte);
        }
    }

    /// The message so far.
    pub fn message(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// Appends the CRC and hands the frame's bytes to `put`, delimiters included.
    /// Ends early, with the error, when `put` fails.
    pub fn emit<E>(mut self, mut put: impl FnMut(u8) -> Result<(), E>) -> Result<(), E> {
        self.extend(&self.crc.to_bytes());
        put(0)?;
        for run in self.message().split(|&byte| byte == 0) {
            put(run.len() as u8 + 1)?;
            for &byte in run {
                put(byte)?;
            }
        }
        put(0)
    }
}

impl Default for Frame {
    fn default() -> Self {
        Self::new()
    }
}

/// Why the bytes between two zeros are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// A zero came within a run.
    Cut,
    /// Longer than the decoder's buffer.
    TooLong,
    /// The CRC does not match, or there is none.
    Checksum,
}

/// Finds frames in a stream of bytes; `N` is the longest message it can hold,
/// CRC included, at most 253.
#[derive(Clone, Debug)]
pub struct FrameDecoder<const N: usize> {
    bytes: [u8; N],
    /// Bytes so far; beyond `N` when they did not fit.
    length: usize,
    /// Bytes left of the current run.
    run: u8,
    /// Whether a byte has come since the last delimiter.
    begun: bool,
    crc: Crc16,
}

impl<const N: usize> FrameDecoder<N> {
    /// A decoder between two frames.
    pub const fn new() -> Self {
        const { assert!(N <= 253, "a run of 254 would need COBS's long-run code") };
        Self { bytes: [0; N], length: 0, run: 0, begun: false, crc: Crc16::new() }
    }

    /// Forgets an unfinished frame.
    pub fn reset(&mut self) {
        self.length = 0;
        self.run = 0;
        self.begun = false;
        self.crc = Crc16::new();
    }

    /// Takes one byte; answers when it ends a frame. Empty frames are silent.
    pub fn push(&mut self, byte: u8) -> Option<Result<&[u8], FrameError>> {
        if byte == 0 {
            return self.end();
        }
        if self.run == 0 {
            if self.begun {
                self.store(0);
            }
            self.begun = true;
            self.run = byte;
        } else {
            self.store(byte);
        }
        self.run -= 1;
        None
    }

    fn end(&mut self) -> Option<Result<&[u8], FrameError>> {
        let (begun, cut, length, crc) = (self.begun, self.run != 0, self.length, self.crc);
        self.reset();
        if !begun {
            return None;
        }
        if cut {
            return Some(Err(FrameError::Cut));
        }
        if length > N {
            return Some(Err(FrameError::TooLong));
        }
        let message = length
            .checked_sub(2)
            .filter(|_| crc.is_settled())
            .and_then(|length| self.bytes.get(..length));
        Some(message.ok_or(FrameError::Checksum))
    }

    fn store(&mut self, byte: u8) {
        match self.bytes.get_mut(self.length) {
            Some(slot) => {
                *slot = byte;
                self.length += 1;
                self.crc.update(byte);
            }
            None => self.length = N + 1,
        }
    }
}

impl<const N: usize> Default for FrameDecoder<N> {
    fn default() -> Self {
        Self::new()
    }
}
