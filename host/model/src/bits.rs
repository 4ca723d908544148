use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A fixed-length vector of two-valued bits, bit 0 first.
///
/// Serialised as a Verilog-style binary string, most significant bit first.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Bits {
    words: Vec<u64>,
    len: usize,
}

impl Bits {
    /// `len` zeros.
    pub fn zeros(len: usize) -> Self {
        Self { words: vec![0; len.div_ceil(64)], len }
    }

    /// `len` ones.
    pub fn ones(len: usize) -> Self {
        let mut bits = Self { words: vec![u64::MAX; len.div_ceil(64)], len };
        bits.mask_tail();
        bits
    }

    /// The low `len` bits of `value`; `len` may exceed 64.
    pub fn from_u64(value: u64, len: usize) -> Self {
        let mut bits = Self::zeros(len);
        if let Some(word) = bits.words.first_mut() {
            *word = value;
        }
        bits.mask_tail();
        bits
    }

    /// Bits from packed words, bit 0 in bit 0 of word 0; `None` where there are too
    /// few or too many words, or where a bit past the end is set.
    pub fn from_words(words: Vec<u64>, len: usize) -> Option<Self> {
        let bits = Self { words, len };
        let mut masked = bits.clone();
        masked.mask_tail();
        (bits.words.len() == len.div_ceil(64) && masked == bits).then_some(bits)
    }

    /// Bits from an iterator, bit 0 first.
    pub fn from_iter_lsb(iter: impl IntoIterator<Item = bool>) -> Self {
        let mut bits = Self::default();
        for bit in iter {
            bits.push(bit);
        }
        bits
    }

    /// Parses a binary string, most significant bit first; `None` on any
    /// character but `0`, `1` and `_`.
    pub fn parse_binary(text: &str) -> Option<Self> {
        let mut out = Vec::with_capacity(text.len());
        for c in text.bytes().rev() {
            match c {
                b'0' => out.push(false),
                b'1' => out.push(true),
                b'_' => {}
                _ => return None,
            }
        }
        Some(Self::from_iter_lsb(out))
    }

    /// How many bits.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no bit at all.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bit `index`.
    ///
    /// # Panics
    /// If `index` is not below [`len`](Self::len).
    pub fn get(&self, index: usize) -> bool {
        assert!(index < self.len, "bit {index} of a {}-bit vector", self.len);
        self.words[index / 64] >> (index % 64) & 1 == 1
    }

    /// Sets bit `index`.
    ///
    /// # Panics
    /// If `index` is not below [`len`](Self::len).
    pub fn set(&mut self, index: usize, value: bool) {
        assert!(index < self.len, "bit {index} of a {}-bit vector", self.len);
        let mask = 1u64 << (index % 64);
        if value {
            self.words[index / 64] |= mask;
        } else {
            self.words[index / 64] &= !mask;
        }
    }

    /// Appends one bit at the most significant end.
    pub fn push(&mut self, value: bool) {
        if self.len.is_multiple_of(64) {
            self.words.push(0);
        }
        self.len += 1;
        self.set(self.len - 1, value);
    }

    /// The bits, bit 0 first.
    pub fn iter(&self) -> impl Iterator<Item = bool> + '_ {
        (0..self.len).map(|i| self.get(i))
    }

    /// The packed words, bit 0 in bit 0 of word 0; unused high bits are zero.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// `width` bits from `lsb` on.
    ///
    /// # Panics
    /// If the range reaches past the end.
    pub fn slice(&self, lsb: usize, width: usize) -> Self {
        assert!(lsb + width <= self.len, "bits {lsb}+{width} of a {}-bit vector", self.len);
        Self::from_iter_lsb((lsb..lsb + width).map(|i| self.get(i)))
    }

    /// Overwrites bits from `lsb` on with `value`.
    ///
    /// # Panics
    /// If `value` reaches past the end.
    pub fn splice(&mut self, lsb: usize, value: &Self) {
        for (i, bit) in value.iter().enumerate() {
            self.set(lsb + i, bit);
        }
    }

    /// Bitwise exclusive or.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn xor(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a ^ b)
    }

    /// Bitwise and.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn and(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a & b)
    }

    /// Bitwise or.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn or(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a | b)
    }

    /// Bitwise complement.
    pub fn not(&self) -> Self {
        let mut bits = Self { words: self.words.iter().map(|w| !w).collect(), len: self.len };
        bits.mask_tail();
        bits
    }

    /// Whether any bit is one.
    pub fn any(&self) -> bool {
        self.words.iter().any(|&w| w != 0)
    }

    /// How many bits are one.
    pub fn count_ones(&self) -> usize {
        self.words.iter().map(|w| w.count_ones() as usize).sum()
    }

    /// Indices of the bits that are one, ascending.
    pub fn ones_indices(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(i, &word)| {
            std::iter::successors(Some(word).filter(|&w| w != 0), |w| {
                Some(w & (w - 1)).filter(|&w| w != 0)
            })
            .map(move |w| i * 64 + w.trailing_zeros() as usize)
        })
    }

    fn zip(&self, other: &Self, f: impl Fn(u64, u64) -> u64) -> Self {
        assert_eq!(self.len, other.len, "vectors of different lengths");
        Self {
            words: self.words.iter().zip(&other.words).map(|(&a, &b)| f(a, b)).collect(),
            len: self.len,
        }
    }

    fn mask_tail(&mut self) {
        if let (Some(word), tail @ 1..) = (self.words.last_mut(), self.len % 64) {
            *word &= (1u64 << tail) - 1;
        }
    }
}

impl fmt::Display for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for i in (0..self.len).rev() {
            f.write_str(if self.get(i) { "1" } else { "0" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}'b{self}", self.len)
    }
}

impl Serialize for Bits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Bits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse_binary(&text).ok_or_else(|| {
            serde::de::Error::custom(format!("`{text}` is not a binary string of 0 and 1"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bit_order_and_text_agree() {
        let bits = Bits::from_u64(0b110, 4);
        assert_eq!(bits.to_string(), "0110");
        assert_eq!(Bits::parse_binary("0110"), Some(bits.clone()));
        assert!(!bits.get(0) && bits.get(1) && bits.get(2) && !bits.get(3));
        assert_eq!(Bits::parse_binary("01x0"), None);
    }

    #[test]
    fn slices_cross_words() {
        let mut bits = Bits::zeros(130);
        bits.splice(60, &Bits::from_u64(0b1011_0110, 8));
        assert_eq!(bits.slice(60, 8), Bits::from_u64(0b1011_0110, 8));
        assert_eq!(bits.ones_indices().collect::<Vec<_>>(), [61, 62, 64, 65, 67]);
        assert_eq!(bits.not().count_ones(), 125);
        assert_eq!(Bits::ones(130), Bits::zeros(130).not());
    }
}
