//! The session, over the register map, with a fake fixture under it.

use filbench_stim::fake::{
    BLOCK_CAPACITY, CAPTURE_CAPACITY, Design, EdgeCounter, FakeBoard, IMAGE,
};
use filbench_wire::program::{Block, Encoder, Response};
use filbench_wire::{
    Crc16, FrameDecoder, MAX_MESSAGE, Nak, NakReason, Played, Reply, Request, SelfTest, Status,
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

fn play(block: u16, program: &[u8], tag: u8) -> Vec<u8> {
    let length = program.len() as u16;
    let mut bytes = frame(Request::Play { block, length }, tag);
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
    let line = board.exchange(&play(1, &program, 2));
    let (2, first, captured) = played(&line).unwrap() else {
        panic!("wrong tag");
    };
    assert_eq!(captured, [1, 0, 2, 0, 3, 0]);
    assert_eq!((first.block, first.captured, first.steps), (1, 6, 6));

    let again = [play(1, &program, 3), frame(Request::Resend { block: 1 }, 3)];
    for request in again {
        assert_eq!(played(&board.exchange(&request)), Some((3, first, captured.clone())));
    }
    assert_eq!(design.edges(), 3);
    let (_, second, _) = played(&board.exchange(&play(2, &program, 4))).unwrap();
    assert_eq!((second.block, second.steps), (2, 12));
    assert_eq!(design.edges(), 6);
}

#[test]
fn what_cannot_be_carried_out_is_refused_and_executes_nothing() {
    let design = Watched::default();
    let mut board = FakeBoard::new(HASH, design.clone());
    let program = clock(3);
    let refused = |reason, expected| Nak { reason, expected };

    let early = board.exchange(&play(1, &program, 1));
    assert_eq!(nak(&early), Some((1, refused(NakReason::NoSession, 1))));
    let early = board.exchange(&frame(Request::Resend { block: 1 }, 2));
    assert_eq!(nak(&early), Some((2, refused(NakReason::NoSession, 1))));

    board.exchange(&frame(Request::Hello, 3));
    for block in [0, 2, 65535] {
        let line = board.exchange(&play(block, &program, 4));
        assert_eq!(nak(&line), Some((4, refused(NakReason::WrongBlock, 1))));
        let line = board.exchange(&frame(Request::Resend { block }, 4));
        assert_eq!(nak(&line), Some((4, refused(NakReason::WrongBlock, 1))));
    }
    for length in [0, 2041] {
        let line = board.exchange(&frame(Request::Play { block: 1, length }, 5));
        assert_eq!(nak(&line), Some((5, refused(NakReason::BadLength, 1))));
    }
    let mut damaged = play(1, &program, 6);
    let last = damaged.len() - 5;
    damaged[last] ^= 0x10;
    let line = board.exchange(&damaged);
    assert_eq!(nak(&line), Some((6, refused(NakReason::BadBlock, 1))));

    let mut cut = play(1, &program, 7);
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
    assert!(played(&board.exchange(&play(1, &program, 2))).is_some());
    board.reset();
    for request in
        [play(2, &program, 3), play(1, &program, 3), frame(Request::Resend { block: 1 }, 3)]
    {
        let (tag, nak) = nak(&board.exchange(&request)).unwrap();
        assert_eq!((tag, nak.reason), (3, NakReason::NoSession));
    }
    assert_eq!(design.edges(), 2);
}

#[test]
fn defects_of_a_program_are_reported() {
    let mut board = greeted(EdgeCounter::new());
    let (_, outcome, _) = played(&board.exchange(&play(1, &[0x07], 2))).unwrap();
    assert!(outcome.bad_opcode && !outcome.capture_overflow);
    let greedy = [&[0x05, 255][..], &[0x02; 5]].concat();
    let (_, outcome, captured) = played(&board.exchange(&play(2, &greedy, 3))).unwrap();
    assert!(!outcome.bad_opcode && outcome.capture_overflow);
    assert_eq!(captured.len(), CAPTURE_CAPACITY);
    let (_, outcome, _) = played(&board.exchange(&play(3, &clock(1), 3))).unwrap();
    assert!(!outcome.bad_opcode && !outcome.capture_overflow);
}

#[test]
fn self_test_and_player_reset_answer() {
    let mut board = greeted(EdgeCounter::new());
    let line = board.exchange(&frame(Request::SelfTest, 5));
    let Some((5, Reply::SelfTest(SelfTest { length, crc, .. }), _)) = reply(&line) else {
        panic!("no self-test in {line:?}");
    };
    assert_eq!(usize::from(length), IMAGE.len());
    assert_eq!(crc.to_le_bytes(), Crc16::of(IMAGE).to_bytes());
    board.exchange(&play(1, &clock(1), 6));
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
    assert!(played(&board.exchange(&play(1, &program, 2))).is_some());
    // One more than the ring holds: a byte is lost, and said to be.
    let line = board.exchange(&play(2, &[0; 2040], 3));
    let (tag, refusal) = nak(&line).unwrap();
    assert_eq!((tag, refusal.reason), (3, NakReason::Stalled));
    let line = board.exchange(&frame(Request::Status, 4));
    assert!(matches!(
        reply(&line),
        Some((4, Reply::Status(Status { overflows: 1, stalls: 1, .. }), _))
    ));
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
