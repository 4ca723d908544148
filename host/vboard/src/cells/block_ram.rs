//! `SB_RAM40_4K`: 256 words of 16 bits, and narrower views of them.
//!
//! In mode `m` the low 8 address bits select a word and the next `m` bits a
//! bit within each group of `2^m`; only every `2^m`-th data line is used
//! (IceStorm, "RAM Tile Documentation").

/// The data lines that mode 1, 2 and 3 use: the group's first line is 0, 1, 3.
const USED_LINES: [u16; 4] = [0xffff, 0x5555, 0x2222, 0x0808];

/// The bits of a word that sub-address `s` selects: one in each group.
fn selected(mode: u8, address: u16) -> u16 {
    let sub = (address >> 8) & ((1 << mode) - 1);
    let first_of_group: u16 = match mode {
        0 => 0xffff,
        1 => 0x5555,
        2 => 0x1111,
        _ => 0x0101,
    };
    first_of_group << sub
}

/// What a read at `address` (11 bits) puts on `RDATA`.
pub fn read(words: &[u16], mode: u8, address: u16) -> u16 {
    let word = words[usize::from(address & 0xff)] & selected(mode, address);
    match mode {
        0 => word,
        1 => (word | word >> 1) & 0x5555,
        2 => {
            let any = word | word >> 1 | word >> 2 | word >> 3;
            (any & 0x1111) << 1
        }
        _ => {
            let any = word | word >> 4;
            let any = any | any >> 2;
            let any = any | any >> 1;
            (any & 0x0101) << 3
        }
    }
}

/// The word after a write at `address`: where it lies and its new value.
/// `mask` keeps bits, in mode 0 only.
pub fn written(words: &[u16], mode: u8, address: u16, data: u16, mask: u16) -> (usize, u16) {
    let place = usize::from(address & 0xff);
    let data = data & USED_LINES[usize::from(mode & 3)];
    let (spread, write) = match mode {
        0 => (data, !mask),
        1 => (data | data << 1, selected(1, address)),
        2 => ((data >> 1) * 0xf, selected(2, address)),
        _ => ((data >> 3) * 0xff, selected(3, address)),
    };
    (place, words[place] & !write | spread & write)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `RMASK_I`, `WMASK_I`, `WDATA_I` and `RDATA` written out as in
    /// cells_sim.v, bit by bit.
    fn model_lines(mode: u8) -> Vec<(usize, Vec<usize>)> {
        let (groups, width, line): (usize, usize, usize) = match mode {
            1 => (8, 2, 0),
            2 => (4, 4, 1),
            _ => (2, 8, 3),
        };
        (0..groups).map(|g| (g * width + line, (g * width..(g + 1) * width).collect())).collect()
    }

    #[test]
    fn narrow_modes_follow_the_cell_model() {
        for mode in 1..4u8 {
            for sub in 0..1u16 << mode {
                let address = sub << 8 | 7;
                for data in [0u16, 0xffff, 0x5a5a, 0x1234, 0x0808, 0x2222] {
                    let mut words = vec![0u16; 256];
                    words[7] = 0xc3a5;
                    let (place, value) = written(&words, mode, address, data, 0xffff);
                    let mut expected = words[7];
                    for (line, bits) in model_lines(mode) {
                        let bit = bits[usize::from(sub)];
                        expected = expected & !(1 << bit) | (data >> line & 1) << bit;
                    }
                    assert_eq!((place, value), (7, expected), "mode {mode} sub {sub}");
                    words[7] = value;
                    let mut expected = 0;
                    for (line, bits) in model_lines(mode) {
                        expected |= (words[7] >> bits[usize::from(sub)] & 1) << line;
                    }
                    assert_eq!(read(&words, mode, address), expected);
                }
            }
        }
    }

    #[test]
    fn full_width_writes_honour_the_mask() {
        let mut words = vec![0u16; 256];
        words[3] = 0x0ff0;
        assert_eq!(written(&words, 0, 0x703, 0xffff, 0xff00), (3, 0x0fff));
        assert_eq!(read(&words, 0, 0x703), 0x0ff0);
    }
}
