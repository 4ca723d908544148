//! Firmware of the soft MCU: a session over the fixture's registers, and nothing
//! else.
//!
//! Image, variables and stack share 4032 bytes, so nothing here may format text.

#![no_std]
#![no_main]

use core::arch::{asm, global_asm};
use core::panic::PanicInfo;

use filbench_stim::fixture::{FixtureLine, FixturePlayer, Registers};
use filbench_stim::regmap::{self, control};
use filbench_stim::{Platform, Session};
use filbench_wire::regmap::identity;

global_asm!(include_str!("start.s"));

unsafe extern "C" {
    /// Written by the link step, see fpga/regmap.toml.
    static IDENTITY: [u8; identity::BYTES];
    /// First byte that the self-test sums.
    static _sum_start: u8;
    /// First byte after the image.
    static _image_end: u8;
}

const VERSION: [u8; 3] = [
    number(env!("CARGO_PKG_VERSION_MAJOR")),
    number(env!("CARGO_PKG_VERSION_MINOR")),
    number(env!("CARGO_PKG_VERSION_PATCH")),
];

const fn number(text: &str) -> u8 {
    match u8::from_str_radix(text, 10) {
        Ok(number) => number,
        Err(_) => panic!("a version has three numbers below 256"),
    }
}

/// The registers where the bus has them.
#[derive(Clone, Copy)]
struct Bus;

impl Registers for Bus {
    #[inline(always)]
    fn read(&self, offset: usize) -> u32 {
        // SAFETY: the fixture's registers lie here and nothing else does; reading
        // one touches no memory.
        unsafe { register(offset).read_volatile() }
    }

    #[inline(always)]
    fn write(&self, offset: usize, value: u32) {
        // SAFETY: as for reading.
        unsafe { register(offset).write_volatile(value) }
    }
}

fn register(offset: usize) -> *mut u32 {
    core::ptr::with_exposed_provenance_mut(regmap::BASE as usize + offset)
}

#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    let start = &raw const _sum_start;
    let length = (&raw const _image_end).addr() - start.addr();
    // SAFETY: both are part of the RAM that the configuration filled; nothing
    // writes there, and the image does not begin at address 0.
    let (identity, image) = unsafe { (&IDENTITY, core::slice::from_raw_parts(start, length)) };
    let mut session = Session::new(
        FixtureLine::new(Bus),
        FixturePlayer::new(Bus),
        Platform { firmware: VERSION, identity, image, image_start: start.addr() as u16 },
    );
    loop {
        // A line that gave no byte is read again.
        let _ = session.serve();
    }
}

/// Starts over. The session is forgotten, which the host notices by the next
/// refusal.
#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    Bus.write(control::OFFSET, control::FLUSH_RX);
    // SAFETY: the start-up code expects nothing.
    unsafe { asm!("j _start", options(noreturn)) }
}
