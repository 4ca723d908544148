//! A cable that misbehaves on purpose, for tests.

use filbench_wire::{Crc16, FrameDecoder, MAX_MESSAGE, Reply};
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What the cable does, once, to bytes on their way from the board to the host.
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
    /// Drops one byte of the line.
    Drop {
        /// Counted from the first byte that came up.
        byte: usize,
    },
    /// Lets one byte come twice.
    Double {
        /// Counted from the first byte that came up.
        byte: usize,
    },
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
        }
    }

    fn take(&mut self, byte: u8) {
        let index = self.line_bytes;
        self.line_bytes += 1;
        match self.tampering {
            Tampering::Drop { byte: which } if which == index => return,
            Tampering::Double { byte: which } if which == index => self.ready.push_back(byte),
            _ => {}
        }
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
                Tampering::Drop { .. } | Tampering::Double { .. } => {}
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

impl<L: AsyncWrite + Unpin> AsyncWrite for TamperingLink<L> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.link).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.link).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.link).poll_shutdown(cx)
    }
}
