use crate::{Link, PlayPlan, Timing};
use filbench_model::{Fault, FaultPlace, LinkRecord};
use filbench_wire::program::{Block, Encoder, Response};
use filbench_wire::{
    Crc16, FrameDecoder, Hello, MAX_BLOCK, MAX_MESSAGE, NakReason, Played, RING_MARGIN, Reply,
    Request, SelfTest, Status,
};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};

/// Who answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Major, minor and patch version of the firmware.
    pub firmware: [u8; 3],
    /// First 16 bytes of the SHA-256 of the netlist in the bitstream.
    pub netlist_hash: [u8; 16],
    /// Bytes of the player's input bank.
    pub input_bytes: usize,
    /// Bytes that a full capture has.
    pub output_bytes: usize,
    /// Designs in the bitstream.
    pub slots: u8,
    /// The board's clock, in Hz.
    pub clock_hz: u32,
    /// Bytes of the capture buffer.
    pub capture_capacity: usize,
    /// Bytes of the receive ring.
    pub ring_capacity: usize,
}

impl From<&Hello> for Identity {
    fn from(hello: &Hello) -> Self {
        Self {
            firmware: hello.firmware(),
            netlist_hash: hello.netlist_hash(),
            input_bytes: hello.input_bytes().into(),
            output_bytes: hello.output_bytes().into(),
            slots: hello.slots(),
            clock_hz: hello.clock_hz(),
            capture_capacity: hello.capture_capacity().into(),
            ring_capacity: hello.ring_capacity().into(),
        }
    }
}

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
    #[error("the board did not answer `{request}`, tried {attempts} times within {} s each; last: {last}", reply.as_secs())]
    Silent {
        /// What was asked.
        request: &'static str,
        /// How often.
        attempts: u32,
        /// How long each.
        reply: Duration,
        /// What came the last time.
        last: String,
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
    /// One step does not fit into an empty block.
    #[error("a step of {input_bytes} input bytes with {capture_bytes} captured ones does not fit a block of {room} bytes or a capture buffer of {capture_capacity}")]
    StepTooLarge {
        /// Bytes of the input bank.
        input_bytes: usize,
        /// Bytes of a capture.
        capture_bytes: usize,
        /// Room in a block.
        room: usize,
        /// Room for captures.
        capture_capacity: usize,
    },
}

impl From<SessionError> for Fault {
    fn from(error: SessionError) -> Self {
        let place = match error {
            SessionError::Line { .. } | SessionError::Silent { .. } => FaultPlace::Link,
            _ => FaultPlace::Firmware,
        };
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        Fault::new(place, format!("{error}{}", cause.unwrap_or_default()))
    }
}

/// A session with a board's firmware.
///
/// One request is under way at a time. It is sent again when its answer does not come
/// or cannot be read; blocks are numbered, so that repeating one never executes it
/// twice.
pub struct Session<L> {
    link: L,
    timing: Timing,
    identity: Identity,
    decoder: FrameDecoder<{ MAX_MESSAGE + 2 }>,
    received: Vec<u8>,
    taken: usize,
    tag: u8,
    block: u16,
    steps: u8,
    record: LinkRecord,
}

/// An answer with its raw bytes, if it has any.
struct Answer {
    reply: Reply,
    captured: Vec<u8>,
}

/// Why one attempt failed.
enum Attempt {
    /// Try again.
    Again(String),
    /// The captures came garbled: the block was played, ask for them again.
    Recapture,
    /// Give up.
    End(SessionError),
}

impl<L: Link> Session<L> {
    /// Says hello.
    pub async fn open(link: L, timing: Timing) -> Result<Self, SessionError> {
        let mut session = Self {
            link,
            timing,
            identity: Identity {
                firmware: [0; 3],
                netlist_hash: [0; 16],
                input_bytes: 0,
                output_bytes: 0,
                slots: 0,
                clock_hz: 0,
                capture_capacity: 0,
                ring_capacity: 0,
            },
            decoder: FrameDecoder::new(),
            received: Vec::new(),
            taken: 0,
            tag: 0,
            block: 0,
            steps: 0,
            record: LinkRecord::default(),
        };
        match session.ask("Hello", Request::Hello, &[]).await?.reply {
            Reply::Hello(hello) => session.identity = Identity::from(&hello),
            reply => return Err(wrong("Hello", &reply)),
        }
        Ok(session)
    }

    /// Who answered.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// What went over the line so far.
    pub fn record(&self) -> LinkRecord {
        self.record
    }

