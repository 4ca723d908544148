//! Frames against an independent COBS, and against garbage.

use filbench_wire::{Crc16, Frame, FrameDecoder, MAX_MESSAGE};
use proptest::collection::vec;
use proptest::prelude::*;

type Decoder = FrameDecoder<{ MAX_MESSAGE + 2 }>;

fn emit(message: &[u8]) -> Vec<u8> {
    let mut frame = Frame::new();
    frame.extend(message);
    frame.finish().to_vec()
}

fn messages(decoder: &mut Decoder, wire: &[u8]) -> Vec<Vec<u8>> {
    wire.iter().filter_map(|&byte| Some(decoder.push(byte)?.ok()?.to_vec())).collect()
}

proptest! {
    #[test]
    fn frames_are_cobs_of_message_and_crc(message in vec(any::<u8>(), 0..=MAX_MESSAGE)) {
        let wire = emit(&message);
        prop_assert_eq!((wire[0], wire[wire.len() - 1]), (0, 0));
        let mut plain = message.clone();
        plain.extend(Crc16::of(&message).to_bytes());
        prop_assert_eq!(cobs::encode_vec(&plain), &wire[1..wire.len() - 1]);
    }

    #[test]
    fn a_message_comes_out_behind_any_garbage(
        garbage in vec(any::<u8>(), 0..100),
        message in vec(any::<u8>(), 0..=MAX_MESSAGE),
    ) {
        let mut decoder = Decoder::new();
        let before = messages(&mut decoder, &garbage);
        prop_assert!(before.iter().all(|found| found.len() <= MAX_MESSAGE));
        let after = messages(&mut decoder, &emit(&message));
        prop_assert_eq!(after.last(), Some(&message));
    }

    #[test]
    fn a_burst_of_two_bytes_never_passes(
        message in vec(any::<u8>(), 0..=MAX_MESSAGE),
        at in any::<prop::sample::Index>(),
        flips in (1..=255u8, any::<u8>()),
    ) {
        let plain = {
            let mut plain = message.clone();
            plain.extend(Crc16::of(&message).to_bytes());
            plain
        };
        let mut damaged = plain.clone();
        let at = at.index(damaged.len());
        damaged[at] ^= flips.0;
        if let Some(byte) = damaged.get_mut(at + 1) {
            *byte ^= flips.1;
        }
        prop_assert!(Crc16::of(&plain).is_settled());
        prop_assert!(!Crc16::of(&damaged).is_settled());
    }
}

#[test]
fn a_small_decoder_refuses_what_does_not_fit() {
    let mut decoder = FrameDecoder::<8>::new();
    let results: Vec<_> = emit(&[7; 20])
        .into_iter()
        .chain(emit(&[1, 2, 0, 4, 5, 6]))
        .filter_map(|byte| decoder.push(byte).map(|r| r.map(<[u8]>::to_vec)))
        .collect();
    assert_eq!(results, [Err(filbench_wire::FrameError::TooLong), Ok(vec![1, 2, 0, 4, 5, 6])]);
}

#[test]
fn a_frame_can_be_used_again() {
    let mut frame = Frame::new();
    frame.extend(&[1, 0]);
    let first = frame.finish().to_vec();
    frame.extend(&[1, 0]);
    assert_eq!(frame.finish(), first);
    assert_eq!(first[..3], [0, 2, 1]);
}
