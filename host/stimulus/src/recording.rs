//! What the stub wrote, as time steps.

use crate::Logic;
use std::iter::FusedIterator;

/// What a process of the stub saw when it woke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wake {
    /// The active edge that woke it (an index into the analysis' active edges), or
    /// `None` for any other change.
    pub(crate) edge: Option<usize>,
    /// All inputs at that moment.
    pub(crate) inputs: Logic,
}

/// One time step of the bench in which a port changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TimeStep {
    /// In the order in which they happened.
    pub(crate) wakes: Vec<Wake>,
    /// Inputs at its end.
    pub(crate) inputs: Logic,
    /// The golden's outputs at its end.
    pub(crate) outputs: Logic,
}

/// The stub's file, checked. Kept as text, which is small, and read again for each order
/// that is tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recording {
    text: Vec<u8>,
    inputs: usize,
    outputs: usize,
}

/// Why a record is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Defect {
    /// This line, 1-based, is not what the stub writes.
    Malformed { line: usize },
    /// The stub wrote that it stopped at its limit.
    TooLong,
    /// No instance of the stub, or more than one, wrote into the file.
    Instances { count: usize },
}

impl Recording {
    /// Checks every line. Wakes behind the last `S` belong to a time step that the end of
    /// the simulation cut off.
    pub(crate) fn new(text: Vec<u8>, inputs: usize, outputs: usize) -> Result<Self, Defect> {
        let mut count = 0;
        // The last line has no end when the simulator was stopped while writing.
        let whole = text.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
        for (index, line) in lines(&text[..whole]).enumerate() {
            match Line::parse(line, inputs, outputs) {
                Some(Line::Instance) => count += 1,
                Some(Line::Limit) => return Err(Defect::TooLong),
                Some(_) => {}
                None => return Err(Defect::Malformed { line: index + 1 }),
            }
        }
        if count != 1 {
            return Err(Defect::Instances { count });
        }
        let mut text = text;
        text.truncate(whole);
        Ok(Self { text, inputs, outputs })
    }

    /// Bits of an input vector.
    pub(crate) fn input_bits(&self) -> usize {
        self.inputs
    }

    /// How many lines the stub wrote.
    pub(crate) fn lines(&self) -> usize {
        lines(&self.text).count()
    }

    /// The time steps, in order.
    pub(crate) fn time_steps(&self) -> impl FusedIterator<Item = TimeStep> + '_ {
        let mut lines = lines(&self.text);
        std::iter::from_fn(move || {
            let mut wakes = Vec::new();
            loop {
                match Line::parse(lines.next()?, self.inputs, self.outputs)? {
                    Line::Wake(wake) => wakes.push(wake),
                    Line::Settled { inputs, outputs } => {
                        return Some(TimeStep { wakes, inputs, outputs });
                    }
                    Line::Instance | Line::Limit => {}
                }
            }
        })
        .fuse()
    }

    /// The wakes behind the last time step, which the end of the simulation cut off, with
    /// what the last of them saw; the outputs are not known.
    pub(crate) fn cut_off(&self) -> Option<TimeStep> {
        let mut wakes = Vec::new();
        for line in lines(&self.text) {
            match Line::parse(line, self.inputs, self.outputs)? {
                Line::Wake(wake) => wakes.push(wake),
                Line::Settled { .. } => wakes.clear(),
                Line::Instance | Line::Limit => {}
            }
        }
        let inputs = wakes.last()?.inputs.clone();
        Some(TimeStep { wakes, inputs, outputs: Logic::unknown(self.outputs) })
    }

    /// Whether the stimulus of the two differs. A bench that only stops earlier with the
    /// `other` responses has the same stimulus: it gave up. One that goes on has been waiting
    /// for responses that did not come.
    pub(crate) fn stimulus_differs(&self, other: &Self) -> bool {
        let mut own = self.time_steps().filter(|step| !step.wakes.is_empty());
        let mut others = other.time_steps().filter(|step| !step.wakes.is_empty());
        loop {
            match (own.next(), others.next()) {
                (Some(a), Some(b)) if a.inputs == b.inputs && a.wakes == b.wakes => {}
                (_, None) => return false,
                _ => return true,
            }
        }
    }
}

enum Line {
    Instance,
    Limit,
    Wake(Wake),
    Settled { inputs: Logic, outputs: Logic },
}

impl Line {
    fn parse(line: &[u8], inputs: usize, outputs: usize) -> Option<Self> {
        let mut words = line.split(|&b| b == b' ');
        let kind = words.next()?;
        let parsed = match kind {
            b"I" => Self::Instance,
            b"L" => Self::Limit,
            b"S" => Self::Settled {
                inputs: vector(words.next()?, inputs)?,
                outputs: vector(words.next()?, outputs)?,
            },
            b"D" => Self::Wake(Wake { edge: None, inputs: vector(words.next()?, inputs)? }),
            [b'E', digits @ ..] => Self::Wake(Wake {
                edge: Some(std::str::from_utf8(digits).ok()?.parse().ok()?),
                inputs: vector(words.next()?, inputs)?,
            }),
            _ => return None,
        };
        words.next().is_none().then_some(parsed)
    }
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&b| b == b'\n').filter(|line| !line.is_empty())
}

/// A vector of no bits is written as one constant bit.
pub(crate) fn vector(text: &[u8], len: usize) -> Option<Logic> {
    if len == 0 { Some(Logic::zeros(0)) } else { Logic::parse(text, len) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_step_ends_with_its_settled_line() {
        let text = b"I\nS xx x\nE0 01\nD 11\nS 11 1\nD 10\n".to_vec();
        let recording = Recording::new(text, 2, 1).unwrap();
        let steps: Vec<_> = recording.time_steps().collect();
        assert_eq!(steps.len(), 2);
        assert_eq!(steps[1].wakes.len(), 2);
        assert_eq!(steps[1].wakes[0].edge, Some(0));
        assert_eq!(steps[1].outputs, Logic::parse(b"1", 1).unwrap());
    }

    #[test]
    fn defects_are_told_apart() {
        let defect = |text: &[u8]| Recording::new(text.to_vec(), 2, 1).unwrap_err();
        assert_eq!(defect(b"I\nD 0\n"), Defect::Malformed { line: 2 });
        assert_eq!(defect(b"I\nE 00\n"), Defect::Malformed { line: 2 });
        assert_eq!(defect(b"I\nD 00 1\n"), Defect::Malformed { line: 2 });
        assert_eq!(defect(b"I\nL\n"), Defect::TooLong);
        assert_eq!(defect(b""), Defect::Instances { count: 0 });
        assert_eq!(defect(b"I\nI\n"), Defect::Instances { count: 2 });
        // Cut off while it was written.
        assert!(Recording::new(b"I\nD 00\nD 0".to_vec(), 2, 1).is_ok());
    }

    #[test]
    fn stopping_earlier_is_no_reaction() {
        let recording = |text: &[u8]| Recording::new(text.to_vec(), 1, 1).unwrap();
        let golden = recording(b"I\nD 0\nS 0 0\nD 1\nS 1 1\n");
        assert!(!golden.stimulus_differs(&recording(b"I\nD 0\nS 0 1\n")));
        assert!(golden.stimulus_differs(&recording(b"I\nD 1\nS 1 0\n")));
    }
}
