//! The session, over the register map, with a fake fixture under it.

use filbench_stim::fake::{
    BLOCK_CAPACITY, CAPTURE_CAPACITY, Design, EdgeCounter, FakeBoard, FakeRegisters, IMAGE,
    RING_CAPACITY,
};
use filbench_stim::fixture::{FixtureLine, FixturePlayer, Registers};
use filbench_stim::regmap::{block_length, block_wait, control, drop_block, play, rx_data};
use filbench_stim::{Line, Player};
use filbench_wire::program::{Block, Encoder, Response};
use filbench_wire::{
    Crc16, FrameDecoder, MAX_BLOCK, MAX_MESSAGE, Nak, NakReason, Played, Reply, Request, SelfTest,
    Status,
};
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::{Arc, Mutex};

const HASH: [u8; 16] = *b"a linked netlist";

/// A design whose edge count can be looked at from outside.
#[derive(Clone, Default)]
struct Watched(Arc<Mutex<EdgeCounter>>);

impl Watched {
    fn edges(&self) -> u64 {
        self.0.lock().expect("no test panics with it").edges()
    }
}

impl Design for Watched {
    fn drive(&mut self, inputs: &[u8]) {
        self.0.lock().expect("no test panics with it").drive(inputs);
    }

    fn output(&self, index: usize) -> u8 {
        self.0.lock().expect("no test panics with it").output(index)
    }
}

fn frame(request: Request, tag: u8) -> Vec<u8> {
    request.frame(tag).finish().to_vec()
}

fn with_crc(program: &[u8]) -> Vec<u8> {
    let mut bytes = program.to_vec();
    bytes.extend(Crc16::of(program).to_bytes());
    bytes
}

/// A block behind `first_step` steps.
fn play(block: u16, first_step: u32, program: &[u8], tag: u8) -> Vec<u8> {
    let length = program.len() as u16;
    let mut bytes = frame(Request::Play { block, length, first_step }, tag);
    bytes.extend(with_crc(program));
    bytes
}

/// The first reply in `line`, its tag, and what follows it.
fn reply(line: &[u8]) -> Option<(u8, Reply, Vec<u8>)> {
    let mut decoder = FrameDecoder::<{ MAX_MESSAGE + 2 }>::new();
    line.iter().enumerate().find_map(|(at, &byte)| {
        let (header, reply) = Reply::decode(decoder.push(byte)?.ok()?).ok()?;
        Some((header.tag, reply, line[at + 1..].to_vec()))
    })
}

fn nak(line: &[u8]) -> Option<(u8, Nak)> {
    match reply(line) {
        Some((tag, Reply::Nak(nak), rest)) if rest.is_empty() => Some((tag, nak)),
        _ => None,
    }
}

fn played(line: &[u8]) -> Option<(u8, Played, Vec<u8>)> {
    match reply(line) {
        Some((tag, Reply::Played(played), rest)) => {
            let captured = rest.get(..usize::from(played.captured))?;
            (with_crc(captured) == rest).then(|| (tag, played, captured.to_vec()))
        }
        _ => None,
    }
}

/// Steps that count: clock up and down, with a capture of two bytes at each rise.
fn clock(rises: usize) -> Vec<u8> {
    let mut room = [0; 2048];
    let mut block = Block::new(&mut room, CAPTURE_CAPACITY);
    let mut encoder = Encoder::new();
    encoder.configure(1, 2, &mut block).expect("there is room");
    for _ in 0..rises {
        encoder.step(&[1], Response::Captured, &mut block).expect("there is room");
        encoder.step(&[0], Response::Ignored, &mut block).expect("there is room");
    }
    block.program().to_vec()
}

fn greeted(design: impl Design + 'static) -> FakeBoard {
    let mut board = FakeBoard::new(HASH, design);
    let answer = board.exchange(&frame(Request::Hello, 1));
    assert!(matches!(reply(&answer), Some((1, Reply::Hello(_), _))));
    board
}

