use crate::wire_line::{Answer, Unanswered, WireLine};
use crate::{Link, PlayPlan, SessionError, Timing};
use filbench_model::LinkRecord;
use filbench_wire::program::{Block, Encoder, Response};
use filbench_wire::{
    Crc16, Hello, MAX_BLOCK, MessageError, Nak, NakReason, Played, RING_MARGIN, Reply, Request,
    Status, VERSION,
};

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

/// A session with a board's firmware.
///
/// One request is under way at a time. It is sent again when its answer does not come
/// or cannot be read; blocks are numbered, so that repeating one never executes it
/// twice. The next block is not sent ahead: playing it would overwrite the captures of
/// the one before, which may have to be sent again.
pub struct Session<L> {
    line: WireLine<L>,
    identity: Identity,
    /// Number of the last block that was played.
    block: u16,
    /// Steps that the board has executed, modulo 256.
    steps: u8,
}

impl<L: Link> Session<L> {
    /// Says hello to a board that was just loaded.
    pub async fn open(link: L, timing: Timing) -> Result<Self, SessionError> {
        let mut line = WireLine::new(link, timing);
        let hello = match ask(&mut line, "Hello", Request::Hello, &[]).await?.reply {
            Reply::Hello(hello) => hello,
            reply => return Err(wrong("Hello", &reply)),
        };
        if hello.last_block() != 0 {
            return Err(SessionError::NotFresh { last_block: hello.last_block() });
        }
        Ok(Self { line, identity: Identity::from(&hello), block: 0, steps: 0 })
    }

    /// Who answered.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// What went over the line so far.
    pub fn record(&self) -> LinkRecord {
        self.line.record
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
        if plan.slot >= self.identity.slots {
            return Err(SessionError::NoSuchSlot { slot: plan.slot, slots: self.identity.slots });
        }
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
        // Slot 0 is where the player stands.
        if plan.slot > 0 {
            encoder.select(plan.slot, &mut block).map_err(|_| too_large(0))?;
        }
        for (inputs, capture) in plan.vectors {
            let response = if capture { Response::Captured } else { Response::Ignored };
            if encoder.step(&inputs, response, &mut block).is_err() {
                captures.extend(self.play_block(&block).await?);
                progress(played);
                block.clear();
                encoder.step(&inputs, response, &mut block).map_err(|_| too_large(inputs.len()))?;
            }
            played += 1;
        }
        captures.extend(self.play_block(&block).await?);
        progress(played);
        Ok(captures)
    }

    /// Compares the firmware as it stands in RAM with the image that was put into
    /// the bitstream.
    pub async fn self_test(&mut self, image: &[u8]) -> Result<(), SessionError> {
        let test = match ask(&mut self.line, "SelfTest", Request::SelfTest, &[]).await?.reply {
            Reply::SelfTest(test) => test,
            reply => return Err(wrong("SelfTest", &reply)),
        };
        let start = usize::from(test.start);
        let summed = image.get(start..start + usize::from(test.length)).unwrap_or_default();
        let expected = u16::from_le_bytes(Crc16::of(summed).to_bytes());
        if summed.is_empty() || test.crc != expected {
            return Err(SessionError::Corrupt { found: test.crc, expected });
        }
        Ok(())
    }

    /// The board's own counters.
    pub async fn status(&mut self) -> Result<Status, SessionError> {
        match ask(&mut self.line, "Status", Request::Status, &[]).await?.reply {
            Reply::Status(status) => Ok(status),
            reply => Err(wrong("Status", &reply)),
        }
    }

    async fn play_block(&mut self, block: &Block<'_>) -> Result<Vec<u8>, SessionError> {
        let program = block.program();
        let Ok(length @ 1..) = u16::try_from(program.len()) else {
            return Ok(Vec::new());
        };
        let number = self.block.checked_add(1).ok_or(SessionError::TooLong)?;
        let request = Request::Play { block: number, length };
        let answer = ask(&mut self.line, "Play", request, program).await?;
        let Reply::Played(played) = answer.reply else {
            return Err(wrong("Play", &answer.reply));
        };
        self.block = number;
        self.steps = self.steps.wrapping_add((block.steps() % 256) as u8);
        let expected = Played {
            block: number,
            captured: u16::try_from(block.captured()).unwrap_or(u16::MAX),
            steps: self.steps,
            bad_opcode: false,
            capture_overflow: false,
        };
        if played != expected {
            let found = format!("{played:?} instead of {expected:?}");
            return Err(SessionError::Wrong { request: "Play", found });
        }
        self.line.record.blocks += 1;
        Ok(answer.captured)
    }
}

