//! The player's byte code: an encoder that finds short programs, and a decoder
//! that says what a program means.
//!
//! The opcodes are those of `fpga/regmap.toml`, see [`opcode`]. A program travels in blocks;
//! [`Encoder`] keeps a step's bytes in one block, so that a block ends where the
//! design stands still.

use crate::regmap::opcode;

/// The widest input bank, in bytes.
pub const MAX_INPUT_BYTES: usize = 255;

/// The longest program of one step: pointer, every byte in runs, and the step.
const MAX_STEP_PROGRAM: usize = 2 + MAX_INPUT_BYTES + MAX_INPUT_BYTES.div_ceil(RUN) + 1;

/// The longest run of one `SET_RUN`.
const RUN: usize = opcode::SET_RUN_N as usize + 1;

/// Input bytes that opcodes with an address reach.
const ADDRESSABLE: usize = opcode::SET_BYTE_A as usize + 1;

/// What a step does after the settle time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Response {
    /// Nothing is captured.
    Ignored,
    /// The outputs go to the capture buffer.
    Captured,
}

/// A block that is being filled, bounded by the board's credit and capture buffer.
///
/// `B` is the memory that it lies in.
#[derive(Clone, Debug)]
pub struct Block<B> {
    bytes: B,
    /// Bytes of `bytes` that may be used.
    room: usize,
    length: usize,
    captured: usize,
    capture_capacity: usize,
    steps: usize,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Block<B> {
    /// An empty block for at most as many bytes of program as `bytes` has, which
    /// capture at most `capture_capacity` bytes.
    pub fn new(bytes: B, capture_capacity: usize) -> Self {
        let room = bytes.as_ref().len();
        Self { bytes, room, length: 0, captured: 0, capture_capacity, steps: 0 }
    }

    /// The program so far.
    pub fn program(&self) -> &[u8] {
        self.bytes.as_ref().get(..self.length).unwrap_or_default()
    }

    /// Bytes of program that fit in all.
    pub fn room(&self) -> usize {
        self.room
    }

    /// Bytes that the program captures.
    pub fn captured(&self) -> usize {
        self.captured
    }

    /// Steps that the program makes.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Empties the block, which from now on takes at most `room` bytes of program,
    /// and never more than its memory has.
    pub fn clear(&mut self, room: usize) {
        self.room = room.min(self.bytes.as_ref().len());
        self.length = 0;
        self.captured = 0;
        self.steps = 0;
    }

    fn append(&mut self, program: &[u8], captured: usize) -> Result<(), BlockFull> {
        let end = self.length + program.len();
        let room = self.bytes.as_mut().get_mut(..self.room).ok_or(BlockFull)?;
        let room = room.get_mut(self.length..end).ok_or(BlockFull)?;
        if self.captured + captured > self.capture_capacity {
            return Err(BlockFull);
        }
        room.copy_from_slice(program);
        self.length = end;
        self.captured += captured;
        Ok(())
    }
}

/// The step fits the block no more, in bytes of program or of captures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockFull;

/// Turns input vectors into byte code.
///
/// Starts where the player stands after its reset: all inputs 0.
#[derive(Clone, Debug)]
pub struct Encoder {
    inputs: [u8; MAX_INPUT_BYTES],
    capture_bytes: usize,
}

impl Encoder {
    /// An encoder for captures of one byte, the player's state after a reset.
    pub fn new() -> Self {
        Self { inputs: [0; MAX_INPUT_BYTES], capture_bytes: 1 }
    }

    /// Appends what sets the settle time, in cycles of `play_clk` (0 acts as 1),
    /// and the bytes of a capture, 1 to 256.
    pub fn configure<B: AsRef<[u8]> + AsMut<[u8]>>(
        &mut self,
        settle_cycles: u8,
        capture_bytes: usize,
        block: &mut Block<B>,
    ) -> Result<(), BlockFull> {
        let capture_bytes = capture_bytes.clamp(1, 256);
        let program = [
            opcode::SETTLE,
            settle_cycles.max(1),
            opcode::CAPTURE_BYTES,
            (capture_bytes - 1) as u8,
        ];
        block.append(&program, 0)?;
        self.capture_bytes = capture_bytes;
        Ok(())
    }

    /// Appends what chooses the design in `slot`, which all later steps drive and
    /// capture. Only before the first step: the inputs must be 0.
    pub fn select<B: AsRef<[u8]> + AsMut<[u8]>>(
        &mut self,
        slot: u8,
        block: &mut Block<B>,
    ) -> Result<(), BlockFull> {
        block.append(&[opcode::SLOT, slot], 0)
    }

