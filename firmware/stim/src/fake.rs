//! A fixture in software: registers with their waits, a ring and a capture buffer
//! with their limits, and a player that executes the byte code on a small design.
//!
//! It runs only while [`FakeBoard::exchange`] is called, so nothing waits and
//! nothing depends on the host's clock: when the bytes of an exchange are used
//! up, the line counts as idle for long enough to end any wait.
//!
//! It is as strict as the gateware is unforgiving: an access that would block for
//! ever there, or do nothing, panics here.

use std::boxed::Box;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::vec;
use std::vec::Vec;

use filbench_wire::program::{Decoder, MAX_INPUT_BYTES, Operation, Response};
use filbench_wire::regmap::{capacity, identity};
use filbench_wire::{Crc16, MAX_BLOCK, RING_MARGIN, SelfTest};

use crate::fixture::{FixtureLine, FixturePlayer, Registers};
use crate::regmap::{
    block_length, block_wait, captured, control, drop_block, play, play_wait, rx_data,
    send_captured, status, tx_data,
};
use crate::{Platform, Session};

/// Designs that the fake says it has.
pub const SLOTS: u8 = 4;
/// Slots of the receive ring, one of which stays free.
pub const RING_CAPACITY: usize = capacity::RING;
/// Bytes of the capture buffer.
pub const CAPTURE_CAPACITY: usize = capacity::CAPTURE;

/// The longest block for which the empty ring's credit is enough.
pub const BLOCK_CAPACITY: usize = RING_CAPACITY - 1 - RING_MARGIN;

/// A design under test.
pub trait Design: Send {
    /// New inputs, byte 0 first; called for every write, so an edge is seen.
    fn drive(&mut self, inputs: &[u8]);
    /// Output byte `index`.
    fn output(&self, index: usize) -> u8;
    /// From now on the design in `slot` is meant; one that is all designs need not care.
    fn select(&mut self, _slot: u8) {}
}

/// A design that notices every step too many and every input gone wrong: it
/// counts rising edges of bit 0 of byte 0, and sums all inputs at each.
#[derive(Clone, Debug)]
pub struct EdgeCounter {
    edges: u64,
    sum: u32,
    inputs: Vec<u8>,
}

impl EdgeCounter {
    /// No edge yet, all inputs 0.
    pub fn new() -> Self {
        Self { edges: 0, sum: 0, inputs: vec![0; MAX_INPUT_BYTES] }
    }

    /// Rising edges so far.
    pub fn edges(&self) -> u64 {
        self.edges
    }
}

impl Default for EdgeCounter {
    fn default() -> Self {
        Self::new()
    }
}

impl Design for EdgeCounter {
    fn drive(&mut self, inputs: &[u8]) {
        let rises = |bytes: &[u8]| bytes.first().is_some_and(|byte| byte & 1 == 1);
        if rises(inputs) && !rises(&self.inputs) {
            self.edges += 1;
            for &byte in inputs {
                self.sum = self.sum.rotate_left(5) ^ u32::from(byte);
            }
        }
        self.inputs = inputs.to_vec();
    }

    fn output(&self, index: usize) -> u8 {
        match index % 4 {
            0 => self.edges as u8,
            1 => (self.edges >> 8) as u8,
            2 => self.sum.to_le_bytes()[index / 4 % 4],
            _ => !self.inputs.get(index / 4).copied().unwrap_or(0),
        }
    }
}

/// What the check pass makes of the ring.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    Free { checked: bool },
    Arriving { length: usize },
    Good { length: usize },
}

struct State {
    ring: VecDeque<u8>,
    stall_timer: bool,
    overflow: bool,
    block: Block,
    sent: Vec<u8>,
    player: Decoder,
    inputs: Vec<u8>,
    design: Box<dyn Design>,
    capture: Vec<u8>,
    capture_bytes: usize,
    capture_overflow: bool,
    bad_opcode: bool,
    /// The player is held in reset.
    held: bool,
    steps: u32,
    /// The most room that the status tells of.
    room_claimed: usize,
}

impl State {
    fn check(&mut self, length: usize) {
        assert!(matches!(self.block, Block::Free { .. }), "a block is pending: this does nothing");
        assert!((1..=MAX_BLOCK).contains(&length), "no block has {length} bytes");
        self.block = Block::Arriving { length };
    }

    /// The check pass over what has come.
    fn advance(&mut self) {
        let Block::Arriving { length } = self.block else {
            return;
        };
        if self.ring.len() < length + 2 {
            return;
        }
        let mut crc = Crc16::new();
        self.ring.iter().take(length + 2).for_each(|&byte| crc.update(byte));
        self.block = if crc.is_settled() {
            Block::Good { length }
        } else {
            self.ring.drain(..length + 2);
            Block::Free { checked: true }
        };
    }