/// Sends a request, with the block that follows it, until it is answered.
async fn ask<L: Link>(
    line: &mut WireLine<L>,
    name: &'static str,
    request: Request,
    block: &[u8],
) -> Result<Answer, SessionError> {
    let attempts = line.timing().attempts;
    let mut next = Retry { request, why: String::new(), suspicion: None };
    for attempt in 1..=attempts {
        if attempt > 1 {
            line.record.retransmissions += 1;
            tracing::debug!(link.request = name, link.attempt = attempt, "{}", next.why);
        }
        let block = if next.request == request { block } else { &[] };
        let sent = next.request;
        next = match line.exchange(sent, block).await {
            Ok(Answer { reply: Reply::Nak(nak), .. }) => after_refusal(name, request, sent, nak)?,
            Ok(answer) => return Ok(answer),
            Err(unanswered) => after_silence(name, request, unanswered)?,
        };
        line.calm().await.or_else(|broken| after_silence(name, request, broken).map(drop))?;
    }
    let silent = || SessionError::Silent {
        request: name,
        attempts,
        reply: line.timing().reply,
        last: next.why,
    };
    Err(next.suspicion.unwrap_or_else(silent))
}

/// What to do after an attempt that failed.
struct Retry {
    /// What to send.
    request: Request,
    /// What went wrong.
    why: String,
    /// What it means if it goes wrong every time. Once proves nothing: behind a lost
    /// byte, captures are read as frames, and some are sound by chance or by design.
    suspicion: Option<SessionError>,
}

/// What to do when no answer came to `request`.
fn after_silence(
    name: &'static str,
    request: Request,
    unanswered: Unanswered,
) -> Result<Retry, SessionError> {
    let again = |why: String| Retry { request, why, suspicion: None };
    Ok(match unanswered {
        Unanswered::Broken(source) => return Err(SessionError::Line { request: name, source }),
        Unanswered::Foreign(MessageError::Version { found }) => Retry {
            suspicion: Some(SessionError::Version { found, expected: VERSION }),
            ..again(format!("a message of version {found}"))
        },
        Unanswered::Foreign(MessageError::Malformed) => {
            let found = "an unknown message".to_owned();
            Retry {
                suspicion: Some(SessionError::Wrong { request: name, found: found.clone() }),
                ..again(found)
            }
        }
        Unanswered::Late => again("no answer in time".into()),
        Unanswered::Damaged(error) => again(format!("a damaged frame ({error:?})")),
        Unanswered::CapturesLost => Retry {
            // The block was played, so its bytes need not go down again.
            request: match request {
                Request::Play { block, .. } => Request::Resend { block },
                other => other,
            },
            ..again("damaged captures".into())
        },
    })
}

/// What to do when the board refused `sent`, which was meant to get `request` done.
fn after_refusal(
    name: &'static str,
    request: Request,
    sent: Request,
    nak: Nak,
) -> Result<Retry, SessionError> {
    let again = |why: &str| Ok(Retry { request, why: why.into(), suspicion: None });
    let refused = |reason| SessionError::Refused { request: name, reason };
    match (nak.reason, sent) {
        (NakReason::BadFrame, _) => again("the board got a damaged frame"),
        (NakReason::BadBlock, _) => again("the board got a damaged block"),
        (NakReason::Stalled, _) => again("the board got a part of a block"),
        // What said that the block was played was no answer of the board.
        (NakReason::WrongBlock, Request::Resend { block }) if nak.expected == block => {
            again("the board has not played the block yet")
        }
        (NakReason::UnknownMessage, _) => Ok(Retry {
            request,
            why: "the board got a message that it does not know".into(),
            suspicion: Some(refused("it does not know the message")),
        }),
        (NakReason::NoSession, _) => Err(SessionError::Reset { request: name }),
        (NakReason::WrongBlock, _) => Err(refused("the block is neither the next nor the last")),
        (NakReason::BadLength, _) => Err(refused("no block has this length")),
        (NakReason::NoIdentity, _) => Err(refused("its bitstream has no identity block")),
    }
}

fn wrong(request: &'static str, reply: &Reply) -> SessionError {
    SessionError::Wrong { request, found: format!("{reply:?}") }
}
