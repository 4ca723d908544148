//! Reads an iCE40 bitstream as `icepack` writes it.
//!
//! The format is IceStorm's ("Bitstream File Format Documentation"): comments,
//! the preamble `7E AA 99 7E`, then commands whose low nibble is the length of
//! their argument. The bytes are foreign: every length is checked against the
//! file, and memory is only taken for what the file holds.

use std::ops::Range;

use crate::device::{Device, TileAt, TileBit};

const PREAMBLE: [u8; 4] = [0x7e, 0xaa, 0x99, 0x7e];

/// Why a file is not a bitstream that a board would take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BitstreamError {
    /// There is no preamble.
    #[error("no iCE40 preamble (7e aa 99 7e) in the file; give the output of icepack")]
    NoPreamble,
    /// The file ends inside a command or a block of data.
    #[error("the bitstream ends at byte {offset}, inside {inside}; pack it again")]
    Truncated {
        /// File length.
        offset: usize,
        /// What was being read.
        inside: &'static str,
    },
    /// A command that `icepack` does not write.
    #[error("unknown bitstream command {command:02x} {argument:x} at byte {offset}")]
    Command {
        /// Its place in the file.
        offset: usize,
        /// Its first byte.
        command: u8,
        /// Its argument.
        argument: u32,
    },
    /// The CRC check at this place fails.
    #[error("the bitstream's CRC check at byte {offset} fails; the file is damaged, pack it again")]
    Crc {
        /// Place of the check.
        offset: usize,
    },
    /// There was no CRC check before the end.
    #[error("the bitstream has no CRC check; pack it again")]
    NoCrc,
    /// The first bank is as wide as that of no device that is modelled.
    #[error("no modelled device has CRAM banks {width} bits wide (5k: 692, 8k: 872)")]
    Device {
        /// Width found.
        width: u32,
    },
    /// A block of data lies outside the device's banks.
    #[error("{memory} bank {bank} of the {device} has no rows {rows:?} of {width} bits")]
    Bank {
        /// Device.
        device: Device,
        /// `CRAM` or `BRAM`.
        memory: &'static str,
        /// Bank number.
        bank: u32,
        /// Rows written.
        rows: Range<u32>,
        /// Width written.
        width: u32,
    },
    /// A row of the CRAM is never written.
    #[error("CRAM bank {bank} is not written completely; the file is damaged, pack it again")]
    Incomplete {
        /// Bank number.
        bank: usize,
    },
}

/// The configuration of a device: what the bits of a bitstream file say.
pub struct Bitstream {
    device: Device,
    cram: [Bank; 4],
    bram: [Bank; 4],
    /// Place of the CRC's two bytes, and where its range starts.
    crc: CrcField,
}

#[derive(Clone, Copy)]
struct CrcField {
    start: usize,
    value: usize,
}

/// One memory bank: rows of bits, most significant bit first.
#[derive(Default)]
struct Bank {
    width: u32,
    height: u32,
    /// Packed row after row, 8 bits a byte.
    bits: Vec<u8>,
    /// Where the rows come from: first row, and place in the file.
    chunks: Vec<(u32, usize)>,
}

impl Bank {
    fn sized(width: u32, height: u32) -> Bank {
        Bank { width, height, bits: vec![0; (width * height / 8) as usize], chunks: Vec::new() }
    }

    #[inline]
    fn bit(&self, x: u32, y: u32) -> bool {
        let k = (y * self.width + x) as usize;
        self.bits[k / 8] & (0x80 >> (k % 8)) != 0
    }

    /// Byte in the file and mask of a bit, if the file has it.
    fn place(&self, x: u32, y: u32) -> Option<(usize, u8)> {
        let &(first_row, offset) = self.chunks.iter().rev().find(|c| c.0 <= y)?;
        let k = ((y - first_row) * self.width + x) as usize;
        Some((offset + k / 8, 0x80 >> (k % 8)))
    }
}

/// A block of data as found in the file.
struct Block {
    is_cram: bool,
    bank: u32,
    width: u32,
    first_row: u32,
    rows: u32,
    data: Range<usize>,
}

/// CRC-16-CCITT, most significant bit first (IceStorm, "CRC Check").
pub(crate) fn crc16(mut crc: u16, bytes: &[u8]) -> u16 {
    for &byte in bytes {
        crc ^= u16::from(byte) << 8;
        for _ in 0..8 {
            crc = (crc << 1) ^ if crc & 0x8000 != 0 { 0x1021 } else { 0 };
        }
    }
    crc
}

