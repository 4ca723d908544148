use crate::regmap::identity;
use crate::{Frame, VERSION};

mod kind {
    pub const HELLO: u8 = 0x01;
    pub const PLAY: u8 = 0x02;
    pub const RESEND: u8 = 0x03;
    pub const SELF_TEST: u8 = 0x04;
    pub const STATUS: u8 = 0x05;
    pub const RESET_PLAYER: u8 = 0x06;
    /// Set in the reply to the request of the same number.
    pub const REPLY: u8 = 0x80;
    pub const NAK: u8 = 0xff;
}

/// What every message begins with, after [`VERSION`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Chosen by the host; a reply carries the tag of its request. 0 is the
    /// board's own: a [`Nak`] of something that could not be read.
    pub tag: u8,
}

/// From host to board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Opens the session. Answered by [`Reply::Hello`].
    Hello,
    /// A block of byte code follows: `length` bytes and their CRC-16. Executed
    /// when `block` is the next one and `first_step` the board's own count; a
    /// repetition of the last is dropped and answered from the capture buffer.
    /// Answered by [`Reply::Played`].
    Play {
        /// Number of the block, from 1.
        block: u16,
        /// Bytes that follow, CRC excluded; 1 to [`MAX_BLOCK`](crate::MAX_BLOCK).
        length: u16,
        /// Number of the block's first step: the steps before it, since the
        /// player's reset.
        first_step: u32,
    },
    /// Asks for the captures of a block again. Answered by [`Reply::Played`] if
    /// it was the last that was executed.
    Resend {
        /// Number of the block.
        block: u16,
    },
    /// Asks for a checksum over the firmware as it stands in RAM. Answered by
    /// [`Reply::SelfTest`].
    SelfTest,
    /// Answered by [`Reply::Status`].
    Status,
    /// Sets all design inputs to 0, the settle time to 1 and the slot to 0.
    /// Answered by [`Reply::PlayerReset`].
    ResetPlayer,
}

/// From board to host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// To [`Request::Hello`].
    Hello(Hello),
    /// To [`Request::Play`] and [`Request::Resend`]; the captures follow.
    Played(Played),
    /// To [`Request::SelfTest`].
    SelfTest(SelfTest),
    /// To [`Request::Status`].
    Status(Status),
    /// To [`Request::ResetPlayer`].
    PlayerReset,
    /// The request was not carried out.
    Nak(Nak),
}

/// Who is there. Most of it is the identity block that the link step wrote into
/// the bitstream, which the firmware passes on unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Firmware version, last block, credit, identity block from the netlist hash on.
    fields: [u8; Self::FIELDS],
}

impl Hello {
    const LAST_BLOCK: usize = 3;
    const CREDIT: usize = 5;
    const IDENTITY: usize = 7;
    const FIELDS: usize = Self::IDENTITY + identity::BYTES - identity::NETLIST_HASH;

    /// `block` is the identity block as it stands in RAM; `None` unless it
    /// begins with the magic.
    pub fn new(
        firmware: [u8; 3],
        last_block: u16,
        credit: u16,
        block: &[u8; identity::BYTES],
    ) -> Option<Self> {
        let (magic, rest) = block.split_first_chunk()?;
        if *magic != *b"FLB1" {
            return None;
        }
        let mut fields = [0; Self::FIELDS];
        fields[..Self::LAST_BLOCK].copy_from_slice(&firmware);
        fields[Self::LAST_BLOCK..Self::CREDIT].copy_from_slice(&last_block.to_le_bytes());
        fields[Self::CREDIT..Self::IDENTITY].copy_from_slice(&credit.to_le_bytes());
        fields[Self::IDENTITY..].copy_from_slice(rest);
        Some(Self { fields })
    }

    /// Major, minor and patch version of the firmware.
    pub fn firmware(&self) -> [u8; 3] {
        self.field(0)
    }

    /// Number of the last block executed since the board's reset, 0 for none.
    pub fn last_block(&self) -> u16 {
        u16::from_le_bytes(self.field(Self::LAST_BLOCK))
    }

    /// Bytes that the board can take now, see [`Played::credit`].
    pub fn credit(&self) -> u16 {
        u16::from_le_bytes(self.field(Self::CREDIT))
    }

