//! The bytes of every message and opcode, as this version has them.
//!
//! Host and firmware are told apart by [`VERSION`] alone, so bytes that change without it
//! would be misread in silence.

use std::fmt::Write as _;

use filbench_wire::regmap::{identity, opcode};
use filbench_wire::{
    Frame, Hello, Nak, NakReason, Played, Reply, Request, SelfTest, Status, VERSION,
};

/// Of version 2. A new version gets a new one; nothing else may change it.
const BYTES: (u8, &str) = (2, include_str!("bytes_v2.txt"));

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn line(text: &mut String, what: &str, mut frame: Frame) {
    writeln!(text, "{what}: {}", hex(frame.finish())).expect("a string takes all");
}

fn bytes() -> String {
    let mut text = String::new();
    let requests = [
        ("Hello", Request::Hello),
        ("Play", Request::Play { block: 0x0102, length: 0x0304, first_step: 0x0506_0708 }),
        ("Resend", Request::Resend { block: 0x0102 }),
        ("SelfTest", Request::SelfTest),
        ("Status", Request::Status),
        ("ResetPlayer", Request::ResetPlayer),
    ];
    for (what, request) in requests {
        line(&mut text, &format!("request {what}"), request.frame(0x11));
    }
    let mut block = [0; identity::BYTES];
    for (byte, value) in block.iter_mut().zip(0x40..) {
        *byte = value;
    }
    block[..4].copy_from_slice(b"FLB1");
    let hello = Hello::new([1, 2, 3], 0x0405, 0x0607, &block).expect("the magic is there");
    let played = |bad_opcode, capture_overflow| {
        Reply::Played(Played {
            block: 0x0102,
            captured: 0x0304,
            steps: 0x0506_0708,
            credit: 0x090a,
            bad_opcode,
            capture_overflow,
        })
    };
    let mut replies = vec![
        ("Hello".to_owned(), Reply::Hello(hello)),
        ("Played".to_owned(), played(false, false)),
        ("Played with a bad opcode".to_owned(), played(true, false)),
        ("Played with an overflow".to_owned(), played(false, true)),
        (
            "SelfTest".to_owned(),
            Reply::SelfTest(SelfTest { start: 0x0102, length: 0x0304, crc: 0x0506 }),
        ),
        (
            "Status".to_owned(),
            Reply::Status(Status {
                last_block: 0x0102,
                steps: 0x0304_0506,
                bad_frames: 7,
                bad_blocks: 8,
                stalls: 9,
                overflows: 10,
            }),
        ),
        ("PlayerReset".to_owned(), Reply::PlayerReset),
    ];
    for reason in [
        NakReason::BadFrame,
        NakReason::UnknownMessage,
        NakReason::NoSession,
        NakReason::WrongBlock,
        NakReason::BadLength,
        NakReason::BadBlock,
        NakReason::Stalled,
        NakReason::NoIdentity,
        NakReason::WrongStep,
    ] {
        let nak = Nak { reason, expected: 0x0102, steps: 0x0304_0506 };
        replies.push((format!("Nak {reason:?}"), Reply::Nak(nak)));
    }
    for (what, reply) in replies {
        line(&mut text, &format!("reply {what}"), reply.frame(0x11));
    }
    for (what, bytes) in [
        ("STEP_LOW c d", &[opcode::STEP_LOW, opcode::STEP_LOW_C, opcode::STEP_LOW_D][..]),
        ("STEP_BYTE c a", &[opcode::STEP_BYTE, opcode::STEP_BYTE_C, opcode::STEP_BYTE_A]),
        ("SET_BYTE a", &[opcode::SET_BYTE, opcode::SET_BYTE_A]),
        ("SET_RUN n", &[opcode::SET_RUN, opcode::SET_RUN_N]),
        ("NOP", &[opcode::NOP]),
        ("STEP", &[opcode::STEP]),
        ("STEP_CAPTURE", &[opcode::STEP_CAPTURE]),
        ("SETTLE", &[opcode::SETTLE]),
        ("POINTER", &[opcode::POINTER]),
        ("CAPTURE_BYTES", &[opcode::CAPTURE_BYTES]),
        ("SLOT", &[opcode::SLOT]),
    ] {
        writeln!(text, "opcode {what}: {}", hex(bytes)).expect("a string takes all");
    }
    text
}

#[test]
fn what_is_on_the_wire_changes_with_the_version() {
    let (version, expected) = BYTES;
    let found = bytes();
    assert!(
        version == VERSION && found == expected,
        "these bytes are not those of version {version}, and VERSION is {VERSION}. Raise VERSION \
         in firmware/wire/src/lib.rs if it has not been since the last release, write the text \
         below to firmware/wire/tests/bytes_v{VERSION}.txt, and name that file in BYTES:\n{found}"
    );
}
