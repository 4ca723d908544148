//! A cable that misbehaves on purpose, for tests.

use filbench_wire::{Crc16, FrameDecoder, MAX_MESSAGE, MAX_REQUEST, Reply, Request};
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What the cable does, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tampering {
    /// Flips a bit of a captured byte and makes the checksum right again: what a fault
    /// in the capture path before the checksum looks like.
    CaptureBeforeChecksum {
        /// Counted over all captures of the play.
        byte: usize,
        /// 0 to 7.
        bit: u8,
    },
    /// Flips a bit of a captured byte and leaves the checksum.
    CaptureAfterChecksum {
        /// Counted over all captures of the play.
        byte: usize,
        /// 0 to 7.
        bit: u8,
    },
    /// Damages one byte on its way from the board to the host.
    Up {
        /// Counted from the first byte that came up.
        byte: usize,
        /// How.
        damage: Damage,
    },
    /// Damages one byte on its way from the host to the board.
    Down {
        /// Which.
        at: Spot,
        /// How.
        damage: Damage,
    },
}

/// What happens to one byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// It does not arrive.
    Lose,
    /// It arrives twice.
    Double,
    /// It arrives with another bit.
    Flip {
        /// 0 to 7.
        bit: u8,
    },
}

/// A byte on its way down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// The byte of that number, from 0, whatever it belongs to.
    Line {
        /// Which.
        byte: usize,
    },
    /// A byte of the play's byte code, counted over all blocks.
    Block {
        /// Which.
        byte: usize,
    },
    /// A byte of the first block's CRC.
    BlockCrc {
        /// 0 or 1.
        byte: usize,
    },
}

impl Damage {
    fn apply(self, byte: u8) -> impl Iterator<Item = u8> {
        let (count, value) = match self {
            Self::Lose => (0, byte),
            Self::Double => (2, byte),
            Self::Flip { bit } => (1, byte ^ 1 << (bit & 7)),
        };
        std::iter::repeat_n(value, count)
    }
}

/// Where in the stream of requests a byte lies.
#[derive(Debug)]
struct Requests {
    decoder: FrameDecoder<{ MAX_REQUEST + 2 }>,
    /// Bytes of a block and its CRC that are still to come.
    missing: usize,
    line_bytes: usize,
    block_bytes: usize,
    blocks: usize,
}

impl Requests {
    fn new() -> Self {
        let decoder = FrameDecoder::new();
        Self { decoder, missing: 0, line_bytes: 0, block_bytes: 0, blocks: 0 }
    }

    /// Takes the next byte, and says whether it is the one at `spot`.
    fn is_at(&mut self, spot: Spot, byte: u8) -> bool {
        let line = self.line_bytes;
        self.line_bytes += 1;
        let here = match spot {
            Spot::Line { byte } => byte == line,
            Spot::Block { byte } => self.missing > 2 && byte == self.block_bytes,
            Spot::BlockCrc { byte } => {
                self.blocks == 1 && (1..=2).contains(&self.missing) && byte == 2 - self.missing
            }
        };
        if self.missing > 0 {
            if self.missing > 2 {
                self.block_bytes += 1;
            }
            self.missing -= 1;
        } else if let Some(Ok(message)) = self.decoder.push(byte)
            && let Ok((_, Request::Play { length, .. })) = Request::decode(message)
        {
            self.missing = usize::from(length) + 2;
            self.blocks += 1;
        }
        here
    }
}

/// A link with a [`Tampering`] in it.
#[derive(Debug)]
pub struct TamperingLink<L> {
    link: L,
    tampering: Tampering,
    decoder: FrameDecoder<{ MAX_MESSAGE + 2 }>,
    /// A capture block that is still coming: bytes expected, bytes so far.
    block: Option<(usize, Vec<u8>)>,
    line_bytes: usize,
    captured_bytes: usize,
    done: bool,
    ready: VecDeque<u8>,
    requests: Requests,
    /// Bytes on their way down that the link has not taken yet.
    outgoing: VecDeque<u8>,
}