    /// First 16 bytes of the SHA-256 of the linked netlist.
    pub fn netlist_hash(&self) -> [u8; 16] {
        self.identity(identity::NETLIST_HASH)
    }

    /// Bytes of the player's input bank.
    pub fn input_bytes(&self) -> u8 {
        self.identity_byte(identity::INPUT_BYTES)
    }

    /// Bytes that a full capture has.
    pub fn output_bytes(&self) -> u8 {
        self.identity_byte(identity::OUTPUT_BYTES)
    }

    /// Designs in this bitstream.
    pub fn slots(&self) -> u8 {
        self.identity_byte(identity::SLOTS)
    }

    /// Capabilities; none are defined yet.
    pub fn flags(&self) -> u8 {
        self.identity_byte(identity::FLAGS)
    }

    /// Frequency of the board clock, in Hz.
    pub fn clock_hz(&self) -> u32 {
        u32::from_le_bytes(self.identity(identity::CLOCK_HZ))
    }

    /// Bytes of the capture buffer.
    pub fn capture_capacity(&self) -> u16 {
        u16::from_le_bytes(self.identity(identity::CAPTURE_CAPACITY))
    }

    /// Bytes of the receive ring.
    pub fn ring_capacity(&self) -> u16 {
        u16::from_le_bytes(self.identity(identity::RING_CAPACITY))
    }

    fn identity_byte(&self, offset: usize) -> u8 {
        let [byte] = self.identity(offset);
        byte
    }

    fn identity<const N: usize>(&self, offset: usize) -> [u8; N] {
        self.field(Self::IDENTITY + offset - identity::NETLIST_HASH)
    }

    fn field<const N: usize>(&self, start: usize) -> [u8; N] {
        let mut field = [0; N];
        if let Some(bytes) = self.fields.get(start..start + N) {
            field.copy_from_slice(bytes);
        }
        field
    }
}

/// What a block did. The captured bytes and their CRC-16 follow on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Played {
    /// Number of the block.
    pub block: u16,
    /// Bytes that follow, CRC excluded.
    pub captured: u16,
    /// Steps executed since the player's reset, those of this block included:
    /// the first step of the next block.
    pub steps: u32,
    /// Bytes that the board can take now: the next request's frame, block and CRC
    /// together, see [`RING_MARGIN`](crate::RING_MARGIN). Not what it could when the
    /// block was played, so a repetition of this message may differ in it.
    pub credit: u16,
    /// The player met a byte that is no opcode.
    pub bad_opcode: bool,
    /// Captures did not fit the capture buffer and are lost.
    pub capture_overflow: bool,
}

impl Played {
    const BAD_OPCODE: u8 = 1 << 0;
    const CAPTURE_OVERFLOW: u8 = 1 << 1;
}

/// A checksum over the firmware as it stands in RAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelfTest {
    /// Address of the first byte that was summed.
    pub start: u16,
    /// Bytes summed.
    pub length: u16,
    /// Their CRC-16.
    pub crc: u16,
}

impl SelfTest {
    /// Bytes at the start of the image that a firmware may leave out: its first
    /// instruction, at an address that Rust has no pointer for. Everything behind it is
    /// summed.
    pub const UNSUMMED_MAX: usize = 4;
}

/// Where the session stands, and what went wrong on the way since the reset.
/// Counters stop at 255.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Number of the last block executed, 0 for none.
    pub last_block: u16,
    /// Steps executed since the player's reset, as counted behind the last block.
    pub steps: u32,
    /// Frames that could not be read.
    pub bad_frames: u8,
    /// Blocks whose CRC did not match.
    pub bad_blocks: u8,
    /// Blocks that stopped arriving.
    pub stalls: u8,
    /// Times that the receiver dropped a byte.
    pub overflows: u8,
}

/// The request was not carried out, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nak {
    /// Why.
    pub reason: NakReason,
    /// Number of the block that the board would execute next.
    pub expected: u16,
    /// Steps executed since the player's reset, as counted behind the last block: that
    /// block's first step.
    pub steps: u32,
}

