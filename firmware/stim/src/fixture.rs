//! Line and player over the registers of the fixture (`fpga/regmap.toml`).
//!
//! Both are the same piece of gateware: the UART's receive ring feeds either
//! this code, byte by byte, or, once a block's length is written, the check
//! pass and the player. So a [`FixtureLine`] must not be read between
//! [`check`](Player::check) and the end of [`play`](Player::play), which
//! [`Session`](crate::Session) does not.

use embedded_io::{ErrorKind, ErrorType, Read, Write};

use crate::regmap::{
    block_length, block_wait, captured, control, drop_block, play, play_wait, rx_data,
    send_captured, status, tx_data,
};
use crate::{BlockCheck, Line, Outcome, Player};

/// Access to the fixture's registers, by offset from their base.
///
/// Reads and writes block where the register map says so.
pub trait Registers {
    /// Reads a register.
    fn read(&self, offset: usize) -> u32;
    /// Writes a register.
    fn write(&self, offset: usize, value: u32);
}

/// The line ended a wait although no stall timer was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineError;

impl core::fmt::Display for LineError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the receiver gave no byte")
    }
}

impl core::error::Error for LineError {}

impl embedded_io::Error for LineError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::TimedOut
    }
}

/// The UART.
#[derive(Debug)]
pub struct FixtureLine<R>(R);

impl<R: Registers> FixtureLine<R> {
    /// The line behind these registers.
    pub fn new(registers: R) -> Self {
        Self(registers)
    }
}

impl<R> ErrorType for FixtureLine<R> {
    type Error = LineError;
}

impl<R: Registers> Read for FixtureLine<R> {
    #[inline]
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, LineError> {
        let Some(first) = buf.first_mut() else {
            return Ok(0);
        };
        let word = self.0.read(rx_data::OFFSET);
        if word & rx_data::VALID == 0 {
            return Err(LineError);
        }
        *first = (word & rx_data::BYTE) as u8;
        Ok(1)
    }
}

impl<R: Registers> Write for FixtureLine<R> {
    #[inline]
    fn write(&mut self, buf: &[u8]) -> Result<usize, LineError> {
        for &byte in buf {
            self.0.write(tx_data::OFFSET, u32::from(byte));
        }
        Ok(buf.len())
    }

    fn flush(&mut self) -> Result<(), LineError> {
        while self.0.read(status::OFFSET) & status::TX_BUSY != 0 {}
        Ok(())
    }
}

impl<R: Registers> Line for FixtureLine<R> {
    fn drain(&mut self) -> Result<(), LineError> {
        let drop_all = control::STALL_TIMER | control::FLUSH_RX;
        loop {
            self.0.write(control::OFFSET, drop_all);
            if self.0.read(rx_data::OFFSET) & rx_data::VALID == 0 {
                break;
            }
        }
        self.0.write(control::OFFSET, 0);
        Ok(())
    }

    fn take_overflow(&mut self) -> bool {
        let overflow = self.0.read(status::OFFSET) & status::RX_OVERFLOW != 0;
        if overflow {
            self.0.write(control::OFFSET, control::CLEAR_ERRORS);
        }
        overflow
    }

    fn room(&self) -> u16 {
        (self.0.read(status::OFFSET) >> status::RX_FREE_SHIFT) as u16
    }
}

/// The player in gateware.
#[derive(Debug)]
pub struct FixturePlayer<R> {
    registers: R,
    /// Steps since the player's reset, as the gateware counted them.
    steps: u32,
}

impl<R: Registers> FixturePlayer<R> {
    /// The player behind these registers, which has just been reset.
    pub fn new(registers: R) -> Self {
        Self { registers, steps: 0 }
    }
}

impl<R: Registers> Player for FixturePlayer<R> {
    fn check(&mut self, length: u16) -> BlockCheck {
        self.registers.write(control::OFFSET, control::STALL_TIMER);
        self.registers.write(block_length::OFFSET, u32::from(length));
        let status = self.registers.read(block_wait::OFFSET);
        if status & status::BLOCK_CHECKED == 0 {
            self.registers.write(control::OFFSET, control::FLUSH_RX);
            return BlockCheck::Stalled;
        }
        self.registers.write(control::OFFSET, 0);
        if status & status::BLOCK_GOOD != 0 { BlockCheck::Good } else { BlockCheck::Bad }
    }

    fn play(&mut self) -> Outcome {
        self.registers.write(play::OFFSET, 0);
        let status = self.registers.read(play_wait::OFFSET);
        let bad_opcode = status & status::BAD_OPCODE != 0;
        if bad_opcode {
            self.registers.write(control::OFFSET, control::CLEAR_ERRORS);
        }
        let captured = self.registers.read(captured::OFFSET);
        // The gateware's counter is short, but longer than a block has steps.
        let counted = captured >> captured::STEPS_SHIFT;
        const COUNTER: u32 = captured::STEPS >> captured::STEPS_SHIFT;
        const { assert!(COUNTER as usize >= filbench_wire::MAX_BLOCK) };
        self.steps += counted.wrapping_sub(self.steps) & COUNTER;
        Outcome {
            captured: (captured & captured::BYTES) as u16,
            steps: self.steps,
            bad_opcode,
            capture_overflow: status & status::CAPTURE_OVERFLOW != 0,
        }
    }

    fn drop_block(&mut self) {
        self.registers.write(drop_block::OFFSET, 0);
    }

    fn steps(&self) -> u32 {
        self.steps
    }

    fn send_captured(&mut self) {
        self.registers.write(send_captured::OFFSET, 0);
    }

    fn reset(&mut self) {
        self.registers.write(control::OFFSET, control::RESET_PLAYER);
        self.registers.write(control::OFFSET, 0);
        self.steps = 0;
    }
}
