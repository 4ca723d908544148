//! A line of arbitrary bytes, read as the board and as the host read it.
#![no_main]

use filbench_wire::{FrameDecoder, MAX_MESSAGE, MAX_REQUEST, Reply, Request};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|line: &[u8]| {
    let mut board = FrameDecoder::<{ MAX_REQUEST + 2 }>::new();
    let mut host = FrameDecoder::<{ MAX_MESSAGE + 2 }>::new();
    for &byte in line {
        if let Some(Ok(message)) = board.push(byte)
            && let Ok((header, request)) = Request::decode(message)
        {
            assert_eq!(request.frame(header.tag).message(), message);
        }
        if let Some(Ok(message)) = host.push(byte)
            && let Ok((header, reply)) = Reply::decode(message)
        {
            let again = reply.frame(header.tag);
            assert_eq!(Reply::decode(again.message()), Ok((header, reply)));
        }
    }
    // The messages themselves, without the luck of a matching CRC.
    let _ = Request::decode(line);
    let _ = Reply::decode(line);
});
