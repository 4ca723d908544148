use crate::wire_line::{Answer, Unanswered, WireLine};
use crate::{Link, PlayPlan, SessionError, Timing};
use filbench_model::LinkRecord;
use filbench_wire::program::{Block, Encoder, Response};
use filbench_wire::{
    Crc16, Hello, MAX_BLOCK, MessageError, Nak, NakReason, Played, RING_MARGIN, Reply, Request,
    SelfTest, Status, VERSION,
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
/// twice, and steps are counted on both sides. The next block is not sent ahead: playing
/// it would overwrite the captures of the one before, which may have to be sent again.
pub struct Session<L> {
    line: WireLine<L>,
    identity: Identity,
    /// Number of the last block that was played.
    block: u16,
    /// Steps that the board has executed.
    steps: u32,
    /// Bytes that the board said last it can take.
    credit: u16,
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
        let identity = Identity::from(&hello);
        Ok(Self { line, identity, block: 0, steps: 0, credit: hello.credit() })
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
        progress: impl FnMut(u64),
    ) -> Result<Vec<u8>, SessionError>
    where
        V: Iterator<Item = (Vec<u8>, bool)>,
    {
        let PlayPlan { slot, settle_cycles, capture_bytes, vectors } = plan;
        self.begin(slot, settle_cycles, capture_bytes)?.all(vectors, progress).await
    }

    /// Begins a play whose blocks end where the caller says, of the design in `slot`,
    /// with `settle_cycles` and `capture_bytes` as in [`PlayPlan`]. All inputs are 0.
    ///
    /// # Errors
    /// When the bitstream has no such slot, or a play has left its inputs and the design's
    /// state behind.
    pub fn begin(
        &mut self,
        slot: u8,
        settle_cycles: u8,
        capture_bytes: usize,
    ) -> Result<Playing<'_, L>, SessionError> {
        if slot >= self.identity.slots {
            return Err(SessionError::NoSuchSlot { slot, slots: self.identity.slots });
        }
        if self.block != 0 {
            return Err(SessionError::NotFresh { last_block: self.block });
        }
        let mut block = Block::new(vec![0; MAX_BLOCK], self.identity.capture_capacity);
        block.clear(self.room());
        let mut playing = Playing { session: self, block, encoder: Encoder::new(), capture_bytes };
        let settings = playing.encoder.configure(settle_cycles, capture_bytes, &mut playing.block);
        // Slot 0 is where the player stands.
        let choice = match slot {
            0 => Ok(()),
            slot => playing.encoder.select(slot, &mut playing.block),
        };
        if settings.and(choice).is_err() {
            return Err(playing.too_large(0));
        }
        Ok(playing)
    }

    /// Bytes of block for which the board's credit is enough.
    fn room(&self) -> usize {
        usize::from(self.credit).saturating_sub(RING_MARGIN).min(MAX_BLOCK)
    }

    /// Compares the firmware as it stands in RAM with the image that was put into
    /// the bitstream.
    pub async fn self_test(&mut self, image: &[u8]) -> Result<(), SessionError> {
        let test = match ask(&mut self.line, "SelfTest", Request::SelfTest, &[]).await?.reply {
            Reply::SelfTest(test) => test,
            reply => return Err(wrong("SelfTest", &reply)),
        };
        let start = usize::from(test.start);
        // All but the first instruction: a board does not choose what is looked at.
        let end = start + usize::from(test.length);
        if start > SelfTest::UNSUMMED_MAX || end != image.len() {
            return Err(SessionError::Unsummed { start, end, image_bytes: image.len() });
        }
        let summed = image.get(start..end).unwrap_or_default();
        let expected = u16::from_le_bytes(Crc16::of(summed).to_bytes());
        if test.crc != expected {
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

    async fn play_block(&mut self, block: &Block<Vec<u8>>) -> Result<Vec<u8>, SessionError> {
        let program = block.program();
        let Ok(length @ 1..) = u16::try_from(program.len()) else {
            return Ok(Vec::new());
        };
        let number = self.block.checked_add(1).ok_or(SessionError::TooLong)?;
        let request = Request::Play { block: number, length, first_step: self.steps };
        let answer = ask(&mut self.line, "Play", request, program).await?;
        let Reply::Played(played) = answer.reply else {
            return Err(wrong("Play", &answer.reply));
        };
        self.block = number;
        self.steps += u32::try_from(block.steps()).unwrap_or(u32::MAX);
        if played.steps != self.steps {
            return Err(SessionError::Steps {
                block: number,
                expected: self.steps,
                found: played.steps,
            });
        }
        self.credit = played.credit;
        let expected = Played {
            block: number,
            captured: u16::try_from(block.captured()).unwrap_or(u16::MAX),
            steps: self.steps,
            credit: played.credit,
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

/// A play under way, whose blocks end where the caller says: with a
/// [`flush`](Self::flush) behind each step it is a lock-step.
pub struct Playing<'a, L> {
    session: &'a mut Session<L>,
    block: Block<Vec<u8>>,
    encoder: Encoder,
    capture_bytes: usize,
}

impl<L: Link> Playing<'_, L> {
    /// Adds `vectors`, each an input bank and whether its response is captured, and flushes
    /// where a block is full and at the end; returns what was captured since the last flush.
    ///
    /// `progress` is told the number of these vectors played after each block.
    ///
    /// # Errors
    /// As [`add`](Self::add) and [`flush`](Self::flush).
    pub async fn all(
        &mut self,
        vectors: impl Iterator<Item = (Vec<u8>, bool)>,
        mut progress: impl FnMut(u64),
    ) -> Result<Vec<u8>, SessionError> {
        let mut captures = Vec::new();
        let mut played = 0;
        for (inputs, capture) in vectors {
            if !self.add(&inputs, capture)? {
                captures.extend(self.flush().await?);
                progress(played);
                if !self.add(&inputs, capture)? {
                    return Err(self.too_large(inputs.len()));
                }
            }
            played += 1;
        }
        captures.extend(self.flush().await?);
        progress(played);
        Ok(captures)
    }

    /// Adds the step to `inputs`, the player's whole input bank, to the block that is
    /// being put together; `capture` says whether the response to it is captured. `false`
    /// when the block has no room for it: flush, then add it again.
    ///
    /// # Errors
    /// When not even an empty block has room.
    pub fn add(&mut self, inputs: &[u8], capture: bool) -> Result<bool, SessionError> {
        let response = if capture { Response::Captured } else { Response::Ignored };
        match self.encoder.step(inputs, response, &mut self.block) {
            Ok(()) => Ok(true),
            Err(_) if !self.block.program().is_empty() => Ok(false),
            Err(_) => Err(self.too_large(inputs.len())),
        }
    }

    /// Sends what was added since the last flush, however little, waits until the board
    /// has executed it, and returns what it captured.
    ///
    /// # Errors
    /// When the session has ended; the play has then ended too.
    pub async fn flush(&mut self) -> Result<Vec<u8>, SessionError> {
        let captures = self.session.play_block(&self.block).await?;
        self.block.clear(self.session.room());
        Ok(captures)
    }

    fn too_large(&self, input_bytes: usize) -> SessionError {
        SessionError::StepTooLarge {
            input_bytes,
            capture_bytes: self.capture_bytes,
            room: self.block.room(),
            credit: self.session.credit,
            capture_capacity: self.session.identity.capture_capacity,
        }
    }
}

/// How often a board is asked from which not a byte has come.
const SILENT_ATTEMPTS: u32 = 2;

/// Sends a request, with the block that follows it, until it is answered.
async fn ask<L: Link>(
    line: &mut WireLine<L>,
    name: &'static str,
    request: Request,
    block: &[u8],
) -> Result<Answer, SessionError> {
    let limit = line.timing().limit(request);
    let attempts = line.timing().attempts;
    let mut next = Retry { request, why: String::new(), suspicion: None };
    let mut attempt = 0;
    while attempt < attempts {
        attempt += 1;
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
        if line.record.bytes_up == 0 && attempt >= SILENT_ATTEMPTS {
            // Nobody is there.
            break;
        }
    }
    let silent =
        || SessionError::Silent { request: name, attempts: attempt, reply: limit, last: next.why };
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
        // It has counted since the host's last block: what it says is no accident of the line.
        (NakReason::WrongStep, Request::Play { block, first_step, .. }) => {
            Err(SessionError::Steps { block, expected: first_step, found: nak.steps })
        }
        (NakReason::WrongStep, _) => Err(refused("it has counted other steps")),
        (NakReason::NoSession, _) => Err(SessionError::Reset { request: name }),
        (NakReason::WrongBlock, _) => Err(refused("the block is neither the next nor the last")),
        (NakReason::BadLength, _) => Err(refused("no block has this length")),
        (NakReason::NoIdentity, _) => Err(refused("its bitstream has no identity block")),
    }
}

fn wrong(request: &'static str, reply: &Reply) -> SessionError {
    SessionError::Wrong { request, found: format!("{reply:?}") }
}
