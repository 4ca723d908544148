use embedded_io::ReadExactError;
use filbench_wire::regmap::identity;
use filbench_wire::{
    Crc16, Frame, FrameDecoder, Hello, MAX_BLOCK, MAX_REQUEST, Nak, NakReason, Played, Reply,
    Request, SelfTest, Status,
};

use crate::{BlockCheck, Line, Player};

/// What a session reports about the firmware it runs in.
#[derive(Clone, Copy, Debug)]
pub struct Platform<'a> {
    /// Major, minor and patch version of the firmware.
    pub firmware: [u8; 3],
    /// The identity block that the link step wrote.
    pub identity: &'a [u8; identity::BYTES],
    /// What [`Request::SelfTest`] sums: code and constants, to the end of the image and
    /// from its beginning but for [`SelfTest::UNSUMMED_MAX`] bytes.
    pub image: &'a [u8],
    /// Where that begins within the image.
    pub image_start: u16,
}

/// The session with the host.
///
/// It answers every readable request with exactly one reply, executes block *n*
/// only after block *n* − 1, only once and only behind as many steps as the host
/// says, and executes nothing before a `Hello`: a host that goes on after the
/// board was reset is told so.
#[derive(Debug)]
pub struct Session<'a, L, P> {
    line: L,
    player: P,
    platform: Platform<'a>,
    decoder: FrameDecoder<{ MAX_REQUEST + 2 }>,
    reply: Frame,
    greeted: bool,
    /// What the last block did; block 0 for none.
    last: Played,
    errors: Errors,
}

/// What went wrong on the line; counters stop at 255.
#[derive(Debug, Default)]
struct Errors {
    bad_frames: u8,
    bad_blocks: u8,
    stalls: u8,
    overflows: u8,
}

impl<'a, L: Line, P: Player> Session<'a, L, P> {
    /// A session in which nothing has happened yet.
    pub fn new(line: L, player: P, platform: Platform<'a>) -> Self {
        Self {
            line,
            player,
            platform,
            decoder: FrameDecoder::new(),
            reply: Frame::new(),
            greeted: false,
            last: Played {
                block: 0,
                captured: 0,
                steps: 0,
                credit: 0,
                bad_opcode: false,
                capture_overflow: false,
            },
            errors: Errors::default(),
        }
    }

    /// Reads until a frame has ended and answers it.
    ///
    /// # Errors
    /// Those of the line, and its end. A frame that has begun stays begun.
    pub fn serve(&mut self) -> Result<(), ReadExactError<L::Error>> {
        loop {
            let mut byte = [0];
            self.line.read_exact(&mut byte)?;
            match self.decoder.push(byte[0]) {
                None => continue,
                Some(Ok(message)) => match Request::decode(message) {
                    Ok((header, request)) => self.answer(header.tag, request)?,
                    // Whatever it asks for, a block may follow.
                    Err(_) => self.resynchronise(NakReason::UnknownMessage)?,
                },
                Some(Err(_)) => {
                    count(&mut self.errors.bad_frames);
                    self.resynchronise(NakReason::BadFrame)?;
                }
            }
            return Ok(());
        }
    }

    /// Drops what is on the line and says so.
    fn resynchronise(&mut self, reason: NakReason) -> Result<(), L::Error> {
        self.line.drain()?;
        self.refuse(0, reason)
    }

    fn answer(&mut self, tag: u8, request: Request) -> Result<(), L::Error> {
        let reply = match request {
            Request::Play { block, length, first_step } => {
                return self.play(tag, block, length, first_step);
            }
            Request::Resend { block } => {
                if !self.greeted {
                    return self.refuse(tag, NakReason::NoSession);
                }
                if block != self.last.block || block == 0 {
                    return self.refuse(tag, NakReason::WrongBlock);
                }
                return self.send_played(tag);
            }
            Request::Hello => {
                let Platform { firmware, identity, .. } = self.platform;
                let credit = self.line.room();
                let Some(hello) = Hello::new(firmware, self.last.block, credit, identity) else {
                    return self.refuse(tag, NakReason::NoIdentity);
                };
                self.greeted = true;
                Reply::Hello(hello)
            }
            Request::SelfTest => {
                let Platform { image, image_start, .. } = self.platform;
                Reply::SelfTest(SelfTest {
                    start: image_start,
                    length: image.len() as u16,
                    crc: u16::from_le_bytes(Crc16::of(image).to_bytes()),
                })
            }
            Request::Status => {
                self.count_overflow();
                Reply::Status(Status {
                    last_block: self.last.block,
                    steps: self.player.steps(),
                    bad_frames: self.errors.bad_frames,
                    bad_blocks: self.errors.bad_blocks,
                    stalls: self.errors.stalls,
                    overflows: self.errors.overflows,
                })
            }
            Request::ResetPlayer => {
                self.player.reset();
                Reply::PlayerReset
            }
        };
        self.send(tag, &reply)
    }

    fn play(&mut self, tag: u8, block: u16, length: u16, first_step: u32) -> Result<(), L::Error> {
        if !(1..=MAX_BLOCK).contains(&usize::from(length)) {
            self.line.drain()?;
            return self.refuse(tag, NakReason::BadLength);
        }
        match self.player.check(length) {
            BlockCheck::Good => {}
            BlockCheck::Bad => {
                count(&mut self.errors.bad_blocks);
                self.count_overflow();
                return self.refuse(tag, NakReason::BadBlock);
            }
            BlockCheck::Stalled => {
                count(&mut self.errors.stalls);
                self.count_overflow();
                return self.refuse(tag, NakReason::Stalled);
            }
        }
        let is_next = self.greeted && block == self.expected() && block != 0;
        if is_next && first_step == self.player.steps() {
            // Noted before it is executed: a block that was begun is never begun again.
            self.last.block = block;
            let outcome = self.player.play();
            self.last.captured = outcome.captured;
            self.last.steps = outcome.steps;
            self.last.bad_opcode = outcome.bad_opcode;
            self.last.capture_overflow = outcome.capture_overflow;
            return self.send_played(tag);
        }
        self.player.drop_block();
        if !self.greeted {
            self.refuse(tag, NakReason::NoSession)
        } else if is_next {
            self.refuse(tag, NakReason::WrongStep)
        } else if block == self.last.block && block != 0 {
            self.send_played(tag)
        } else {
            self.refuse(tag, NakReason::WrongBlock)
        }
    }

    fn send_played(&mut self, tag: u8) -> Result<(), L::Error> {
        self.last.credit = self.line.room();
        self.send(tag, &Reply::Played(self.last))?;
        self.player.send_captured();
        Ok(())
    }

    // Once, for all the refusals: the soft MCU has 4 KiB. So is the next one.
    #[inline(never)]
    fn refuse(&mut self, tag: u8, reason: NakReason) -> Result<(), L::Error> {
        let (expected, steps) = (self.expected(), self.player.steps());
        self.send(tag, &Reply::Nak(Nak { reason, expected, steps }))
    }

    fn send(&mut self, tag: u8, reply: &Reply) -> Result<(), L::Error> {
        reply.write(tag, &mut self.reply);
        self.line.write_all(self.reply.finish())
    }

    fn expected(&self) -> u16 {
        self.last.block.wrapping_add(1)
    }

    #[inline(never)]
    fn count_overflow(&mut self) {
        if self.line.take_overflow() {
            count(&mut self.errors.overflows);
        }
    }
}

fn count(counter: &mut u8) {
    *counter = counter.saturating_add(1);
}
