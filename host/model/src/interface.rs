use crate::Bits;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Which way a port's values flow, seen from the design.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Driven by the player.
    Input,
    /// Captured by the player.
    Output,
}

/// One port of a design.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Port {
    /// The name as the RTL spells it.
    pub name: String,
    /// Seen from the design.
    pub direction: Direction,
    /// Bits, at least 1.
    pub width: usize,
}

/// The ports of a design, in declared order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
pub struct Interface {
    /// In declared order.
    pub ports: Vec<Port>,
}

/// How a candidate's ports differ from a problem's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum InterfaceMismatch {
    /// The problem has the port, the candidate does not.
    Missing {
        /// The port that the problem has.
        port: Port,
    },
    /// The candidate has a port that the problem does not know.
    Extra {
        /// The port that the candidate has.
        port: Port,
    },
    /// Same name, other direction or width.
    Different {
        /// What the problem says.
        expected: Port,
        /// What the candidate has.
        found: Port,
    },
}

impl Interface {
    /// Input ports with the number of their first input bit, in order.
    pub fn inputs(&self) -> impl Iterator<Item = (&Port, usize)> {
        self.numbered(Direction::Input)
    }

    /// Output ports with the number of their first output bit, in order.
    pub fn outputs(&self) -> impl Iterator<Item = (&Port, usize)> {
        self.numbered(Direction::Output)
    }

    /// Total input bits.
    pub fn input_bits(&self) -> usize {
        self.inputs().map(|(p, _)| p.width).sum()
    }

    /// Total output bits.
    pub fn output_bits(&self) -> usize {
        self.outputs().map(|(p, _)| p.width).sum()
    }

    /// The output port that holds output bit `bit`, and the bit's index in it.
    pub fn output_of_bit(&self, bit: usize) -> Option<(&Port, usize)> {
        self.outputs()
            .find(|(p, lsb)| (*lsb..lsb + p.width).contains(&bit))
            .map(|(p, lsb)| (p, bit - lsb))
    }

    /// The input port that holds input bit `bit`, and the bit's index in it.
    pub fn input_of_bit(&self, bit: usize) -> Option<(&Port, usize)> {
        self.inputs()
            .find(|(p, lsb)| (*lsb..lsb + p.width).contains(&bit))
            .map(|(p, lsb)| (p, bit - lsb))
    }

    /// The value of output port `name` in `values` (all output bits).
    pub fn output_value(&self, name: &str, values: &Bits) -> Option<Bits> {
        self.outputs().find(|(p, _)| p.name == name).map(|(p, lsb)| values.slice(lsb, p.width))
    }

    /// Every difference of `candidate` from this interface; port order does
    /// not matter, names do.
    pub fn compare(&self, candidate: &Self) -> Vec<InterfaceMismatch> {
        let mut out = Vec::new();
        for port in &self.ports {
            match candidate.ports.iter().find(|p| p.name == port.name) {
                None => out.push(InterfaceMismatch::Missing { port: port.clone() }),
                Some(found) if found != port => out.push(InterfaceMismatch::Different {
                    expected: port.clone(),
                    found: found.clone(),
                }),
                Some(_) => {}
            }
        }
        for port in &candidate.ports {
            if !self.ports.iter().any(|p| p.name == port.name) {
                out.push(InterfaceMismatch::Extra { port: port.clone() });
            }
        }
        out
    }

    fn numbered(&self, direction: Direction) -> impl Iterator<Item = (&Port, usize)> {
        self.ports.iter().filter(move |p| p.direction == direction).scan(0, |next, port| {
            let lsb = *next;
            *next += port.width;
            Some((port, lsb))
        })
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let direction = match self.direction {
            Direction::Input => "input",
            Direction::Output => "output",
        };
        if self.width == 1 {
            write!(f, "{direction} {}", self.name)
        } else {
            write!(f, "{direction} [{}:0] {}", self.width - 1, self.name)
        }
    }
}

impl fmt::Display for InterfaceMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { port } => write!(f, "`{port}` is missing"),
            Self::Extra { port } => write!(f, "`{port}` is not a port of the problem"),
            Self::Different { expected, found } => {
                write!(f, "`{expected}` is expected, `{found}` was found")
            }
        }
    }
}
