//! Arbitrary byte code, and programs for arbitrary vectors.
#![no_main]

use filbench_wire::program::{Block, Decoder, Encoder, MAX_INPUT_BYTES, Operation, Response};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, Vec<u8>)| {
    let (width, bytes) = input;
    let mut decoder = Decoder::new();
    for &byte in &bytes {
        let _ = decoder.push(byte);
    }

    let mut encoder = Encoder::new();
    let mut decoder = Decoder::new();
    let mut inputs = [0; MAX_INPUT_BYTES];
    let mut room = [0; 512];
    for vector in bytes.chunks_exact(usize::from(width).max(1)) {
        let mut block = Block::new(&mut room, 1);
        encoder.step(vector, Response::Captured, &mut block).expect("a step fits an empty block");
        for &byte in block.program() {
            match decoder.push(byte).expect("a sound program") {
                None | Some(Operation::Step(_)) => {}
                Some(Operation::Set { address, value })
                | Some(Operation::StepByte { address, value, .. }) => {
                    inputs[usize::from(address)] = value;
                }
                Some(Operation::StepLow { bits, .. }) => inputs[0] = inputs[0] & 0xc0 | bits,
                Some(other) => panic!("{other:?} was not asked for"),
            }
        }
        assert_eq!(&inputs[..vector.len()], vector);
    }
});
