//! Upsets in the configuration memory: which bits of a file hold a look-up
//! table, and the file with such a bit inverted.

use crate::bitstream::{Bitstream, BitstreamError};
use crate::chipdb::{ChipDb, ChipDbError};
use crate::decode::LUT_BITS;
use crate::device::TileKind;
use crate::netlist::LogicCellAt;

/// The configuration of one look-up table in a bitstream file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LutBits {
    /// The logic cell.
    pub at: LogicCellAt,
    /// Its truth table: bit `i` is the output for input value `i`.
    pub table: u16,
    /// Where the file holds bit `i` of the table.
    pub places: [FileBit; 16],
}

/// A bit of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileBit {
    /// Byte, from the start of the file.
    pub byte: usize,
    /// The bit within it, as a mask.
    pub mask: u8,
}

/// Why upsets cannot be placed in a file.
#[derive(Debug, thiserror::Error)]
pub enum UpsetError {
    /// The file is no good bitstream.
    #[error(transparent)]
    Bitstream(#[from] BitstreamError),
    /// The embedded chip database is damaged.
    #[error(transparent)]
    ChipDb(#[from] ChipDbError),
    /// The file has no such byte.
    #[error("byte {byte} lies outside the bitstream's {length} bytes; take places from `lut_bits`")]
    Place {
        /// Byte asked for.
        byte: usize,
        /// Length of the file.
        length: usize,
    },
}

/// Lists the look-up tables in use (those with any bit of their logic cell
/// set) with the places of their bits.
///
/// # Errors
/// When the file is no complete bitstream.
pub fn lut_bits(file: &[u8]) -> Result<Vec<LutBits>, UpsetError> {
    let bitstream = Bitstream::parse(file)?;
    let db = ChipDb::of(bitstream.device())?;
    let mut luts = Vec::new();
    for (tile, _) in db.tiles().filter(|(_, t)| t.kind == TileKind::Logic) {
        for cell in 0..8 {
            let Some(bits) = db.function(TileKind::Logic, &format!("LC_{cell}")) else {
                continue;
            };
            let places: Vec<FileBit> = bits
                .iter()
                .filter_map(|&bit| bitstream.tile_bit_place(tile, false, bit))
                .map(|(byte, mask)| FileBit { byte, mask })
                .collect();
            let is_set = |place: &FileBit| file[place.byte] & place.mask != 0;
            if places.len() != bits.len() || !places.iter().any(is_set) {
                continue;
            }
            let places = LUT_BITS.map(|k| places[k]);
            let table = (0..16).filter(|&i| is_set(&places[i])).fold(0, |table, i| table | 1 << i);
            luts.push(LutBits { at: LogicCellAt { tile, cell }, table, places });
        }
    }
    Ok(luts)
}

/// The file with the bits at `places` inverted and the CRC made right again.
///
/// # Errors
/// When the file is no complete bitstream, or has no such byte.
pub fn flip_bits(file: &[u8], places: &[FileBit]) -> Result<Vec<u8>, UpsetError> {
    let bitstream = Bitstream::parse(file)?;
    let mut flipped = file.to_vec();
    for place in places {
        let byte = flipped
            .get_mut(place.byte)
            .ok_or(UpsetError::Place { byte: place.byte, length: file.len() })?;
        *byte ^= place.mask;
    }
    bitstream.seal(&mut flipped);
    Ok(flipped)
}
