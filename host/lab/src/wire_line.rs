use crate::{Link, Timing};
use filbench_model::LinkRecord;
use filbench_wire::{Crc16, FrameDecoder, FrameError, MAX_MESSAGE, MessageError, Reply, Request};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};

/// Zeros in front of the first request. The fixture's receiver is in reset for 256
/// cycles after configuration, in which 6 bytes can come; a receiver that wakes
/// within a byte needs up to two more to find the next one's start. A zero more or
/// less is an empty frame.
const PREAMBLE: [u8; 12] = [0; 12];

/// Requests out, replies in, over a link; nothing of what they mean.
pub(crate) struct WireLine<L> {
    link: L,
    timing: Timing,
    decoder: FrameDecoder<{ MAX_MESSAGE + 2 }>,
    received: Vec<u8>,
    taken: usize,
    tag: u8,
    /// What went over the line; the session counts blocks and retransmissions.
    pub(crate) record: LinkRecord,
}

/// A reply with the raw bytes that follow it, if any do.
pub(crate) struct Answer {
    pub(crate) reply: Reply,
    pub(crate) captured: Vec<u8>,
}

/// Why no answer was had.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// The line is gone.
    Broken(io::Error),
    /// Nothing, or not enough, came in time.
    Late,
    /// What came was damaged.
    Damaged(FrameError),
    /// The reply came, and its captures damaged or not at all.
    CapturesLost,
    /// A sound frame, but not of this protocol.
    Foreign(MessageError),
}

impl From<io::Error> for Unanswered {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

impl<L: Link> WireLine<L> {
    pub(crate) fn new(link: L, timing: Timing) -> Self {
        Self {
            link,
            timing,
            decoder: FrameDecoder::new(),
            received: Vec::new(),
            taken: 0,
            tag: 0,
            record: LinkRecord::default(),
        }
    }

    pub(crate) fn timing(&self) -> Timing {
        self.timing
    }

    /// Sends a request under a new tag, with the block that follows it, and reads
    /// until the reply to that tag is whole.
    pub(crate) async fn exchange(
        &mut self,
        request: Request,
        block: &[u8],
    ) -> Result<Answer, Unanswered> {
        // Tag 0 is the board's own.
        self.tag = self.tag.checked_add(1).unwrap_or(1);
        let mut bytes = Vec::new();
        if request == Request::Hello {
            bytes.extend(PREAMBLE);
        }
        bytes.extend(request.frame(self.tag).finish());
        if !block.is_empty() {
            bytes.extend(block);
            bytes.extend(Crc16::of(block).to_bytes());
        }
        self.record.bytes_down += bytes.len() as u64;
        let sending = async {
            self.link.write_all(&bytes).await?;
            self.link.flush().await
        };
        let limit = self.timing.limit(request);
        timeout(limit, sending).await.map_err(|_| Unanswered::Late)??;

        let deadline = Instant::now() + limit;
        let mut within_frame = false;
        loop {
            let byte = self.byte(self.next_by(deadline, within_frame)).await?;
            let (header, reply) = match self.decoder.push(byte) {
                None => {
                    within_frame = byte != 0;
                    continue;
                }
                Some(Ok(message)) => Reply::decode(message).map_err(Unanswered::Foreign)?,
                Some(Err(error)) => return Err(Unanswered::Damaged(error)),
            };
            let captured = match &reply {
                Reply::Played(played) => self.captures(played.captured.into(), deadline).await,
                _ => Ok(Vec::new()),
            };
            let board_itself = header.tag == 0 && matches!(reply, Reply::Nak(_));
            if header.tag == self.tag || board_itself {
                return Ok(Answer { reply, captured: captured? });
            }
            // The late answer to an earlier attempt, captures and all.
            within_frame = false;
        }
    }

    /// Until when the next byte must come, which is sooner `within` a message.
    fn next_by(&self, deadline: Instant, within: bool) -> Instant {
        if within { deadline.min(Instant::now() + self.timing.gap) } else { deadline }
    }

    /// Drops what still comes, until the line is quiet.
    pub(crate) async fn calm(&mut self) -> Result<(), Unanswered> {
        self.decoder.reset();
        self.taken = self.received.len();
        let limit = Instant::now() + self.timing.reply;
        while Instant::now() < limit {
            let quiet = Instant::now() + self.timing.quiet;
            match self.byte(quiet).await {
                Ok(_) => self.taken = self.received.len(),
                Err(Unanswered::Late) => break,
                Err(broken) => return Err(broken),
            }
        }
        Ok(())
    }

    /// The raw bytes behind `Played`.
    async fn captures(&mut self, length: usize, deadline: Instant) -> Result<Vec<u8>, Unanswered> {
        let mut bytes = Vec::with_capacity(length + 2);
        while bytes.len() < length + 2 {
            match self.byte(self.next_by(deadline, true)).await {
                Ok(byte) => bytes.push(byte),
                Err(Unanswered::Late) => return Err(Unanswered::CapturesLost),
                Err(broken) => return Err(broken),
            }
        }
        if !Crc16::of(&bytes).is_settled() {
            return Err(Unanswered::CapturesLost);
        }
        bytes.truncate(length);
        Ok(bytes)
    }

    async fn byte(&mut self, deadline: Instant) -> Result<u8, Unanswered> {
        loop {
            if let Some(&byte) = self.received.get(self.taken) {
                self.taken += 1;
                return Ok(byte);
            }
            self.received.clear();
            self.taken = 0;
            let reading = self.link.read_buf(&mut self.received);
            match timeout_at(deadline, reading).await.map_err(|_| Unanswered::Late)?? {
                0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                count => self.record.bytes_up += count as u64,
            }
        }
    }
}