    /// Appends the step from the previous inputs to `inputs`, byte 0 first. Bytes
    /// that `inputs` lacks keep their value; bytes past [`MAX_INPUT_BYTES`] do
    /// not exist.
    ///
    /// Bytes are written in any order, one or more cycles apart, and the one that
    /// `STEP_LOW` or `STEP_BYTE` names last, together with the step. So a step that
    /// changes an event input must change nothing else.
    ///
    /// # Errors
    /// When the step does not fit; block and encoder are then unchanged, and the
    /// step can be tried again on an empty block.
    pub fn step<B: AsRef<[u8]> + AsMut<[u8]>>(
        &mut self,
        inputs: &[u8],
        response: Response,
        block: &mut Block<B>,
    ) -> Result<(), BlockFull> {
        let mut program = StepProgram::new();
        program.encode(&self.inputs, inputs, response);
        let captured = match response {
            Response::Ignored => 0,
            Response::Captured => self.capture_bytes,
        };
        block.append(program.bytes(), captured)?;
        block.steps += 1;
        for (known, &new) in self.inputs.iter_mut().zip(inputs) {
            *known = new;
        }
        Ok(())
    }
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

/// The opcodes of one step.
struct StepProgram {
    bytes: [u8; MAX_STEP_PROGRAM],
    length: usize,
}

/// How a changed byte is best written.
#[derive(Clone, Copy)]
enum Write {
    /// It need not be.
    Skip,
    /// By an opcode with an address.
    Single,
    /// Together with the bytes after it, as many as stated in all.
    Run(usize),
}

impl StepProgram {
    fn new() -> Self {
        Self { bytes: [0; MAX_STEP_PROGRAM], length: 0 }
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    fn push(&mut self, bytes: &[u8]) {
        self.bytes[self.length..][..bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }

    fn encode(&mut self, old: &[u8; MAX_INPUT_BYTES], new: &[u8], response: Response) {
        let (low_capture, byte_capture, step) = match response {
            Response::Ignored => (0, 0, opcode::STEP),
            Response::Captured => (opcode::STEP_LOW_C, opcode::STEP_BYTE_C, opcode::STEP_CAPTURE),
        };
        let count = new.len().min(MAX_INPUT_BYTES);
        let mut changed = [false; MAX_INPUT_BYTES];
        for (index, flag) in changed.iter_mut().take(count).enumerate() {
            *flag = old[index] != new[index];
        }
        // STEP_LOW writes byte 0 and steps in one byte, which nothing beats.
        let low = changed[0] && (old[0] ^ new[0]) & !opcode::STEP_LOW_D == 0;
        changed[0] &= !low;

        let plan = plan(&changed, count);
        // A single write can be merged with the step, so the latest is held back.
        let mut held: Option<usize> = None;
        let mut index = 0;
        while index < count {
            match plan[index] {
                Write::Skip => index += 1,
                Write::Single => {
                    if let Some(earlier) = held.replace(index) {
                        self.push(&[opcode::SET_BYTE | earlier as u8, new[earlier]]);
                    }
                    index += 1;
                }
                Write::Run(length) => {
                    self.push(&[opcode::POINTER, index as u8]);
                    for run in new[index..index + length].chunks(RUN) {
                        self.push(&[opcode::SET_RUN | (run.len() - 1) as u8]);
                        self.push(run);
                    }
                    index += length;
                }
            }
        }
        if low {
            if let Some(earlier) = held {
                self.push(&[opcode::SET_BYTE | earlier as u8, new[earlier]]);
            }
            self.push(&[opcode::STEP_LOW | low_capture | (new[0] & opcode::STEP_LOW_D)]);
        } else if let Some(last) = held {
            self.push(&[opcode::STEP_BYTE | byte_capture | last as u8, new[last]]);
        } else {
            self.push(&[step]);
        }
    }
}

/// The cheapest way to write the changed ones of `count` bytes, found from the
/// end: the cost of what begins at a byte depends only on what comes after.
fn plan(changed: &[bool; MAX_INPUT_BYTES], count: usize) -> [Write; MAX_INPUT_BYTES] {
    let mut plan = [Write::Skip; MAX_INPUT_BYTES];
    let mut cost = [0; MAX_INPUT_BYTES + 1];
    for first in (0..count).rev() {
        if !changed[first] {
            cost[first] = cost[first + 1];
            continue;
        }
        cost[first] = usize::MAX;
        if first < ADDRESSABLE {
            cost[first] = 2 + cost[first + 1];
            plan[first] = Write::Single;
        }
        for end in first + 1..=count {
            let length = end - first;
            let run = 2 + length.div_ceil(RUN) + length + cost[end];
            if run < cost[first] {
                cost[first] = run;
                plan[first] = Write::Run(length);
            }
        }
    }
    plan
}

/// What one opcode does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Writes an input byte.
    Set {
        /// Which.
        address: u8,
        /// Its new value.
        value: u8,
    },
    /// Steps.
    Step(Response),
    /// Writes bits 5:0 of input byte 0 and steps.
    StepLow {
        /// The new bits.
        bits: u8,
        /// What happens after the settle time.
        response: Response,
    },
    /// Writes an input byte and steps.
    StepByte {
        /// Which.
        address: u8,
        /// Its new value.
        value: u8,
        /// What happens after the settle time.
        response: Response,
    },
    /// Sets the settle time, in cycles of `play_clk`.
    Settle(u8),
    /// Sets the bytes of a capture, 1 to 256.
    CaptureBytes(u16),
    /// Chooses the design that is driven and captured.
    Slot(u8),
}

/// The byte is no opcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReservedOpcode(pub u8);

/// Reads byte code, byte by byte.
///
/// Starts where the player stands after its reset.
#[derive(Clone, Debug)]
pub struct Decoder {
    /// Address of the next byte that is written.
    pointer: u8,
    operand: Operand,
}

/// What the next byte is.
#[derive(Clone, Copy, Debug)]
enum Operand {
    Opcode,
    StepByte(Response),
    /// Written at the pointer, and so are the given number of bytes after it.
    Run(u8),
    Pointer,
    Settle,
    CaptureBytes,
    Slot,
}

impl Decoder {
    /// A decoder that waits for an opcode.
    pub fn new() -> Self {
        Self { pointer: 0, operand: Operand::Opcode }
    }