#[test]
fn hello_tells_which_netlist_is_linked() {
    let mut board = FakeBoard::new(HASH, EdgeCounter::new());
    let line = board.exchange(&frame(Request::Hello, 9));
    let Some((9, Reply::Hello(hello), rest)) = reply(&line) else {
        panic!("no hello in {line:?}");
    };
    assert_eq!(hello.netlist_hash(), HASH);
    assert_eq!((hello.firmware(), hello.last_block()), ([0, 1, 0], 0));
    assert!(rest.is_empty());
}

#[test]
fn a_block_is_executed_once_and_sent_as_often_as_asked() {
    let design = Watched::default();
    let mut board = greeted(design.clone());
    let program = clock(3);
    let line = board.exchange(&play(1, 0, &program, 2));
    let (2, first, captured) = played(&line).unwrap() else {
        panic!("wrong tag");
    };
    assert_eq!(captured, [1, 0, 2, 0, 3, 0]);
    assert_eq!((first.block, first.captured, first.steps), (1, 6, 6));

    assert_eq!(usize::from(first.credit), RING_CAPACITY - 1);

    let again = [play(1, 0, &program, 3), frame(Request::Resend { block: 1 }, 3)];
    for request in again {
        assert_eq!(played(&board.exchange(&request)), Some((3, first, captured.clone())));
    }
    assert_eq!(design.edges(), 3);
    let (_, second, _) = played(&board.exchange(&play(2, 6, &program, 4))).unwrap();
    assert_eq!((second.block, second.steps), (2, 12));
    assert_eq!(design.edges(), 6);
}

#[test]
fn what_cannot_be_carried_out_is_refused_and_executes_nothing() {
    let design = Watched::default();
    let mut board = FakeBoard::new(HASH, design.clone());
    let program = clock(3);
    let refused = |reason, expected| Nak { reason, expected, steps: 0 };

    let early = board.exchange(&play(1, 0, &program, 1));
    assert_eq!(nak(&early), Some((1, refused(NakReason::NoSession, 1))));
    let early = board.exchange(&frame(Request::Resend { block: 1 }, 2));
    assert_eq!(nak(&early), Some((2, refused(NakReason::NoSession, 1))));

    board.exchange(&frame(Request::Hello, 3));
    for block in [0, 2, 65535] {
        let line = board.exchange(&play(block, 0, &program, 4));
        assert_eq!(nak(&line), Some((4, refused(NakReason::WrongBlock, 1))));
        let line = board.exchange(&frame(Request::Resend { block }, 4));
        assert_eq!(nak(&line), Some((4, refused(NakReason::WrongBlock, 1))));
    }
    for length in [0, 2041] {
        let line = board.exchange(&frame(Request::Play { block: 1, length, first_step: 0 }, 5));
        assert_eq!(nak(&line), Some((5, refused(NakReason::BadLength, 1))));
    }
    for first_step in [1, 256, 2048, u32::MAX] {
        let line = board.exchange(&play(1, first_step, &program, 5));
        assert_eq!(nak(&line), Some((5, refused(NakReason::WrongStep, 1))));
    }
    let mut damaged = play(1, 0, &program, 6);
    let last = damaged.len() - 5;
    damaged[last] ^= 0x10;
    let line = board.exchange(&damaged);
    assert_eq!(nak(&line), Some((6, refused(NakReason::BadBlock, 1))));

    let mut cut = play(1, 0, &program, 7);
    cut.pop();
    let line = board.exchange(&cut);
    assert_eq!(nak(&line), Some((7, refused(NakReason::Stalled, 1))));

    let line = board.exchange(b"\x05abcd\0 and more that follows it");
    assert_eq!(nak(&line), Some((0, refused(NakReason::BadFrame, 1))));

    let line = board.exchange(&frame(Request::Status, 8));
    let status = Status { bad_frames: 1, bad_blocks: 1, stalls: 1, ..Status::default() };
    assert_eq!(reply(&line), Some((8, Reply::Status(status), vec![])));
    assert_eq!(design.edges(), 0);
}

