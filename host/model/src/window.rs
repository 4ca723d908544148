use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The steps around a first mismatch, per port: enough to draw it.
///
/// All values are binary, most significant bit first. Every list has one
/// entry for each of [`steps`](Self::steps) steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MismatchWindow {
    /// Index of the problem's step that the first entry of each list belongs
    /// to.
    pub first_step: usize,
    /// How many steps are shown.
    pub steps: usize,
    /// Input ports, in declared order.
    pub inputs: Vec<InputWindow>,
    /// Output ports, in declared order.
    pub outputs: Vec<OutputWindow>,
    /// Ports that were left out to keep the window small; never the one that
    /// differs first.
    pub omitted_ports: Vec<String>,
}

/// One input port's values in a [`MismatchWindow`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InputWindow {
    /// The port's name.
    pub port: String,
    /// As applied; bits that the stimulus leaves unknown as they were played.
    pub values: Vec<String>,
}

/// One output port's values in a [`MismatchWindow`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutputWindow {
    /// The port's name.
    pub port: String,
    /// The golden's, `x` where don't-care.
    pub expected: Vec<String>,
    /// What was captured; null at steps that were not captured.
    pub got: Vec<Option<String>>,
}

impl OutputWindow {
    /// Whether a compared bit differs in entry `index`.
    pub fn differs(&self, index: usize) -> bool {
        match (self.expected.get(index), self.got.get(index)) {
            (Some(expected), Some(Some(got))) => {
                expected.len() != got.len()
                    || expected.bytes().zip(got.bytes()).any(|(e, g)| e != b'x' && e != g)
            }
            _ => false,
        }
    }
}

/// A port's binary value in hexadecimal, shorter to show: `x` for a digit of
/// which nothing is known, `X` for one of which some bits are.
///
/// The first digit stands for the bits that are left over, so the length is
/// that of `binary` divided by 4, rounded up.
pub fn hexadecimal(binary: &str) -> String {
    binary
        .as_bytes()
        .rchunks(4)
        .rev()
        .map(|bits| {
            let unknown = bits.iter().filter(|&&bit| bit != b'0' && bit != b'1').count();
            if unknown == bits.len() {
                return 'x';
            }
            if unknown > 0 {
                return 'X';
            }
            let value = bits.iter().fold(0, |value, bit| value << 1 | u32::from(bit - b'0'));
            char::from_digit(value, 16).unwrap_or('X')
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shortened_from_the_least_significant_bit() {
        assert_eq!(hexadecimal("1"), "1");
        assert_eq!(hexadecimal("110101011"), "1ab");
        assert_eq!(hexadecimal("10xxxx01x01111"), "2xXf");
        assert_eq!(hexadecimal(""), "");
    }

    #[test]
    fn a_dont_care_bit_and_a_missing_capture_do_not_differ() {
        let output = OutputWindow {
            port: "q".into(),
            expected: ["01x", "01x", "011", "011"].map(String::from).into(),
            got: vec![Some("011".into()), Some("111".into()), None, Some("011".into())],
        };
        let differing: Vec<usize> = (0..5).filter(|&index| output.differs(index)).collect();
        assert_eq!(differing, [1]);
    }
}