    /// Whether the next byte is an opcode.
    pub fn is_between_opcodes(&self) -> bool {
        matches!(self.operand, Operand::Opcode)
    }

    /// Takes one byte; answers when it completes an operation. After an error
    /// the decoder waits for an opcode.
    pub fn push(&mut self, byte: u8) -> Result<Option<Operation>, ReservedOpcode> {
        let operand = core::mem::replace(&mut self.operand, Operand::Opcode);
        Ok(Some(match operand {
            Operand::Opcode => return self.opcode(byte),
            Operand::StepByte(response) => {
                Operation::StepByte { address: self.write(), value: byte, response }
            }
            Operand::Run(more) => {
                if let Some(more) = more.checked_sub(1) {
                    self.operand = Operand::Run(more);
                }
                Operation::Set { address: self.write(), value: byte }
            }
            Operand::Pointer => {
                self.pointer = byte;
                return Ok(None);
            }
            Operand::Settle => Operation::Settle(byte),
            Operand::CaptureBytes => Operation::CaptureBytes(u16::from(byte) + 1),
            Operand::Slot => Operation::Slot(byte),
        }))
    }

    /// The address of a byte that is written now.
    fn write(&mut self) -> u8 {
        let address = self.pointer;
        self.pointer = address.wrapping_add(1);
        address
    }

    fn opcode(&mut self, byte: u8) -> Result<Option<Operation>, ReservedOpcode> {
        let response = |mask| match byte & mask {
            0 => Response::Ignored,
            _ => Response::Captured,
        };
        if byte & opcode::STEP_LOW != 0 {
            return Ok(Some(Operation::StepLow {
                bits: byte & opcode::STEP_LOW_D,
                response: response(opcode::STEP_LOW_C),
            }));
        }
        self.operand = if byte & opcode::STEP_BYTE != 0 {
            self.pointer = byte & opcode::STEP_BYTE_A;
            Operand::StepByte(response(opcode::STEP_BYTE_C))
        } else if byte & opcode::SET_BYTE != 0 {
            self.pointer = byte & opcode::SET_BYTE_A;
            Operand::Run(0)
        } else if byte & opcode::SET_RUN != 0 {
            Operand::Run(byte & opcode::SET_RUN_N)
        } else {
            match byte {
                opcode::NOP => return Ok(None),
                opcode::STEP => return Ok(Some(Operation::Step(Response::Ignored))),
                opcode::STEP_CAPTURE => return Ok(Some(Operation::Step(Response::Captured))),
                opcode::SETTLE => Operand::Settle,
                opcode::POINTER => Operand::Pointer,
                opcode::CAPTURE_BYTES => Operand::CaptureBytes,
                opcode::SLOT => Operand::Slot,
                _ => return Err(ReservedOpcode(byte)),
            }
        };
        Ok(None)
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}
