//! COBS frames with a CRC-16, written and read byte by byte.
//!
//! COBS (consistent overhead byte stuffing, Cheshire and Baker 1997) takes the
//! zeros out of a message, so that a zero on the wire always means "a frame ends
//! here". Messages are shorter than 254 bytes, which spares the long-run code.

use crate::{Crc16, MAX_MESSAGE};

/// Where the encoded message begins: behind the delimiter.
const BEGIN: usize = 1;

/// Room for a message and its CRC, encoded, which takes one code byte, between
/// two delimiters.
const CAPACITY: usize = BEGIN + 1 + MAX_MESSAGE + 2 + 1;

/// A message on its way out, encoded as it is put together.
///
/// Holds up to [`MAX_MESSAGE`] bytes; what would go beyond is a defect of the
/// message's encoder and is dropped.
#[derive(Clone, Debug)]
pub struct Frame {
    encoded: [u8; CAPACITY],
    /// Bytes of `encoded` in use.
    length: usize,
    /// Where the code byte of the current run lies.
    code: usize,
    crc: Crc16,
}

impl Frame {
    /// An empty message.
    pub const fn new() -> Self {
        Self { encoded: [0; CAPACITY], length: BEGIN + 1, code: BEGIN, crc: Crc16::new() }
    }

    /// Appends bytes to the message.
    // Once, for all messages: the soft MCU has 4 KiB. Nothing here can panic
    // for the same reason.
    #[inline(never)]
    pub fn extend(&mut self, message: &[u8]) {
        // In locals, because SERV needs twice as long for what lies in memory.
        let (mut length, mut crc) = (self.length, self.crc);
        for &byte in message {
            let Some(slot) = self.encoded.get_mut(length) else {
                break;
            };
            *slot = byte;
            crc.update(byte);
            if byte == 0 {
                self.end_run(length);
            }
            length += 1;
        }
        (self.length, self.crc) = (length, crc);
    }

    /// The frame, CRC and delimiters included. The message is then empty again.
    pub fn finish(&mut self) -> &[u8] {
        self.extend(&self.crc.to_bytes());
        self.extend(&[0]);
        let frame = self.encoded.get(..self.length).unwrap_or_default();
        (self.length, self.code, self.crc) = (BEGIN + 1, BEGIN, Crc16::new());
        frame
    }

    /// Notes the length of the run that ends before `end`; the next begins there.
    fn end_run(&mut self, end: usize) {
        if let Some(code) = self.encoded.get_mut(self.code) {
            *code = (end - self.code) as u8;
        }
        self.code = end;
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