    /// Plays all vectors; returns the captures, one after another.
    ///
    /// `progress` is told the number of vectors played after each block.
    pub async fn play<V>(
        &mut self,
        plan: PlayPlan<V>,
        mut progress: impl FnMut(u64),
    ) -> Result<Vec<u8>, SessionError>
    where
        V: Iterator<Item = (Vec<u8>, bool)>,
    {
        let room = self.identity.ring_capacity.saturating_sub(RING_MARGIN).min(MAX_BLOCK);
        let capture_capacity = self.identity.capture_capacity;
        let too_large = |input_bytes| SessionError::StepTooLarge {
            input_bytes,
            capture_bytes: plan.capture_bytes,
            room,
            capture_capacity,
        };
        let mut buffer = vec![0; room];
        let mut block = Block::new(&mut buffer, capture_capacity);
        let mut encoder = Encoder::new();
        let mut captures = Vec::new();
        let mut played = 0;
        encoder
            .configure(plan.settle_cycles, plan.capture_bytes, &mut block)
            .map_err(|_| too_large(0))?;
        for (inputs, capture) in plan.vectors {
            let response = if capture { Response::Captured } else { Response::Ignored };
            if encoder.step(&inputs, response, &mut block).is_err() {
                self.play_block(&block, &mut captures).await?;
                progress(played);
                block.clear();
                encoder
                    .step(&inputs, response, &mut block)
                    .map_err(|_| too_large(inputs.len()))?;
            }
            played += 1;
        }
        self.play_block(&block, &mut captures).await?;
        progress(played);
        Ok(captures)
    }

    /// A checksum over the firmware as it stands in RAM.
    pub async fn self_test(&mut self) -> Result<SelfTest, SessionError> {
        match self.ask("SelfTest", Request::SelfTest, &[]).await?.reply {
            Reply::SelfTest(test) => Ok(test),
            reply => Err(wrong("SelfTest", &reply)),
        }
    }

    /// The board's own counters.
    pub async fn status(&mut self) -> Result<Status, SessionError> {
        match self.ask("Status", Request::Status, &[]).await?.reply {
            Reply::Status(status) => Ok(status),
            reply => Err(wrong("Status", &reply)),
        }
    }

    async fn play_block(
        &mut self,
        block: &Block<'_>,
        captures: &mut Vec<u8>,
    ) -> Result<(), SessionError> {
        let program = block.program();
        if program.is_empty() {
            return Ok(());
        }
        // After 65,535 comes 1: 0 is no block.
        let number = self.block.checked_add(1).unwrap_or(1);
        let length = u16::try_from(program.len()).map_err(|_| SessionError::StepTooLarge {
            input_bytes: 0,
            capture_bytes: 0,
            room: MAX_BLOCK,
            capture_capacity: 0,
        })?;
        let answer = self.ask("Play", Request::Play { block: number, length }, program).await?;
        let Reply::Played(played) = answer.reply else {
            return Err(wrong("Play", &answer.reply));
        };
        self.block = number;
        self.steps = self.steps.wrapping_add((block.steps() % 256) as u8);
        let expected = Played {
            block: number,
            captured: (block.captured() % 65536) as u16,
            steps: self.steps,
            bad_opcode: false,
            capture_overflow: false,
        };
        if played != expected {
            return Err(SessionError::Wrong {
                request: "Play",
                found: format!("{played:?} instead of {expected:?}"),
            });
        }
        self.record.blocks += 1;
        captures.extend_from_slice(&answer.captured);
        Ok(())
    }

    /// Sends a request, with the block that follows it, until it is answered.
    async fn ask(
        &mut self,
        name: &'static str,
        request: Request,
        block: &[u8],
    ) -> Result<Answer, SessionError> {
        let mut next = (request, block);
        let mut last = String::new();
        for attempt in 0..self.timing.attempts {
            if attempt > 0 {
                self.record.retransmissions += 1;
                tracing::debug!(link.request = name, link.attempt = attempt, "{last}");
                self.calm(name).await?;
            }
            self.tag = self.tag.checked_add(1).unwrap_or(1);
            self.send(name, next.0, next.1).await?;
            match self.answer(name).await {
                Ok(answer) => return Ok(answer),
                Err(Attempt::Again(why)) => {
                    last = why;
                    next = (request, block);
                }
                Err(Attempt::Recapture) => {
                    last = "the captures came garbled".to_owned();
                    if let Request::Play { block, .. } = request {
                        next = (Request::Resend { block }, &[]);
                    }
                }
                Err(Attempt::End(error)) => return Err(error),
            }
        }
        Err(SessionError::Silent {
            request: name,
            attempts: self.timing.attempts,
            reply: self.timing.reply,
            last,
        })
    }

    async fn send(
        &mut self,
        name: &'static str,
        request: Request,
        block: &[u8],
    ) -> Result<(), SessionError> {
        let mut bytes = request.frame(self.tag).finish().to_vec();
        if !block.is_empty() {
            bytes.extend_from_slice(block);
            bytes.extend_from_slice(&Crc16::of(block).to_bytes());
        }
        self.record.bytes_down += bytes.len() as u64;
        let line = |source| SessionError::Line { request: name, source };
        let sent = timeout(self.timing.reply, async {
            self.link.write_all(&bytes).await?;
            self.link.flush().await
        });
        match sent.await {
            Ok(sent) => sent.map_err(line),
            Err(_) => Err(line(io::ErrorKind::TimedOut.into())),
        }
    }

