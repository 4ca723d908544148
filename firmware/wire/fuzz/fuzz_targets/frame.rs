//! A line of arbitrary bytes, read as the board and as the host read it.
#![no_main]

use filbench_wire::{Frame, FrameDecoder, MAX_MESSAGE, MAX_REQUEST, Reply, Request};
use libfuzzer_sys::fuzz_target;

type Host = FrameDecoder<{ MAX_MESSAGE + 2 }>;

fn message(mut frame: Frame) -> Vec<u8> {
    let mut decoder = Host::new();
    let bytes = frame.finish().iter();
    bytes
        .filter_map(|&byte| Some(decoder.push(byte)?.expect("sound").to_vec()))
        .next()
        .expect("a message")
}

fuzz_target!(|line: &[u8]| {
    let mut board = FrameDecoder::<{ MAX_REQUEST + 2 }>::new();
    let mut host = Host::new();
    for &byte in line {
        if let Some(Ok(found)) = board.push(byte)
            && let Ok((header, request)) = Request::decode(found)
        {
            assert_eq!(message(request.frame(header.tag)), found);
        }
        if let Some(Ok(found)) = host.push(byte)
            && let Ok((header, reply)) = Reply::decode(found)
        {
            let again = message(reply.frame(header.tag));
            assert_eq!(Reply::decode(&again), Ok((header, reply)));
        }
    }
    // The messages themselves, without the luck of a matching CRC.
    let _ = Request::decode(line);
    let _ = Reply::decode(line);
});
