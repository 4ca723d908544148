use filbench_model::Bits;
use std::fmt;

/// A vector of bits each of which is 0, 1 or unknown (`x` and `z` alike).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Logic {
    /// The bits; one that is unknown reads 0.
    pub value: Bits,
    /// Which bits are unknown.
    pub unknown: Bits,
}

impl Logic {
    /// `len` bits of 0.
    pub fn zeros(len: usize) -> Self {
        Self { value: Bits::zeros(len), unknown: Bits::zeros(len) }
    }

    /// `len` unknown bits.
    pub fn unknown(len: usize) -> Self {
        Self { value: Bits::zeros(len), unknown: Bits::ones(len) }
    }

    /// Parses `0`, `1`, `x` and `z`, most significant bit first; `None` on anything
    /// else or on another length than `len`.
    pub fn parse(text: &[u8], len: usize) -> Option<Self> {
        if text.len() != len {
            return None;
        }
        let mut logic = Self::zeros(len);
        for (bit, c) in text.iter().rev().enumerate() {
            match c.to_ascii_lowercase() {
                b'0' => {}
                b'1' => logic.value.set(bit, true),
                b'x' | b'z' => logic.unknown.set(bit, true),
                _ => return None,
            }
        }
        Some(logic)
    }

    /// Appends the bits as text, most significant bit first.
    pub fn write(&self, text: &mut Vec<u8>) {
        text.extend((0..self.len()).rev().map(|bit| self.char(bit)));
    }

    /// How many bits.
    pub fn len(&self) -> usize {
        self.value.len()
    }

    /// Whether there is no bit at all.
    pub fn is_empty(&self) -> bool {
        self.value.is_empty()
    }

    /// Bits that differ from `other`, where being unknown is a value of its own.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn changed(&self, other: &Self) -> Bits {
        self.value.xor(&other.value).or(&self.unknown.xor(&other.unknown))
    }

    /// Bits that both know and that differ.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn contradicts(&self, other: &Self) -> Bits {
        let known = self.unknown.or(&other.unknown).not();
        self.value.xor(&other.value).and(&known)
    }

    /// Takes over one bit of `other`.
    pub(crate) fn copy_bit(&mut self, bit: usize, other: &Self) {
        self.value.set(bit, other.value.get(bit));
        self.unknown.set(bit, other.unknown.get(bit));
    }

    /// This with every unknown bit 0 or 1.
    pub(crate) fn filled(&self, with: bool) -> Self {
        let value = if with { self.value.or(&self.unknown) } else { self.value.clone() };
        Self { value, unknown: Bits::zeros(self.len()) }
    }

    fn char(&self, bit: usize) -> u8 {
        match (self.unknown.get(bit), self.value.get(bit)) {
            (true, _) => b'x',
            (false, true) => b'1',
            (false, false) => b'0',
        }
    }
}

impl fmt::Display for Logic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(self.len());
        self.write(&mut text);
        text.iter().try_for_each(|&c| fmt::Write::write_char(f, char::from(c)))
    }
}