#[test]
fn a_reset_board_forgets_its_session() {
    let design = Watched::default();
    let mut board = greeted(design.clone());
    let program = clock(2);
    assert!(played(&board.exchange(&play(1, 0, &program, 2))).is_some());
    board.reset();
    for request in
        [play(2, 4, &program, 3), play(1, 0, &program, 3), frame(Request::Resend { block: 1 }, 3)]
    {
        let (tag, nak) = nak(&board.exchange(&request)).unwrap();
        assert_eq!((tag, nak.reason), (3, NakReason::NoSession));
    }
    assert_eq!(design.edges(), 2);
}

#[test]
fn defects_of_a_program_are_reported() {
    let mut board = greeted(EdgeCounter::new());
    let (_, outcome, _) = played(&board.exchange(&play(1, 0, &[0x07], 2))).unwrap();
    assert!(outcome.bad_opcode && !outcome.capture_overflow);
    let greedy = [&[0x05, 255][..], &[0x02; 5]].concat();
    let (_, outcome, captured) = played(&board.exchange(&play(2, 0, &greedy, 3))).unwrap();
    assert!(!outcome.bad_opcode && outcome.capture_overflow);
    assert_eq!(captured.len(), CAPTURE_CAPACITY);
    let (_, outcome, _) = played(&board.exchange(&play(3, 5, &clock(1), 3))).unwrap();
    assert!(!outcome.bad_opcode && !outcome.capture_overflow);
}

#[test]
fn self_test_and_player_reset_answer() {
    let mut board = greeted(EdgeCounter::new());
    let line = board.exchange(&frame(Request::SelfTest, 5));
    let Some((5, Reply::SelfTest(SelfTest { start, length, crc }), _)) = reply(&line) else {
        panic!("no self-test in {line:?}");
    };
    let summed = &IMAGE[usize::from(start)..];
    assert_eq!(usize::from(length), summed.len());
    assert_eq!(crc.to_le_bytes(), Crc16::of(summed).to_bytes());
    board.exchange(&play(1, 0, &clock(1), 6));
    let line = board.exchange(&frame(Request::ResetPlayer, 7));
    assert_eq!(reply(&line), Some((7, Reply::PlayerReset, vec![])));
    let line = board.exchange(&frame(Request::Status, 8));
    let Some((8, Reply::Status(status), _)) = reply(&line) else {
        panic!("no status in {line:?}");
    };
    assert_eq!((status.last_block, status.steps), (1, 0));
}

#[test]
fn the_longest_block_fits_the_ring_with_its_frame() {
    let mut board = greeted(EdgeCounter::new());
    let program = vec![0; BLOCK_CAPACITY];
    assert!(played(&board.exchange(&play(1, 0, &program, 2))).is_some());
    // More than the credit: a byte is lost, and said to be.
    let line = board.exchange(&play(2, 0, &[0; MAX_BLOCK], 3));
    let (tag, refusal) = nak(&line).unwrap();
    assert_eq!((tag, refusal.reason), (3, NakReason::Stalled));
    let line = board.exchange(&frame(Request::Status, 4));
    assert!(matches!(
        reply(&line),
        Some((4, Reply::Status(Status { overflows: 1, stalls: 1, .. }), _))
    ));
}

/// The gateware's counter is short; the firmware's is not.
#[test]
fn steps_are_counted_beyond_the_gatewares_counter() {
    let mut board = greeted(EdgeCounter::new());
    let mut steps = 0;
    for block in 1..=6 {
        let longest = vec![0x01; BLOCK_CAPACITY];
        let (_, outcome, _) = played(&board.exchange(&play(block, steps, &longest, 2))).unwrap();
        steps += BLOCK_CAPACITY as u32;
        assert_eq!(outcome.steps, steps);
    }
    // A host that lost count, as the old 8 bits would not have shown.
    let line = board.exchange(&play(7, steps - 256, &[0x01], 3));
    let refusal = Nak { reason: NakReason::WrongStep, expected: 7, steps };
    assert_eq!(nak(&line), Some((3, refusal)));
    assert!(played(&board.exchange(&play(7, steps, &[0x01], 4))).is_some());
}

