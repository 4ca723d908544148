//! The real firmware image, in the real bitstream: how deep its stack comes, and what it
//! makes of a cable that misbehaves on the way down.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod common;

use common::lab::Lab;
use common::running::{Adder, Cable};
use filbench_flow::Firmware;
use filbench_lab::tampering::{Damage, Spot, Tampering, TamperingLink};
use filbench_lab::{PlayPlan, Session, Timing};
use filbench_vboard::{EngineKind, VirtualBoard};
use filbench_wire::program::{Block, Encoder, Response};
use filbench_wire::{Crc16, Frame, FrameDecoder, MAX_MESSAGE, NakReason, Reply, Request};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What must be left of the stack's room, in bytes.
const MARGIN: usize = 64;
/// More cycles than one answer takes.
const PATIENCE_CYCLES: u64 = 5_000_000;

/// A colour for the free RAM, another for each byte of a few, so that neither a zero nor a
/// copy passes for untouched.
fn paint(address: usize) -> u8 {
    (address.wrapping_mul(0x9d) ^ address >> 5) as u8 | 1
}

/// The soft MCU's RAM as the block RAMs hold it: nibble `k` of word `256 q + w` lies in bits
/// `4 j + q` of word `w` of the block RAM for that nibble (fpga/rtl/mcu_ram.v).
fn nibble(ram: &[u8], k: usize) -> Vec<u16> {
    let mut words = vec![0; 256];
    for (address, word) in ram.chunks_exact(4).enumerate() {
        let value = u16::from(word[k / 2] >> (4 * (k % 2)) & 0xf);
        for j in 0..4 {
            words[address % 256] |= (value >> j & 1) << (4 * j + address / 256);
        }
    }
    words
}

/// Where the RAM's nibbles are among the board's block RAMs, by what they hold at first.
fn find_ram(board: &VirtualBoard, ram: &[u8]) -> Vec<usize> {
    let rams = &board.netlist().block_rams;
    // The identity block, which the link step writes, is not known here: its words are in the
    // last quarter of the last row.
    let known = |words: &[u16]| words[..256 - 16].to_vec();
    (0..8)
        .map(|k| {
            let expected = known(&nibble(ram, k));
            let found: Vec<usize> =
                (0..rams.len()).filter(|&r| known(&rams[r].init) == expected).collect();
            assert_eq!(found.len(), 1, "nibble {k}: {found:?}");
            found[0]
        })
        .collect()
}

fn read_ram(board: &VirtualBoard, rams: &[usize]) -> Vec<u8> {
    let mut bytes = vec![0; 4096];
    for (k, &ram) in rams.iter().enumerate() {
        let words = board.engine().block_ram(ram);
        for address in 0..1024 {
            let word = words[address % 256];
            let value = (0..4).map(|j| (word >> (4 * j + address / 256) & 1) << j).sum::<u16>();
            bytes[4 * address + k / 2] |= (value as u8) << (4 * (k % 2));
        }
    }
    bytes
}

/// Sends bytes and runs the board until it has come to rest.
fn exchange(board: &mut VirtualBoard, bytes: &[u8]) -> Vec<u8> {
    board.send(bytes);
    let end = board.cycles() + PATIENCE_CYCLES;
    let mut answer = Vec::new();
    loop {
        assert!(board.cycles() < end, "the board does not come to rest");
        board.run(64).unwrap();
        answer.extend(board.take_received());
        if board.is_quiescent() {
            return answer;
        }
    }
}

/// The first reply in `line`.
fn reply(line: &[u8]) -> Reply {
    let mut decoder = FrameDecoder::<{ MAX_MESSAGE + 2 }>::new();
    let found = line.iter().find_map(|&byte| Some(decoder.push(byte)?.unwrap().to_vec()));
    Reply::decode(&found.unwrap_or_else(|| panic!("no frame in {line:?}"))).unwrap().1
}

fn play(block: u16, first_step: u32, program: &[u8]) -> Vec<u8> {
    let length = program.len() as u16;
    let mut bytes = Request::Play { block, length, first_step }.frame(9).finish().to_vec();
    bytes.extend(program);
    bytes.extend(Crc16::of(program).to_bytes());
    bytes
}