/// Why a request was not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum NakReason {
    /// A frame could not be read. The board has dropped everything up to a pause
    /// on the line. Carries tag 0.
    BadFrame = 1,
    /// The message has another version or an unknown kind.
    UnknownMessage = 2,
    /// No `Hello` since the board's reset.
    NoSession = 3,
    /// Neither the next block nor the last.
    WrongBlock = 4,
    /// A length that no block can have.
    BadLength = 5,
    /// The block's CRC does not match.
    BadBlock = 6,
    /// The block stopped arriving.
    Stalled = 7,
    /// There is no identity block: the bitstream was not made by the link step.
    NoIdentity = 8,
    /// The next block, but it begins at another step than the board counted behind the
    /// last one. It is not executed.
    WrongStep = 9,
}

impl NakReason {
    const ALL: [Self; 9] = [
        Self::BadFrame,
        Self::UnknownMessage,
        Self::NoSession,
        Self::WrongBlock,
        Self::BadLength,
        Self::BadBlock,
        Self::Stalled,
        Self::NoIdentity,
        Self::WrongStep,
    ];
}

/// Why the content of a frame is no message of this protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageError {
    /// It begins with another version.
    Version {
        /// Which.
        found: u8,
    },
    /// A kind, a length or a value that this version does not have.
    Malformed,
}

impl Request {
    /// The message, ready to be sent.
    pub fn frame(&self, tag: u8) -> Frame {
        let mut frame = Frame::new();
        self.write(tag, &mut frame);
        frame
    }

    fn write(&self, tag: u8, frame: &mut Frame) {
        match *self {
            Self::Hello => fill(frame, tag, kind::HELLO, &[]),
            Self::Play { block, length, first_step } => {
                let ([b0, b1], [l0, l1]) = (block.to_le_bytes(), length.to_le_bytes());
                let [s0, s1, s2, s3] = first_step.to_le_bytes();
                fill(frame, tag, kind::PLAY, &[b0, b1, l0, l1, s0, s1, s2, s3])
            }
            Self::Resend { block } => fill(frame, tag, kind::RESEND, &block.to_le_bytes()),
            Self::SelfTest => fill(frame, tag, kind::SELF_TEST, &[]),
            Self::Status => fill(frame, tag, kind::STATUS, &[]),
            Self::ResetPlayer => fill(frame, tag, kind::RESET_PLAYER, &[]),
        }
    }

    /// Reads what a frame contained.
    pub fn decode(message: &[u8]) -> Result<(Header, Self), MessageError> {
        let (header, kind, fields) = open(message)?;
        let request = match (kind, fields) {
            (kind::HELLO, []) => Self::Hello,
            (kind::PLAY, &[b0, b1, l0, l1, s0, s1, s2, s3]) => Self::Play {
                block: u16::from_le_bytes([b0, b1]),
                length: u16::from_le_bytes([l0, l1]),
                first_step: u32::from_le_bytes([s0, s1, s2, s3]),
            },
            (kind::RESEND, &[b0, b1]) => Self::Resend { block: u16::from_le_bytes([b0, b1]) },
            (kind::SELF_TEST, []) => Self::SelfTest,
            (kind::STATUS, []) => Self::Status,
            (kind::RESET_PLAYER, []) => Self::ResetPlayer,
            _ => return Err(MessageError::Malformed),
        };
        Ok((header, request))
    }
}

impl Reply {
    /// The message, ready to be sent.
    pub fn frame(&self, tag: u8) -> Frame {
        let mut frame = Frame::new();
        self.write(tag, &mut frame);
        frame
    }

