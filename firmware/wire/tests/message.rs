//! Messages there and back, and against garbage.

use filbench_wire::regmap::identity;
use filbench_wire::{
    Frame, FrameDecoder, Hello, MAX_MESSAGE, MAX_REQUEST, MessageError, Nak, NakReason, Played,
    Reply, Request, SelfTest, Status, VERSION,
};
use proptest::array::uniform3;
use proptest::collection::vec;
use proptest::prelude::*;

/// What the frame carries, as the other side sees it.
fn message(mut frame: Frame) -> Vec<u8> {
    let mut decoder = FrameDecoder::<{ MAX_MESSAGE + 2 }>::new();
    let messages: Vec<Vec<u8>> = frame
        .finish()
        .iter()
        .filter_map(|&byte| decoder.push(byte).map(|found| found.expect("sound").to_vec()))
        .collect();
    let [message] = messages.try_into().expect("one message");
    message
}

fn request() -> impl Strategy<Value = Request> {
    prop_oneof![
        Just(Request::Hello),
        any::<(u16, u16, u32)>().prop_map(|(block, length, first_step)| Request::Play {
            block,
            length,
            first_step
        }),
        any::<u16>().prop_map(|block| Request::Resend { block }),
        Just(Request::SelfTest),
        Just(Request::Status),
        Just(Request::ResetPlayer),
    ]
}

fn identity_block() -> impl Strategy<Value = [u8; identity::BYTES]> {
    vec(any::<u8>(), identity::BYTES).prop_map(|bytes| {
        let mut block: [u8; identity::BYTES] = bytes.try_into().expect("as long as asked for");
        block[..4].copy_from_slice(b"FLB1");
        block
    })
}

fn hello() -> impl Strategy<Value = Hello> {
    (uniform3(any::<u8>()), any::<(u16, u16)>(), identity_block()).prop_map(
        |(firmware, (last_block, credit), block)| {
            Hello::new(firmware, last_block, credit, &block).expect("the magic is there")
        },
    )
}

fn reason() -> impl Strategy<Value = NakReason> {
    prop::sample::select(vec![
        NakReason::BadFrame,
        NakReason::UnknownMessage,
        NakReason::NoSession,
        NakReason::WrongBlock,
        NakReason::BadLength,
        NakReason::BadBlock,
        NakReason::Stalled,
        NakReason::NoIdentity,
        NakReason::WrongStep,
    ])
}

fn reply() -> impl Strategy<Value = Reply> {
    let played = (any::<(u16, u16, u32, u16)>(), any::<(bool, bool)>()).prop_map(
        |((block, captured, steps, credit), (bad_opcode, capture_overflow))| {
            Reply::Played(Played { block, captured, steps, credit, bad_opcode, capture_overflow })
        },
    );
    let status = (any::<(u16, u32)>(), any::<[u8; 4]>()).prop_map(
        |((last_block, steps), [bad_frames, bad_blocks, stalls, overflows])| {
            Reply::Status(Status { last_block, steps, bad_frames, bad_blocks, stalls, overflows })
        },
    );
    prop_oneof![
        hello().prop_map(Reply::Hello),
        played,
        any::<(u16, u16, u16)>().prop_map(|(start, length, crc)| Reply::SelfTest(SelfTest {
            start,
            length,
            crc
        })),
        status,
        Just(Reply::PlayerReset),
        (reason(), any::<u16>(), any::<u32>())
            .prop_map(|(reason, expected, steps)| Reply::Nak(Nak { reason, expected, steps })),
    ]
}

proptest! {
    #[test]
    fn requests_survive_the_wire(request in request(), tag: u8) {
        let message = message(request.frame(tag));
        prop_assert!(message.len() <= MAX_REQUEST);
        let (header, decoded) = Request::decode(&message).expect("a request");
        prop_assert_eq!((header.tag, decoded), (tag, request));
        prop_assert!(Reply::decode(&message).is_err());
    }

    #[test]
    fn replies_survive_the_wire(reply in reply(), tag: u8) {
        let message = message(reply.frame(tag));
        prop_assert!(message.len() <= MAX_MESSAGE);
        let (header, decoded) = Reply::decode(&message).expect("a reply");
        prop_assert_eq!((header.tag, decoded), (tag, reply));
        prop_assert!(Request::decode(&message).is_err());
    }

    #[test]
    fn garbage_is_refused_or_means_what_it_says(
        version in prop_oneof![Just(VERSION), any::<u8>()],
        rest in vec(any::<u8>(), 0..MAX_MESSAGE),
    ) {
        let mut garbage = vec![version];
        garbage.extend(rest);
        if let Ok((header, request)) = Request::decode(&garbage) {
            prop_assert_eq!(message(request.frame(header.tag)), &garbage[..]);
        }
        let reply = Reply::decode(&garbage);
        if version != VERSION && garbage.len() >= 3 {
            prop_assert_eq!(reply, Err(MessageError::Version { found: version }));
        }
    }
}

#[test]
fn the_identity_block_is_read_as_the_register_map_states() {
    let mut block = [0; identity::BYTES];
    block[identity::MAGIC..][..4].copy_from_slice(&0x3142_4c46_u32.to_le_bytes());
    block[identity::NETLIST_HASH..][..16].copy_from_slice(&[9; 16]);
    block[identity::INPUT_BYTES] = 4;
    block[identity::OUTPUT_BYTES] = 5;
    block[identity::SLOTS] = 1;
    block[identity::FLAGS] = 6;
    block[identity::CLOCK_HZ..][..4].copy_from_slice(&12_000_000_u32.to_le_bytes());
    block[identity::CAPTURE_CAPACITY..][..2].copy_from_slice(&1024_u16.to_le_bytes());
    block[identity::RING_CAPACITY..][..2].copy_from_slice(&2048_u16.to_le_bytes());
    let hello = Hello::new([0, 1, 0], 0, 2047, &block).expect("the magic is there");
    assert_eq!(hello.netlist_hash(), [9; 16]);
    assert_eq!(hello.credit(), 2047);
    assert_eq!((hello.input_bytes(), hello.output_bytes()), (4, 5));
    assert_eq!((hello.slots(), hello.flags()), (1, 6));
    assert_eq!(hello.clock_hz(), 12_000_000);
    assert_eq!((hello.capture_capacity(), hello.ring_capacity()), (1024, 2048));
    block[0] = 0;
    assert_eq!(Hello::new([0, 1, 0], 0, 2047, &block), None);
}
