//! The byte code means what was asked for, and is short.

use filbench_wire::program::{
    Block, BlockFull, Decoder, Encoder, MAX_INPUT_BYTES, Operation, Response,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// What the player does with a program: the inputs at each step.
fn execute(program: &[u8]) -> Vec<(Vec<u8>, Response)> {
    let mut decoder = Decoder::new();
    let mut inputs = vec![0; MAX_INPUT_BYTES];
    let mut steps = Vec::new();
    for &byte in program {
        match decoder.push(byte).expect("a sound program") {
            None => {}
            Some(Operation::Set { address, value }) => inputs[usize::from(address)] = value,
            Some(Operation::Step(response)) => steps.push((inputs.clone(), response)),
            Some(Operation::StepLow { bits, response }) => {
                inputs[0] = inputs[0] & 0xc0 | bits;
                steps.push((inputs.clone(), response));
            }
            Some(Operation::StepByte { address, value, response }) => {
                inputs[usize::from(address)] = value;
                steps.push((inputs.clone(), response));
            }
            Some(other) => panic!("{other:?} was not asked for"),
        }
    }
    assert!(decoder.is_between_opcodes(), "ends within an opcode");
    steps
}

fn encode(steps: &[(Vec<u8>, Response)]) -> Vec<u8> {
    let mut room = vec![0; 100_000];
    let mut block = Block::new(&mut room, usize::MAX);
    let mut encoder = Encoder::new();
    for (inputs, response) in steps {
        encoder.step(inputs, *response, &mut block).expect("there is room");
    }
    assert_eq!(block.steps(), steps.len());
    block.program().to_vec()
}

fn steps() -> impl Strategy<Value = Vec<(Vec<u8>, Response)>> {
    (1..=MAX_INPUT_BYTES).prop_flat_map(|width| {
        // Few values, so that many bytes stay as they are.
        let byte = prop_oneof![Just(0), Just(1), any::<u8>()];
        let response = prop_oneof![Just(Response::Ignored), Just(Response::Captured)];
        vec((vec(byte, width), response), 1..8)
    })
}

proptest! {
    #[test]
    fn programs_set_the_inputs_they_were_made_from(steps in steps()) {
        let executed = execute(&encode(&steps));
        prop_assert_eq!(executed.len(), steps.len());
        for ((inputs, response), (expected, asked)) in executed.iter().zip(&steps) {
            prop_assert_eq!(&inputs[..expected.len()], &expected[..]);
            prop_assert!(inputs[expected.len()..].iter().all(|&byte| byte == 0));
            prop_assert_eq!(response, asked);
        }
    }

    #[test]
    fn a_step_is_no_longer_than_either_plain_way(from: [u8; 32], to: [u8; 32]) {
        let both = [(from.to_vec(), Response::Ignored), (to.to_vec(), Response::Ignored)];
        let cost = encode(&both).len() - encode(&both[..1]).len();
        let changed: Vec<usize> = (0..32).filter(|&i| from[i] != to[i]).collect();
        let singles = 2 * changed.len().max(1);
        prop_assert!(cost <= singles);
        if let (Some(first), Some(last)) = (changed.first(), changed.last()) {
            let span = last - first + 1;
            prop_assert!(cost <= 2 + span.div_ceil(16) + span + 1);
        }
    }

    #[test]
    fn any_bytes_decode_without_panic(bytes in vec(any::<u8>(), 0..500)) {
        let mut decoder = Decoder::new();
        for byte in bytes {
            let _ = decoder.push(byte);
        }
    }
}

#[test]
fn small_changes_take_one_byte() {
    let mut room = [0; 64];
    let mut block = Block::new(&mut room, 16);
    let mut encoder = Encoder::new();
    encoder.configure(3, 2, &mut block).unwrap();
    encoder.select(9, &mut block).unwrap();
    for (inputs, response) in [
        ([0x01, 0], Response::Captured),
        ([0x01, 0], Response::Captured),
        ([0x00, 0], Response::Ignored),
        ([0x40, 0], Response::Captured),
        ([0x41, 7], Response::Captured),
        ([0x41, 7], Response::Ignored),
    ] {
        encoder.step(&inputs, response, &mut block).unwrap();
    }
    assert_eq!(
        block.program(),
        [
            0x03, 3, 0x05, 1, // settle 3, captures of 2 bytes
            0x06, 9,    // slot 9
            0xc1, // low bits 1, step, capture
            0x02, // step, capture
            0x80, // low bits 0, step
            0x60, 0x40, // byte 0, step, capture
            0x21, 7, 0xc1, // byte 1, then low bits
            0x01, // step
        ]
    );
    assert_eq!((block.captured(), block.steps()), (8, 6));
}

#[test]
fn a_full_block_leaves_everything_as_it_was() {
    let mut encoder = Encoder::new();
    let mut room = [0; 4];
    let mut block = Block::new(&mut room, 1);
    assert_eq!(encoder.step(&[1], Response::Captured, &mut block), Ok(()));
    let wide = [1, 1, 1];
    assert_eq!(encoder.step(&[2], Response::Captured, &mut block), Err(BlockFull));
    assert_eq!(encoder.step(&wide, Response::Ignored, &mut block), Err(BlockFull));
    assert_eq!(block.program(), [0xc1]);
    block.clear(usize::MAX);
    // Byte 0 is 1 already, so only the other two are written.
    assert_eq!(encoder.step(&wide, Response::Ignored, &mut block), Ok(()));
    assert_eq!(block.program(), [0x21, 1, 0x42, 1]);
}