impl<L> TamperingLink<L> {
    /// Puts the tampering into a link.
    pub fn new(link: L, tampering: Tampering) -> Self {
        Self {
            link,
            tampering,
            decoder: FrameDecoder::new(),
            block: None,
            line_bytes: 0,
            captured_bytes: 0,
            done: false,
            ready: VecDeque::new(),
            requests: Requests::new(),
            outgoing: VecDeque::new(),
        }
    }

    fn send(&mut self, byte: u8) {
        match self.tampering {
            Tampering::Down { at, damage } if self.requests.is_at(at, byte) && !self.done => {
                self.done = true;
                self.outgoing.extend(damage.apply(byte));
            }
            _ => self.outgoing.push_back(byte),
        }
    }

    fn take(&mut self, byte: u8) {
        let index = self.line_bytes;
        self.line_bytes += 1;
        match self.tampering {
            Tampering::Up { byte: which, damage } if which == index => {
                damage.apply(byte).for_each(|byte| self.pass(byte));
            }
            _ => self.pass(byte),
        }
    }

    fn pass(&mut self, byte: u8) {
        let Some((length, bytes)) = &mut self.block else {
            self.ready.push_back(byte);
            if let Some(Ok(message)) = self.decoder.push(byte)
                && let Ok((_, Reply::Played(played))) = Reply::decode(message)
            {
                self.block = Some((usize::from(played.captured) + 2, Vec::new()));
            }
            return;
        };
        bytes.push(byte);
        if bytes.len() < *length {
            return;
        }
        let mut bytes = std::mem::take(bytes);
        self.block = None;
        self.tamper(&mut bytes);
        self.ready.extend(bytes);
    }

    fn tamper(&mut self, block: &mut [u8]) {
        let Some((captured, checksum)) = block.split_last_chunk_mut::<2>() else {
            return;
        };
        let first = self.captured_bytes;
        if !self.done {
            match self.tampering {
                Tampering::CaptureBeforeChecksum { byte, bit } => {
                    if let Some(found) = byte.checked_sub(first).and_then(|i| captured.get_mut(i)) {
                        *found ^= 1 << bit;
                        *checksum = Crc16::of(captured).to_bytes();
                        self.done = true;
                    }
                }
                Tampering::CaptureAfterChecksum { byte, bit } => {
                    if let Some(found) = byte.checked_sub(first).and_then(|i| captured.get_mut(i)) {
                        *found ^= 1 << bit;
                        self.done = true;
                        // It comes again: counted once.
                        return;
                    }
                }
                Tampering::Up { .. } | Tampering::Down { .. } => {}
            }
        }
        self.captured_bytes += captured.len();
    }
}

impl<L: AsyncRead + Unpin> AsyncRead for TamperingLink<L> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.ready.is_empty() {
            let mut raw = [0; 256];
            let mut raw = ReadBuf::new(&mut raw);
            ready!(Pin::new(&mut self.link).poll_read(cx, &mut raw))?;
            if raw.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            for &byte in raw.filled() {
                self.take(byte);
            }
        }
        while buf.remaining() > 0
            && let Some(byte) = self.ready.pop_front()
        {
            buf.put_slice(&[byte]);
        }
        Poll::Ready(Ok(()))
    }
}

impl<L: AsyncWrite + Unpin> TamperingLink<L> {
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.outgoing.is_empty() {
            let (bytes, _) = self.outgoing.as_slices();
            let sent = ready!(Pin::new(&mut self.link).poll_write(cx, bytes))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.outgoing.drain(..sent);
        }
        Poll::Ready(Ok(()))
    }
}

impl<L: AsyncWrite + Unpin> AsyncWrite for TamperingLink<L> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_drain(cx))?;
        for &byte in buf {
            self.send(byte);
        }
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.link).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.link).poll_shutdown(cx)
    }
}
