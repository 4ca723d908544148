use crate::{Bits, ClockEdge};
use serde::{Deserialize, Serialize};

/// How the stub that plays a response back drives the bench's wires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assignment {
    /// Behind an event by `<=`, as registers do; otherwise at once, by `=`, as gates do.
    Mixed,
    /// Always `<=`.
    Nonblocking,
    /// Always `=`.
    Blocking,
}

/// What the original bench says of responses that are known to be right and wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum BenchTrust {
    /// The golden's response passes, one of zeros and the golden's complement do not.
    Proven,
    /// It passes whatever it is shown.
    Blind {
        /// The wrong response that passes, in words.
        passes: String,
    },
    /// The golden does not pass its own bench.
    RejectsGolden {
        /// What happened instead, in words.
        found: String,
    },
}

/// A moment at which a process of the recording stub woke.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wake {
    /// The active edge that woke it, numbered by walking [`Playback::clocks`], rising edge
    /// first; `None` for any other change, and for the start of a bench that changes nothing
    /// at its start.
    pub edge: Option<usize>,
    /// The inputs that it saw; a bit that is unknown reads 0.
    pub inputs: Bits,
    /// Which of them were unknown.
    pub unknown: Bits,
    /// The last of the problem's steps that stand for what had happened by then.
    pub step: usize,
    /// Whether one of them changed an event input.
    pub event: bool,
}

/// How a response to a problem's steps is played back to the bench that the problem was
/// recorded from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Playback {
    /// Input bits that clock the golden, with the edge: those for which the stub has a
    /// process of its own.
    pub clocks: Vec<(usize, ClockEdge)>,
    /// How the stub drives outputs, such that the golden's response passes.
    pub assignment: Assignment,
    /// Whether the bench can tell right from wrong.
    pub trust: BenchTrust,
    /// Whether the first wake is the start of the simulation, and not a change.
    pub from_start: bool,
    /// In the order in which they happened.
    pub wakes: Vec<Wake>,
}
