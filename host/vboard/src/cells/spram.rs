//! `SB_SPRAM256KA`: 16384 words of 16 bits, one port.
//!
//! What the cell model leaves undefined (the output after a write or in
//! standby, the contents after power-up) here keeps its value, or starts as 0.

/// Words of one SPRAM.
pub const WORDS: usize = 16384;

/// The bits that `MASKWREN` lets a write change.
pub fn write_bits(mask: u8) -> u16 {
    (0..4).filter(|k| mask >> k & 1 != 0).fold(0, |bits, k| bits | 0xf << (4 * k))
}