    fn take_block(&mut self) -> Vec<u8> {
        let Block::Good { length } = self.block else {
            panic!("no good block waits: this does nothing");
        };
        self.block = Block::Free { checked: true };
        let mut bytes: Vec<u8> = self.ring.drain(..length + 2).collect();
        bytes.truncate(length);
        bytes
    }

    fn play(&mut self) {
        assert!(!self.held, "a player in reset forgets what it is fed");
        let program = self.take_block();
        self.capture.clear();
        self.capture_overflow = false;
        for byte in program {
            match self.player.push(byte) {
                Ok(None) => {}
                Ok(Some(operation)) => self.operate(operation),
                Err(_) => self.bad_opcode = true,
            }
        }
    }

    fn operate(&mut self, operation: Operation) {
        match operation {
            Operation::Set { address, value } => self.set(address, value),
            Operation::Step(response) => self.step(response),
            Operation::StepLow { bits, response } => {
                self.set(0, self.inputs[0] & 0xc0 | bits);
                self.step(response);
            }
            Operation::StepByte { address, value, response } => {
                self.set(address, value);
                self.step(response);
            }
            Operation::CaptureBytes(count) => self.capture_bytes = usize::from(count),
            Operation::Slot(slot) => self.design.select(slot),
            Operation::Settle(_) => {}
        }
    }

    fn set(&mut self, address: u8, value: u8) {
        if let Some(byte) = self.inputs.get_mut(usize::from(address)) {
            *byte = value;
        }
        self.design.drive(&self.inputs);
    }

    fn step(&mut self, response: Response) {
        let counter = captured::STEPS >> captured::STEPS_SHIFT;
        self.steps = (self.steps + 1) & counter;
        if response == Response::Ignored {
            return;
        }
        for index in 0..self.capture_bytes {
            if self.capture.len() < CAPTURE_CAPACITY {
                self.capture.push(self.design.output(index));
            } else {
                self.capture_overflow = true;
            }
        }
    }

    fn reset_player(&mut self) {
        self.player = Decoder::new();
        self.inputs = vec![0; MAX_INPUT_BYTES];
        self.capture_bytes = 1;
        self.steps = 0;
        self.design.drive(&self.inputs);
    }

    fn control(&mut self, value: u32) {
        self.stall_timer = value & control::STALL_TIMER != 0;
        if value & control::CLEAR_ERRORS != 0 {
            self.overflow = false;
            self.bad_opcode = false;
        }
        if value & control::FLUSH_RX != 0 {
            self.ring.clear();
            self.block = Block::Free { checked: false };
        }
        self.held = value & control::RESET_PLAYER != 0;
        if self.held {
            self.reset_player();
        }
    }

    fn status(&self) -> u32 {
        let checked = matches!(self.block, Block::Free { checked: true } | Block::Good { .. });
        let good = matches!(self.block, Block::Good { .. });
        [
            (!self.ring.is_empty(), status::RX_AVAILABLE),
            (self.overflow, status::RX_OVERFLOW),
            (checked, status::BLOCK_CHECKED),
            (good, status::BLOCK_GOOD),
            (self.bad_opcode, status::BAD_OPCODE),
            (self.capture_overflow, status::CAPTURE_OVERFLOW),
        ]
        .into_iter()
        .map(|(set, bit)| if set { bit } else { 0 })
        .sum::<u32>()
            | (self.room().min(self.room_claimed) as u32) << status::RX_FREE_SHIFT
    }

    fn room(&self) -> usize {
        RING_CAPACITY - 1 - self.ring.len()
    }

    /// Nothing, where the ring belongs to a block or holds no byte.
    fn take_byte(&mut self) -> Option<u8> {
        match self.block {
            Block::Free { .. } => self.ring.pop_front(),
            Block::Arriving { .. } | Block::Good { .. } => {
                assert!(self.stall_timer, "the ring belongs to a block: this wait would not end");
                None
            }
        }
    }

    fn read(&mut self, offset: usize) -> u32 {
        match offset {
            rx_data::OFFSET => match self.take_byte() {
                Some(byte) => u32::from(byte) | rx_data::VALID,
                None => 0,
            },
            block_wait::OFFSET => {
                self.advance();
                let stalled =
                    matches!(self.block, Block::Arriving { .. } | Block::Free { checked: false });
                assert!(!stalled || self.stall_timer, "this wait would not end");
                self.status()
            }
            status::OFFSET | play_wait::OFFSET => self.status(),
            captured::OFFSET => self.capture.len() as u32 | self.steps << captured::STEPS_SHIFT,
            _ => panic!("register {offset:#04x} cannot be read"),
        }
    }

    fn write(&mut self, offset: usize, value: u32) {
        match offset {
            tx_data::OFFSET => self.sent.push(value as u8),
            control::OFFSET => self.control(value),
            block_length::OFFSET => self.check(value as usize),
            play::OFFSET => self.play(),
            drop_block::OFFSET => {
                self.take_block();
            }
            send_captured::OFFSET => {
                let crc = Crc16::of(&self.capture);
                self.sent.extend(&self.capture);
                self.sent.extend(crc.to_bytes());
            }
            _ => panic!("register {offset:#04x} cannot be written"),
        }
    }
}