    /// Reads until the answer to the current tag is whole.
    async fn answer(&mut self, name: &'static str) -> Result<Answer, Attempt> {
        let deadline = Instant::now() + self.timing.reply;
        loop {
            let byte = self.byte(name, deadline).await?;
            let (header, reply) = match self.decoder.push(byte) {
                None => continue,
                Some(Ok(message)) => Reply::decode(message)
                    .map_err(|error| Attempt::Again(format!("an unreadable message: {error:?}")))?,
                Some(Err(error)) => {
                    return Err(Attempt::Again(format!("an unreadable frame: {error:?}")));
                }
            };
            let captured = match &reply {
                Reply::Played(played) => {
                    Some(self.captures(name, usize::from(played.captured), deadline).await?)
                }
                _ => None,
            };
            if let Reply::Nak(nak) = &reply
                && (header.tag == self.tag || header.tag == 0)
            {
                return Err(refusal(name, nak.reason));
            }
            if header.tag != self.tag {
                // The late answer to an earlier attempt.
                continue;
            }
            return match captured {
                None => Ok(Answer { reply, captured: Vec::new() }),
                Some(Some(captured)) => Ok(Answer { reply, captured }),
                Some(None) => Err(Attempt::Recapture),
            };
        }
    }

    /// The raw bytes behind `Played`; `None` when their CRC does not match.
    async fn captures(
        &mut self,
        name: &'static str,
        length: usize,
        deadline: Instant,
    ) -> Result<Option<Vec<u8>>, Attempt> {
        let mut bytes = Vec::with_capacity(length + 2);
        while bytes.len() < length + 2 {
            match self.byte(name, deadline).await {
                Ok(byte) => bytes.push(byte),
                Err(Attempt::Again(_)) => return Err(Attempt::Recapture),
                Err(end) => return Err(end),
            }
        }
        let good = Crc16::of(&bytes).is_settled();
        bytes.truncate(length);
        Ok(good.then_some(bytes))
    }

    async fn byte(&mut self, name: &'static str, deadline: Instant) -> Result<u8, Attempt> {
        if self.taken == self.received.len() {
            self.received.clear();
            self.taken = 0;
            match timeout_at(deadline, self.link.read_buf(&mut self.received)).await {
                Ok(Ok(0)) => {
                    let source = io::ErrorKind::UnexpectedEof.into();
                    return Err(Attempt::End(SessionError::Line { request: name, source }));
                }
                Ok(Ok(count)) => self.record.bytes_up += count as u64,
                Ok(Err(source)) => {
                    return Err(Attempt::End(SessionError::Line { request: name, source }));
                }
                Err(_) => return Err(Attempt::Again("no answer in time".to_owned())),
            }
        }
        let byte = self.received[self.taken];
        self.taken += 1;
        Ok(byte)
    }

    /// Drops what still comes, until the line is quiet.
    async fn calm(&mut self, name: &'static str) -> Result<(), SessionError> {
        self.decoder.reset();
        self.taken = self.received.len();
        let limit = Instant::now() + self.timing.reply;
        let mut scrap = Vec::new();
        while Instant::now() < limit {
            scrap.clear();
            match timeout(self.timing.quiet, self.link.read_buf(&mut scrap)).await {
                Err(_) => return Ok(()),
                Ok(Ok(count)) if count > 0 => self.record.bytes_up += count as u64,
                Ok(Ok(_)) => {
                    let source = io::ErrorKind::UnexpectedEof.into();
                    return Err(SessionError::Line { request: name, source });
                }
                Ok(Err(source)) => return Err(SessionError::Line { request: name, source }),
            }
        }
        Ok(())
    }
}

fn refusal(name: &'static str, reason: NakReason) -> Attempt {
    let text = match reason {
        NakReason::BadFrame => return Attempt::Again("the board could not read it".into()),
        NakReason::BadBlock => return Attempt::Again("the board got a garbled block".into()),
        NakReason::Stalled => return Attempt::Again("the board got half a block".into()),
        NakReason::UnknownMessage => "it does not know the message; its version differs",
        NakReason::NoSession => "the board was reset within the session",
        NakReason::WrongBlock => "the block is neither the next nor the last one",
        NakReason::BadLength => "no block has this length",
        NakReason::NoIdentity => "its bitstream has no identity block",
    };
    Attempt::End(SessionError::Refused { request: name, reason: text })
}

fn wrong(request: &'static str, reply: &Reply) -> SessionError {
    SessionError::Wrong { request, found: format!("{reply:?}") }
}