/// A block of one step, the shortest, is executed and answered at once: no second one
/// need come.
#[test]
fn a_block_of_one_step_is_a_lock_step() {
    let design = Watched::default();
    let mut board = greeted(design.clone());
    for step in 0..20 {
        let value = (step % 2) as u8;
        let program = [0xc0 | (1 - value)];
        let line = board.exchange(&play(step as u16 + 1, step, &program, 2));
        let (_, outcome, captured) = played(&line).unwrap();
        assert_eq!((outcome.steps, captured.len()), (step + 1, 1));
        assert_eq!(u64::from(captured[0]), design.edges());
    }
    assert_eq!(design.edges(), 10);
}

#[test]
fn the_credit_is_what_the_ring_has_room_for() {
    let registers = FakeRegisters::new(EdgeCounter::new());
    let line = FixtureLine::new(registers.clone());
    assert_eq!(usize::from(line.room()), RING_CAPACITY - 1);
    registers.receive(&[1; 500]);
    assert_eq!(usize::from(line.room()), RING_CAPACITY - 1 - 500);
    registers.receive(&[1; 5000]);
    assert_eq!(line.room(), 0);
}

/// What would hang or be lost in gateware is no silent success here.
#[test]
fn the_fake_is_as_strict_as_the_gateware() {
    type Misuse = fn(&FakeRegisters);
    let good = |registers: &FakeRegisters| {
        let mut player = FixturePlayer::new(registers.clone());
        registers.receive(&with_crc(&[0x01, 0x01]));
        assert_eq!(player.check(2), filbench_stim::BlockCheck::Good);
    };
    let fails = |prepare: bool, misuse: Misuse| {
        let registers = FakeRegisters::new(EdgeCounter::new());
        if prepare {
            good(&registers);
        }
        let misuse = std::panic::AssertUnwindSafe(|| misuse(&registers));
        std::panic::catch_unwind(misuse).is_err()
    };
    let without_block: [(&str, Misuse); 6] = [
        ("PLAY", |r| r.write(play::OFFSET, 0)),
        ("DROP_BLOCK", |r| r.write(drop_block::OFFSET, 0)),
        ("BLOCK_WAIT for nothing", |r| {
            r.read(block_wait::OFFSET);
        }),
        ("an empty block", |r| r.write(block_length::OFFSET, 0)),
        ("a block too long", |r| r.write(block_length::OFFSET, MAX_BLOCK as u32 + 1)),
        ("RX_DATA while a block arrives", |r| {
            r.write(block_length::OFFSET, 5);
            r.read(rx_data::OFFSET);
        }),
    ];
    for (what, misuse) in without_block {
        assert!(fails(false, misuse), "{what}");
    }
    let with_block: [(&str, Misuse); 3] = [
        ("RX_DATA", |r| {
            r.read(rx_data::OFFSET);
        }),
        ("BLOCK_LENGTH", |r| r.write(block_length::OFFSET, 2)),
        ("PLAY in reset", |r| {
            r.write(control::OFFSET, control::RESET_PLAYER);
            r.write(play::OFFSET, 0);
        }),
    ];
    for (what, misuse) in with_block {
        assert!(fails(true, misuse), "{what} behind a good block");
    }
    assert!(!fails(true, |r| r.write(play::OFFSET, 0)));
}

proptest! {
    /// Whatever comes down the line, a request after it is answered, and nothing
    /// was executed.
    #[test]
    fn garbage_executes_nothing(garbage in vec(any::<u8>(), 0..3000)) {
        let design = Watched::default();
        let mut board = greeted(design.clone());
        board.exchange(&garbage);
        prop_assert_eq!(design.edges(), 0);
        board.exchange(&[0]);
        let line = board.exchange(&frame(Request::Status, 77));
        prop_assert!(matches!(reply(&line), Some((77, Reply::Status(_), _))), "{:?}", line);
    }
}