/// The fake's registers.
#[derive(Clone)]
pub struct FakeRegisters(Arc<Mutex<State>>);

impl FakeRegisters {
    /// A fixture that was just configured with a design.
    pub fn new(design: impl Design + 'static) -> Self {
        Self(Arc::new(Mutex::new(State {
            ring: VecDeque::new(),
            stall_timer: false,
            overflow: false,
            block: Block::Free { checked: false },
            sent: Vec::new(),
            player: Decoder::new(),
            inputs: vec![0; MAX_INPUT_BYTES],
            design: Box::new(design),
            capture: Vec::new(),
            capture_bytes: 1,
            capture_overflow: false,
            bad_opcode: false,
            held: false,
            steps: 0,
            room_claimed: RING_CAPACITY,
        })))
    }

    /// Bytes from the host, as far as the ring has room.
    pub fn receive(&self, bytes: &[u8]) {
        let mut state = self.state();
        for &byte in bytes {
            if state.room() > 0 {
                state.ring.push_back(byte);
            } else {
                state.overflow = true;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for FakeRegisters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FakeRegisters")
    }
}

impl Registers for FakeRegisters {
    fn read(&self, offset: usize) -> u32 {
        self.state().read(offset)
    }

    fn write(&self, offset: usize, value: u32) {
        self.state().write(offset, value);
    }
}

/// The fake's image. Its self-test leaves out as much as it may.
pub const IMAGE: &[u8] = b"the firmware of a fake board";

type FakeSession = Session<'static, FixtureLine<FakeRegisters>, FixturePlayer<FakeRegisters>>;

/// A board: the firmware's session over the fake fixture.
#[derive(Debug)]
pub struct FakeBoard {
    registers: FakeRegisters,
    session: FakeSession,
    identity: &'static [u8; identity::BYTES],
}

impl FakeBoard {
    /// A board that was just loaded with a bitstream of the given netlist.
    pub fn new(netlist_hash: [u8; 16], design: impl Design + 'static) -> Self {
        let mut block = [0; identity::BYTES];
        let mut put = |offset: usize, bytes: &[u8]| {
            block[offset..offset + bytes.len()].copy_from_slice(bytes);
        };
        put(identity::MAGIC, b"FLB1");
        put(identity::NETLIST_HASH, &netlist_hash);
        put(identity::INPUT_BYTES, &[MAX_INPUT_BYTES as u8]);
        put(identity::OUTPUT_BYTES, &[255]);
        put(identity::SLOTS, &[SLOTS]);
        put(identity::CLOCK_HZ, &12_000_000_u32.to_le_bytes());
        put(identity::CAPTURE_CAPACITY, &(CAPTURE_CAPACITY as u16).to_le_bytes());
        put(identity::RING_CAPACITY, &(RING_CAPACITY as u16).to_le_bytes());
        // A test's boards are few; leaking spares every user a lifetime.
        let identity: &'static _ = Box::leak(Box::new(block));
        let registers = FakeRegisters::new(design);
        Self { session: start(&registers, identity), registers, identity }
    }

    /// Gives the board bytes, lets it work until it waits for more, and takes what
    /// it sent.
    pub fn exchange(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.registers.receive(bytes);
        while self.session.serve().is_ok() {}
        std::mem::take(&mut self.registers.state().sent)
    }

    /// Bytes come that nobody has handled when the board is reset; see
    /// [`reset`](Self::reset).
    pub fn reset_with(&mut self, unhandled: &[u8]) {
        self.registers.receive(unhandled);
        self.reset();
    }

    /// From now on the board says that its ring has no more than so many bytes of room.
    pub fn claim_room(&mut self, bytes: usize) {
        self.registers.state().room_claimed = bytes;
    }

    /// The player makes a step that nobody asked for, as behind a glitch of its clock.
    pub fn glitch(&mut self) {
        self.registers.state().step(Response::Ignored);
    }

    /// Resets MCU, line and player, but not the design: harsher than a new
    /// configuration, so that a step executed again would show.
    pub fn reset(&mut self) {
        {
            let mut state = self.registers.state();
            state.control(control::FLUSH_RX | control::CLEAR_ERRORS | control::RESET_PLAYER);
            state.control(0);
            state.capture.clear();
            state.sent.clear();
        }
        self.session = start(&self.registers, self.identity);
    }
}

fn start(registers: &FakeRegisters, identity: &'static [u8; identity::BYTES]) -> FakeSession {
    Session::new(
        FixtureLine::new(registers.clone()),
        FixturePlayer::new(registers.clone()),
        Platform {
            firmware: [0, 1, 0],
            identity,
            image: &IMAGE[SelfTest::UNSUMMED_MAX..],
            image_start: SelfTest::UNSUMMED_MAX as u16,
        },
    )
}