    /// Appends the message to an empty frame. For a firmware that keeps one frame
    /// and has no memory to move it about.
    pub fn write(&self, tag: u8, frame: &mut Frame) {
        match self {
            Self::Hello(hello) => fill(frame, tag, kind::HELLO | kind::REPLY, &hello.fields),
            Self::Played(played) => {
                let mut flags = 0;
                if played.bad_opcode {
                    flags |= Played::BAD_OPCODE;
                }
                if played.capture_overflow {
                    flags |= Played::CAPTURE_OVERFLOW;
                }
                let [b0, b1] = played.block.to_le_bytes();
                let [c0, c1] = played.captured.to_le_bytes();
                let [s0, s1, s2, s3] = played.steps.to_le_bytes();
                let [r0, r1] = played.credit.to_le_bytes();
                let fields = [b0, b1, c0, c1, s0, s1, s2, s3, r0, r1, flags];
                fill(frame, tag, kind::PLAY | kind::REPLY, &fields)
            }
            Self::SelfTest(test) => {
                let [s0, s1] = test.start.to_le_bytes();
                let [l0, l1] = test.length.to_le_bytes();
                let [c0, c1] = test.crc.to_le_bytes();
                let fields = [s0, s1, l0, l1, c0, c1];
                fill(frame, tag, kind::SELF_TEST | kind::REPLY, &fields)
            }
            Self::Status(status) => {
                let [b0, b1] = status.last_block.to_le_bytes();
                let [s0, s1, s2, s3] = status.steps.to_le_bytes();
                let fields = [
                    b0,
                    b1,
                    s0,
                    s1,
                    s2,
                    s3,
                    status.bad_frames,
                    status.bad_blocks,
                    status.stalls,
                    status.overflows,
                ];
                fill(frame, tag, kind::STATUS | kind::REPLY, &fields)
            }
            Self::PlayerReset => fill(frame, tag, kind::RESET_PLAYER | kind::REPLY, &[]),
            Self::Nak(nak) => {
                let [e0, e1] = nak.expected.to_le_bytes();
                let [s0, s1, s2, s3] = nak.steps.to_le_bytes();
                fill(frame, tag, kind::NAK, &[nak.reason as u8, e0, e1, s0, s1, s2, s3])
            }
        }
    }

    /// Reads what a frame contained.
    pub fn decode(message: &[u8]) -> Result<(Header, Self), MessageError> {
        const HELLO: u8 = kind::HELLO | kind::REPLY;
        const PLAYED: u8 = kind::PLAY | kind::REPLY;
        const SELF_TEST: u8 = kind::SELF_TEST | kind::REPLY;
        const STATUS: u8 = kind::STATUS | kind::REPLY;
        const PLAYER_RESET: u8 = kind::RESET_PLAYER | kind::REPLY;

        let (header, kind, fields) = open(message)?;
        let reply = match (kind, fields) {
            (HELLO, fields) => Self::Hello(Hello {
                fields: fields.try_into().map_err(|_| MessageError::Malformed)?,
            }),
            (PLAYED, &[b0, b1, c0, c1, s0, s1, s2, s3, r0, r1, flags]) => Self::Played(Played {
                block: u16::from_le_bytes([b0, b1]),
                captured: u16::from_le_bytes([c0, c1]),
                steps: u32::from_le_bytes([s0, s1, s2, s3]),
                credit: u16::from_le_bytes([r0, r1]),
                bad_opcode: flags & Played::BAD_OPCODE != 0,
                capture_overflow: flags & Played::CAPTURE_OVERFLOW != 0,
            }),
            (SELF_TEST, &[s0, s1, l0, l1, c0, c1]) => Self::SelfTest(SelfTest {
                start: u16::from_le_bytes([s0, s1]),
                length: u16::from_le_bytes([l0, l1]),
                crc: u16::from_le_bytes([c0, c1]),
            }),
            (STATUS, &[b0, b1, s0, s1, s2, s3, bad_frames, bad_blocks, stalls, overflows]) => {
                Self::Status(Status {
                    last_block: u16::from_le_bytes([b0, b1]),
                    steps: u32::from_le_bytes([s0, s1, s2, s3]),
                    bad_frames,
                    bad_blocks,
                    stalls,
                    overflows,
                })
            }
            (PLAYER_RESET, []) => Self::PlayerReset,
            (kind::NAK, &[reason, e0, e1, s0, s1, s2, s3]) => Self::Nak(Nak {
                reason: NakReason::ALL
                    .into_iter()
                    .find(|&known| known as u8 == reason)
                    .ok_or(MessageError::Malformed)?,
                expected: u16::from_le_bytes([e0, e1]),
                steps: u32::from_le_bytes([s0, s1, s2, s3]),
            }),
            _ => return Err(MessageError::Malformed),
        };
        Ok((header, reply))
    }
}

fn fill(frame: &mut Frame, tag: u8, kind: u8, fields: &[u8]) {
    frame.extend(&[VERSION, tag, kind]);
    frame.extend(fields);
}

fn open(message: &[u8]) -> Result<(Header, u8, &[u8]), MessageError> {
    match *message {
        [VERSION, tag, kind, ref fields @ ..] => Ok((Header { tag }, kind, fields)),
        [found, _, _, ..] => Err(MessageError::Version { found }),
        _ => Err(MessageError::Malformed),
    }
}