/// Everything that the firmware does, but for the answer of a bitstream without identity.
fn exercise(adder: &Adder, board: &mut VirtualBoard) {
    let request = |request: Request| request.frame(9).finish().to_vec();
    let (vectors, expected) = adder.steps(200);
    let mut block = Block::new(vec![0; 2000], 1024);
    let mut encoder = Encoder::new();
    encoder.configure(adder.settle_cycles, 1, &mut block).unwrap();
    for (inputs, _) in &vectors {
        encoder.step(inputs, Response::Captured, &mut block).unwrap();
    }
    let program = block.program();
    let refuses = |board: &mut VirtualBoard, bytes: &[u8], expected: NakReason| {
        let Reply::Nak(nak) = reply(&exchange(board, bytes)) else { panic!("no refusal") };
        assert_eq!(nak.reason, expected);
    };

    // The fixture is in reset for its first 256 cycles.
    assert!(exchange(board, &[0; 12]).is_empty());
    refuses(board, &play(1, 0, program), NakReason::NoSession);
    refuses(board, &request(Request::Resend { block: 1 }), NakReason::NoSession);
    assert!(matches!(reply(&exchange(board, &request(Request::Hello))), Reply::Hello(_)));
    refuses(board, &play(2, 0, program), NakReason::WrongBlock);
    refuses(board, &play(1, 1, program), NakReason::WrongStep);
    refuses(board, &request(Request::Resend { block: 1 }), NakReason::WrongBlock);
    let endless = Request::Play { block: 1, length: 0x7ff, first_step: 0 };
    refuses(board, &request(endless), NakReason::BadLength);
    let mut damaged = play(1, 0, program);
    let last = damaged.len() - 9;
    damaged[last] ^= 1;
    refuses(board, &damaged, NakReason::BadBlock);
    damaged.truncate(last);
    refuses(board, &damaged, NakReason::Stalled);
    refuses(board, b"\x05abcd\0 and more that follows", NakReason::BadFrame);
    let mut foreign = Frame::new();
    foreign.extend(&[99, 1, 1]);
    refuses(board, foreign.finish(), NakReason::UnknownMessage);

    let answer = exchange(board, &play(1, 0, program));
    let Reply::Played(played) = reply(&answer) else { panic!("{answer:?}") };
    assert_eq!((played.steps, usize::from(played.captured)), (200, expected.len()));
    let captures = &answer[answer.len() - 2 - expected.len()..answer.len() - 2];
    assert_eq!(captures, expected);
    for again in [play(1, 0, program), request(Request::Resend { block: 1 })] {
        assert!(exchange(board, &again).ends_with(&answer[answer.len() - 2 - expected.len()..]));
    }
    let answer = exchange(board, &play(2, 200, &[0x07, 0x01]));
    assert!(matches!(reply(&answer), Reply::Played(played) if played.bad_opcode));
    let Reply::Status(status) = reply(&exchange(board, &request(Request::Status))) else {
        panic!("no status");
    };
    assert_eq!((status.last_block, status.steps), (2, 201));
    assert_eq!((status.bad_frames, status.bad_blocks, status.stalls), (1, 1, 1));
    let answer = exchange(board, &request(Request::SelfTest));
    assert!(matches!(reply(&answer), Reply::SelfTest(_)));
    let answer = exchange(board, &request(Request::ResetPlayer));
    assert!(matches!(reply(&answer), Reply::PlayerReset));
    refuses(board, &play(3, 201, &[0x01]), NakReason::WrongStep);
    assert!(matches!(reply(&exchange(board, &play(3, 0, &[0x01]))), Reply::Played(_)));
}

#[test]
fn the_stack_leaves_a_margin() {
    let lab = Lab::open("icebreaker");
    let image = lab.firmware.image.clone();
    let mut painted = image.clone();
    painted.extend((image.len()..Firmware::BYTES_MAX).map(paint));
    let adder = Adder::build(&lab, &Firmware::new(painted.clone()));
    let mut board = adder.start(EngineKind::Event);
    painted.resize(4096, 0);
    let rams = find_ram(&board, &painted);
    exercise(&adder, &mut board);

    let ram = read_ram(&board, &rams);
    assert_eq!(ram[..image.len()], image, "the image has changed");
    let room = Firmware::BYTES_MAX - image.len();
    let free = (image.len()..Firmware::BYTES_MAX).take_while(|&at| ram[at] == paint(at)).count();
    let deepest = room - free;
    println!("the stack comes to {deepest} of {room} bytes; the image has {}", image.len());
    // It is the session's at least, or nothing was measured.
    assert!(deepest > 200, "a stack of {deepest} bytes");
    assert!(free >= MARGIN, "{free} bytes are left of the stack, less than {MARGIN}");
}

#[test]
fn what_goes_wrong_on_the_way_down_is_sent_again() {
    let lab = Lab::open("icebreaker");
    let adder = Adder::build(&lab, &lab.firmware);
    let (vectors, expected) = adder.steps(100);
    // The board runs while it is waited for: time passes only when it has come to rest.
    let moment = Duration::from_millis(5);
    let timing = Timing { reply: moment, hello: moment, gap: moment, quiet: moment, attempts: 6 };
    let played = |tampering: Tampering| {
        let board = Arc::new(Mutex::new(adder.start(EngineKind::Event)));
        let cable = Cable { board, cycles_max: 20_000_000 };
        let plan = PlayPlan {
            slot: 0,
            settle_cycles: adder.settle_cycles,
            capture_bytes: 1,
            vectors: vectors.iter().cloned(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut session = Session::open(TamperingLink::new(cable, tampering), timing).await?;
            let captures = session.play(plan, |_| {}).await?;
            // A byte too many behind the block is in the way of the next request only.
            session.status().await?;
            Ok::<_, filbench_lab::SessionError>((captures, session.record().retransmissions))
        })
    };
    for damage in [Damage::Lose, Damage::Double, Damage::Flip { bit: 5 }] {
        for at in [
            // In the frame of Hello, behind 12 zeros, and in that of Play.
            Spot::Line { byte: 15 },
            Spot::Line { byte: 25 },
            Spot::Block { byte: 0 },
            Spot::Block { byte: 50 },
            Spot::BlockCrc { byte: 0 },
            Spot::BlockCrc { byte: 1 },
        ] {
            let (got, retransmissions) = played(Tampering::Down { at, damage })
                .unwrap_or_else(|error| panic!("{damage:?} of {at:?}: {error}"));
            assert_eq!(got, expected, "{damage:?} of {at:?}");
            assert!(retransmissions >= 1, "{damage:?} of {at:?} went unnoticed");
        }
    }
}
