//! How a problem's bits reach a candidate's ports through the player.

use filbench_model::{Bits, Direction, Interface, Problem};
use std::sync::Arc;

/// Which player bits carry a problem's input and output bits, for one linked
/// candidate.
///
/// Ports are matched by name, so a candidate may declare them in another
/// order than the problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wiring {
    /// Player input bit of each of the problem's input bits.
    input: Vec<u16>,
    /// Player output bit of each of the problem's output bits.
    output: Vec<u16>,
    /// The problem's input bits that must change alone: event inputs of the
    /// golden or of the candidate.
    events: Bits,
    input_bytes: usize,
    output_bytes: usize,
}

/// The player's side of a linked candidate, as the linker gives it.
#[derive(Clone, Copy, Debug)]
pub struct PlayerMap<'a> {
    /// Player bit of each of the candidate's input bits.
    pub input: &'a [u16],
    /// Player bit of each of the candidate's output bits.
    pub output: &'a [u16],
}

/// A port that the problem has and the candidate does not; the interface
/// check comes before the wiring, so this is a mistake of the caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the candidate has no {port} to wire to the problem's; compare the interfaces first")]
pub struct UnmatchedPort {
    /// The problem's port.
    pub port: String,
}

impl Wiring {
    /// Wires `problem` to a candidate with the ports `candidate`.
    ///
    /// `candidate_events` are the event inputs of the candidate, numbered as
    /// its own input bits.
    pub fn new(
        problem: &Problem,
        candidate: &Interface,
        candidate_events: &Bits,
        player: PlayerMap<'_>,
    ) -> Result<Self, UnmatchedPort> {
        let inputs = match_bits(&problem.interface, candidate, Direction::Input)?;
        let outputs = match_bits(&problem.interface, candidate, Direction::Output)?;
        let events =
            Bits::from_iter_lsb(inputs.iter().enumerate().map(|(bit, &theirs)| {
                problem.event_inputs.get(bit) || candidate_events.get(theirs)
            }));
        let input: Vec<u16> = inputs.iter().map(|&bit| player.input[bit]).collect();
        let output: Vec<u16> = outputs.iter().map(|&bit| player.output[bit]).collect();
        Ok(Self { input_bytes: bytes(&input), output_bytes: bytes(&output), input, output, events })
    }

    /// Bytes of the player's input register that the candidate uses.
    pub fn input_bytes(&self) -> usize {
        self.input_bytes
    }

    /// Bytes of one capture, as many as the candidate's outputs need; at
    /// least 1, the player's own minimum.
    pub fn output_bytes(&self) -> usize {
        self.output_bytes
    }

    /// The problem's output bits in one capture of
    /// [`output_bytes`](Self::output_bytes) bytes.
    pub fn response(&self, capture: &[u8]) -> Bits {
        Bits::from_iter_lsb(
            self.output.iter().map(|&bit| capture[usize::from(bit / 8)] >> (bit % 8) & 1 == 1),
        )
    }
}

/// Bytes, at least one, up to the highest of some player bits.
fn bytes(bits: &[u16]) -> usize {
    bits.iter().max().map_or(1, |&bit| usize::from(bit / 8) + 1)
}

/// For each bit of `ours`, the number of the same bit in `theirs`.
fn match_bits(
    ours: &Interface,
    theirs: &Interface,
    direction: Direction,
) -> Result<Vec<usize>, UnmatchedPort> {
    let numbered = |interface: &Interface| -> Vec<(String, usize, usize)> {
        let entry =
            |(port, lsb): (&filbench_model::Port, usize)| (port.name.clone(), port.width, lsb);
        match direction {
            Direction::Input => interface.inputs().map(entry).collect(),
            Direction::Output => interface.outputs().map(entry).collect(),
        }
    };
    let theirs = numbered(theirs);
    let mut bits = Vec::new();
    for (name, width, _) in numbered(ours) {
        let lsb = theirs
            .iter()
            .find(|(n, w, _)| *n == name && *w == width)
            .map(|(_, _, lsb)| *lsb)
            .ok_or_else(|| UnmatchedPort {
                port: format!("{direction:?} `{name}` of {width} bits").to_lowercase(),
            })?;
        bits.extend(lsb..lsb + width);
    }
    Ok(bits)
}

/// What the player is given for input bits that the stimulus leaves unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnknownInputs {
    /// All 0.
    Zero,
    /// All 1.
    One,
}

/// One vector for the player.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vector {
    /// The whole input register; player input bit `8 * B + b` is bit `b` of
    /// byte `B`.
    pub inputs: Vec<u8>,
    /// Whether the response is captured after it.
    pub capture: bool,
}

/// The vectors that play a problem to a candidate.
///
/// A step of the problem becomes one vector, unless it changes an input that
/// is an event input of the *candidate* (or an unknown input changes with an
/// event input of the golden). Then its data bits change first, in one
/// vector, and its event bits after them, one vector each in port order.
/// A candidate with an asynchronous reset where the golden's is synchronous
/// thus sees every other input of the step before its reset moves. Only the
/// last vector of a step is captured.
#[derive(Clone, Debug)]
pub struct Vectors {
    problem: Arc<Problem>,
    wiring: Arc<Wiring>,
    unknown: UnknownInputs,
    /// Next step of the problem.
    step: usize,
    /// The current step's changes that are still to be applied.
    pending: Pending,
    /// The problem's input bits as applied so far.
    applied: Bits,
    /// The same in the player's register.
    register: Vec<u8>,
}

#[derive(Clone, Debug, Default)]
struct Pending {
    events: Vec<usize>,
    next: usize,
    capture: bool,
}

impl Vectors {
    /// From the first step on; the board's inputs are all zero before it.
    pub fn new(problem: Arc<Problem>, wiring: Arc<Wiring>, unknown: UnknownInputs) -> Self {
        let applied = Bits::zeros(problem.interface.input_bits());
        let register = vec![0; wiring.input_bytes];
        Self { problem, wiring, unknown, step: 0, pending: Pending::default(), applied, register }
    }

    fn toggle(&mut self, bit: usize) {
        let player = self.wiring.input[bit];
        self.register[usize::from(player / 8)] ^= 1 << (player % 8);
        self.applied.set(bit, !self.applied.get(bit));
    }

    fn vector(&self, capture: bool) -> Vector {
        Vector { inputs: self.register.clone(), capture }
    }
}

impl Iterator for Vectors {
    type Item = Vector;

    fn next(&mut self) -> Option<Vector> {
        if let Some(&event) = self.pending.events.get(self.pending.next) {
            self.pending.next += 1;
            self.toggle(event);
            let last = self.pending.next == self.pending.events.len();
            return Some(self.vector(last && self.pending.capture));
        }
        let problem = Arc::clone(&self.problem);
        let step = problem.steps.get(self.step)?;
        self.step += 1;
        let target = match self.unknown {
            UnknownInputs::Zero => step.inputs.and(&step.unknown.not()),
            UnknownInputs::One => step.inputs.or(&step.unknown),
        };
        let changed = self.applied.xor(&target);
        let events = changed.and(&self.wiring.events);
        let data = changed.xor(&events);
        let event_count = events.count_ones();
        for bit in data.ones_indices() {
            self.toggle(bit);
        }
        self.pending = Pending::default();
        if event_count == 0 {
            return Some(self.vector(problem.captures(step)));
        }
        self.pending = Pending {
            events: events.ones_indices().collect(),
            next: 0,
            capture: problem.captures(step),
        };
        if data.any() {
            return Some(self.vector(false));
        }
        self.next()
    }
}