/// Walks the file's commands.
struct Cursor<'a> {
    file: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize, inside: &'static str) -> Result<&'a [u8], BitstreamError> {
        let bytes = self
            .at
            .checked_add(length)
            .and_then(|end| self.file.get(self.at..end))
            .ok_or(BitstreamError::Truncated { offset: self.file.len(), inside })?;
        self.at += length;
        Ok(bytes)
    }
}

impl Bitstream {
    /// Reads a `.bin` file.
    ///
    /// # Errors
    /// When the file is not a complete bitstream with a correct CRC for a
    /// modelled device.
    pub fn parse(file: &[u8]) -> Result<Bitstream, BitstreamError> {
        let preamble =
            file.windows(4).position(|w| w == PREAMBLE).ok_or(BitstreamError::NoPreamble)?;
        let mut cursor = Cursor { file, at: preamble + 4 };
        let (mut bank, mut width, mut height, mut offset) = (0u32, 0u32, 0u32, 0u32);
        let mut crc_start = cursor.at;
        let mut crc = None;
        let mut blocks = Vec::new();
        loop {
            let start = cursor.at;
            let command = cursor.take(1, "a command")?[0];
            let argument = cursor
                .take(usize::from(command & 0x0f), "a command's argument")?
                .iter()
                .fold(0u32, |value, &byte| value << 8 | u32::from(byte));
            let unknown = BitstreamError::Command { offset: start, command, argument };
            match (command >> 4, argument) {
                (0, 1 | 3) => {
                    let bytes = (u64::from(width) * u64::from(height)).div_ceil(8);
                    let first = cursor.at;
                    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
                    cursor.take(bytes, "a block of data")?;
                    blocks.push(Block {
                        is_cram: argument == 1,
                        bank,
                        width,
                        first_row: offset,
                        rows: height,
                        data: first..cursor.at,
                    });
                    cursor.take(2, "the end of a block of data")?;
                }
                (0, 5) => crc_start = cursor.at,
                (0, 6) => break,
                (1, _) => bank = argument,
                // The check covers everything since the reset, and itself.
                (2, _) if command == 0x22 => {
                    if crc16(0xffff, &file[crc_start..cursor.at]) != 0 {
                        return Err(BitstreamError::Crc { offset: start });
                    }
                    crc = Some(CrcField { start: crc_start, value: start + 1 });
                }
                // Boot address, oscillator range, warm boot: no configuration.
                (4 | 5 | 9, _) => {}
                (6, _) if argument < 0xffff => width = argument + 1,
                (7, _) if argument <= 0xffff => height = argument,
                (8, _) if argument <= 0xffff => offset = argument,
                _ => return Err(unknown),
            }
        }
        let crc = crc.ok_or(BitstreamError::NoCrc)?;
        Bitstream::assemble(file, &blocks, crc)
    }

    fn assemble(file: &[u8], blocks: &[Block], crc: CrcField) -> Result<Bitstream, BitstreamError> {
        let cram_width = blocks.iter().find(|b| b.is_cram).map_or(0, |b| b.width);
        let device = Device::from_cram_width(cram_width)
            .ok_or(BitstreamError::Device { width: cram_width })?;
        let mut cram =
            [0, 1, 2, 3].map(|b| Bank::sized(device.cram_width(), device.cram_height(b)));
        let mut bram = [0, 1, 2, 3].map(|b| Bank::sized(device.bram_width(b), Device::BRAM_HEIGHT));
        for block in blocks {
            let (memory, banks) =
                if block.is_cram { ("CRAM", &mut cram) } else { ("BRAM", &mut bram) };
            let rows = block.first_row..block.first_row + block.rows;
            let bank = banks
                .get_mut(block.bank as usize)
                .filter(|bank| bank.width == block.width && rows.end <= bank.height)
                .filter(|bank| (rows.start * bank.width) % 8 == 0)
                .ok_or_else(|| BitstreamError::Bank {
                    device,
                    memory,
                    bank: block.bank,
                    rows: rows.clone(),
                    width: block.width,
                })?;
            let first = (rows.start * bank.width / 8) as usize;
            bank.bits[first..first + block.data.len()].copy_from_slice(&file[block.data.clone()]);
            bank.chunks.push((rows.start, block.data.start));
        }
        for (k, bank) in cram.iter_mut().enumerate() {
            bank.chunks.sort_unstable();
            let written: usize = blocks
                .iter()
                .filter(|b| b.is_cram && b.bank as usize == k)
                .map(|b| b.data.len())
                .sum();
            if written != bank.bits.len() {
                return Err(BitstreamError::Incomplete { bank: k });
            }
        }
        for bank in &mut bram {
            bank.chunks.sort_unstable();
        }
        Ok(Bitstream { device, cram, bram, crc })
    }

    /// The device it is for, from the size of its CRAM.
    pub fn device(&self) -> Device {
        self.device
    }

