use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// What one bit of a port or connection is tied to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Bit {
    /// A net, by its number within the module.
    Net(u32),
    /// Constant 0.
    Zero,
    /// Constant 1.
    One,
    /// Undefined: synthesis may choose.
    X,
    /// Not driven.
    Z,
}

impl Bit {
    /// The net's number, if it is one.
    pub(crate) fn net(self) -> Option<u32> {
        match self {
            Self::Net(net) => Some(net),
            _ => None,
        }
    }
}

impl Serialize for Bit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Net(net) => serializer.serialize_u32(*net),
            Self::Zero => serializer.serialize_str("0"),
            Self::One => serializer.serialize_str("1"),
            Self::X => serializer.serialize_str("x"),
            Self::Z => serializer.serialize_str("z"),
        }
    }
}

impl<'de> Deserialize<'de> for Bit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BitVisitor;

        impl Visitor<'_> for BitVisitor {
            type Value = Bit;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a net number or one of \"0\", \"1\", \"x\", \"z\"")
            }

            fn visit_u64<E: Error>(self, net: u64) -> Result<Bit, E> {
                u32::try_from(net)
                    .map(Bit::Net)
                    .map_err(|_| E::custom(format!("net number {net} is too large")))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Bit, E> {
                match text {
                    "0" => Ok(Bit::Zero),
                    "1" => Ok(Bit::One),
                    "x" => Ok(Bit::X),
                    "z" => Ok(Bit::Z),
                    _ => Err(E::unknown_variant(text, &["0", "1", "x", "z"])),
                }
            }
        }

        deserializer.deserialize_any(BitVisitor)
    }
}
