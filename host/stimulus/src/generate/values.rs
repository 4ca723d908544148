//! Random choices, the same for the same seed on every machine and in every release.

use filbench_model::Bits;
use rand_core::{Rng, SeedableRng};
use rand_xorshift::XorShiftRng;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, VecDeque};

/// Words of each width that are remembered, to be repeated.
const REMEMBERED: usize = 12;

/// A generator whose values are documented, so that no library's release changes a problem.
pub(super) struct Dice(XorShiftRng);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        let hash = Sha256::digest(seed.to_le_bytes());
        let mut state = [0; 16];
        state.copy_from_slice(&hash[..16]);
        Self(XorShiftRng::from_seed(state))
    }

    /// One of `0..count`.
    pub(super) fn below(&mut self, count: usize) -> usize {
        let scaled = (u128::from(self.0.next_u64()) * count as u128) >> 64;
        usize::try_from(scaled).unwrap_or(0)
    }

    /// Whether something comes that comes in `eighths` of eight cases.
    pub(super) fn comes(&mut self, eighths: u8) -> bool {
        self.below(8) < usize::from(eighths)
    }

    pub(super) fn pick<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        let index = self.below(of.len());
        of.get(index).copied()
    }

    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            let other = self.below(end + 1);
            items.swap(end, other);
        }
    }

    fn word(&mut self, width: usize) -> Bits {
        let mut bits = Bits::zeros(width);
        for low in (0..width).step_by(64) {
            let random = self.0.next_u64();
            for bit in low..width.min(low + 64) {
                bits.set(bit, random >> (bit - low) & 1 == 1);
            }
        }
        bits
    }
}

/// Where the values of ports come from.
#[derive(Default)]
pub(super) struct Values {
    /// By width and not by port, so that a read finds the address of a write, and one
    /// operand meets the other.
    recent: BTreeMap<usize, VecDeque<Bits>>,
}

impl Values {
    /// A value for a port of more than one bit that has `current` now: 0, all ones, one bit,
    /// a neighbour, an earlier one of any port of the same width, or any.
    pub(super) fn next(&mut self, current: &Bits, dice: &mut Dice) -> Bits {
        let width = current.len();
        let recent = self.recent.entry(width).or_default();
        let value = match dice.below(16) {
            0 => Bits::zeros(width),
            1 => Bits::ones(width),
            2 => {
                let mut bits = Bits::zeros(width);
                bits.set(dice.below(width), true);
                bits
            }
            3 => {
                let mut bits = current.clone();
                let bit = dice.below(width);
                bits.set(bit, !bits.get(bit));
                bits
            }
            4 => add(current, true),
            5 => add(current, false),
            6..=9 if !recent.is_empty() => recent[dice.below(recent.len())].clone(),
            _ => dice.word(width),
        };
        if !recent.contains(&value) {
            recent.push_back(value.clone());
            if recent.len() > REMEMBERED {
                recent.pop_front();
            }
        }
        value
    }
}

/// One more, or one less, around the end.
fn add(bits: &Bits, one_more: bool) -> Bits {
    let mut out = bits.clone();
    for bit in 0..bits.len() {
        out.set(bit, !bits.get(bit));
        if bits.get(bit) != one_more {
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_go_around() {
        for (value, more, less) in [(0, 1, 15), (7, 8, 6), (15, 0, 14)] {
            let bits = Bits::from_u64(value, 4);
            assert_eq!(add(&bits, true), Bits::from_u64(more, 4));
            assert_eq!(add(&bits, false), Bits::from_u64(less, 4));
        }
    }

    /// Stimulus is a part of results that people compare.
    #[test]
    fn a_seed_means_the_same_for_ever() {
        let mut dice = Dice::new(1);
        let values: Vec<usize> = (0..6).map(|_| dice.below(100)).collect();
        assert_eq!(values, [92, 97, 78, 89, 48, 73]);
        let mut dice = Dice::new(2);
        assert_ne!(values, (0..6).map(|_| dice.below(100)).collect::<Vec<_>>());
    }
}