    /// A CRAM bit that belongs to no tile.
    pub(crate) fn extra_bit(&self, bank: u8, x: u16, y: u16) -> bool {
        let bank = &self.cram[usize::from(bank) % 4];
        u32::from(x) < bank.width
            && u32::from(y) < bank.height
            && bank.bit(u32::from(x), u32::from(y))
    }

    /// The configuration bits of a tile: 16 rows, bit `c` of a row being
    /// column `c`.
    pub(crate) fn tile_rows(&self, at: TileAt, columns: u8, is_io: bool) -> [u64; 16] {
        let mut rows = [0; 16];
        for (row, bits) in rows.iter_mut().enumerate() {
            for column in 0..columns {
                let bit = TileBit { row: row as u8, column };
                let (bank, x, y) = cram_place(self.device, at, is_io, bit);
                *bits |= u64::from(self.cram[bank].bit(x, y)) << column;
            }
        }
        rows
    }

    /// Where the file holds a configuration bit of a tile: byte and mask.
    pub(crate) fn tile_bit_place(
        &self,
        at: TileAt,
        is_io: bool,
        bit: TileBit,
    ) -> Option<(usize, u8)> {
        let (bank, x, y) = cram_place(self.device, at, is_io, bit);
        self.cram[bank].place(x, y)
    }

    /// The file with its CRC recomputed, after bits in it were changed.
    pub(crate) fn seal(&self, file: &mut [u8]) {
        let CrcField { start, value } = self.crc;
        let crc = crc16(0xffff, &file[start..value]);
        file[value..value + 2].copy_from_slice(&crc.to_be_bytes());
    }

    /// Initial contents of the block RAM whose lower tile (RAMB) is `at`: its
    /// 256 words as the cell's `INIT_*` parameters number them.
    pub(crate) fn block_ram(&self, at: TileAt) -> Vec<u16> {
        let device = self.device;
        let top = at.y >= device.first_top_row();
        let row = at.y - if top { device.first_top_row() - 1 } else { 0 };
        let bank = &self.bram[usize::from(top) | usize::from(device.is_right(at.x)) << 1];
        let first_column = 16 * u32::from((row - 1) / 2);
        let mut words = vec![0u16; 256];
        if first_column + 16 > bank.width {
            return words;
        }
        // `INIT_<i>` is 256 bits; its bit b lies in row 16·i + b/16, and the
        // 16 bits of a row run from right to left (icepack, BramIndexConverter).
        for (address, word) in words.iter_mut().enumerate() {
            for bit in 0..16u32 {
                let set = bank.bit(first_column + 15 - bit, address as u32);
                *word |= u16::from(set) << bit;
            }
        }
        words
    }
}

/// Bank, x and y of a tile's configuration bit in the CRAM (icepack,
/// CramIndexConverter): the four banks are the chip's quadrants, mirrored so
/// that each one's origin is a corner of the chip.
fn cram_place(device: Device, at: TileAt, is_io: bool, bit: TileBit) -> (usize, u32, u32) {
    /// Columns of an IO tile of the top and bottom edge, spread over the 54
    /// columns of the logic tiles above or below.
    const IO_COLUMN: [u8; 18] =
        [23, 25, 26, 27, 16, 17, 18, 19, 20, 14, 32, 33, 34, 35, 36, 37, 4, 5];
    /// Rows of such a tile.
    const IO_ROW: [u8; 16] = [0, 1, 3, 2, 4, 5, 7, 6, 8, 9, 11, 10, 12, 13, 15, 14];

    let (columns, rows) = device.grid();
    let right = device.is_right(at.x);
    let top = at.y >= device.first_top_row();
    let bank = usize::from(top) | usize::from(right) << 1;
    let tile_x = usize::from(if right { columns - 1 - at.x } else { at.x });
    let tile_y = if top { rows - 1 - at.y } else { at.y };
    let widths = device.half_columns();
    let x0: u32 = widths[..tile_x].iter().map(|&w| u32::from(w)).sum();
    let y0 = 16 * u32::from(tile_y);
    let width = u32::from(widths[tile_x]);
    let on_side = at.x == 0 || at.x == columns - 1;
    let (column, row) = (u32::from(bit.column), u32::from(bit.row));
    let (x, y) = if is_io && !on_side {
        let column = u32::from(IO_COLUMN[usize::from(bit.column)]);
        let row = u32::from(IO_ROW[usize::from(bit.row)]);
        let x = if right { width - 1 - column } else { column };
        return (bank, x0 + x, y0 + 15 - row);
    } else if is_io || right {
        (width - 1 - column, row)
    } else {
        (column, row)
    };
    (bank, x0 + x, y0 + if top { 15 - y } else { y })
}
