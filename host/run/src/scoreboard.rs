//! Compares what was captured with the golden: pure, and the only source of
//! a pass or a mismatch.

use crate::wiring::Wiring;
use filbench_model::{Bits, Interface, Mismatch, Problem, Step};

/// What a board answered to one play of a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Responses {
    /// The problem's output bits, one entry for each captured step, in order.
    captured: Vec<Bits>,
}

/// The board returned another number of bytes than the captures asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{expected} bytes of captures were asked for, {found} came back")]
pub struct CaptureLength {
    /// Captured steps times bytes of a capture.
    pub expected: usize,
    /// What came.
    pub found: usize,
}

impl Responses {
    /// Takes apart the concatenated captures of a play of `problem`.
    pub fn decode(
        problem: &Problem,
        wiring: &Wiring,
        captures: &[u8],
    ) -> Result<Self, CaptureLength> {
        let expected = problem.captured_steps().count() * wiring.output_bytes();
        if captures.len() != expected {
            return Err(CaptureLength { expected, found: captures.len() });
        }
        let captured = captures
            .chunks_exact(wiring.output_bytes())
            .map(|capture| wiring.response(capture))
            .collect();
        Ok(Self { captured })
    }

    /// Pairs each captured step (index, step) with what was captured.
    pub fn of<'a>(
        &'a self,
        problem: &'a Problem,
    ) -> impl Iterator<Item = (usize, &'a Step, &'a Bits)> {
        problem.captured_steps().zip(&self.captured).map(|((index, step), got)| (index, step, got))
    }

    /// What was captured, without the steps.
    pub(crate) fn captured(&self) -> &[Bits] {
        &self.captured
    }

    /// Whether two plays differ in a bit that is compared.
    pub fn differ(&self, other: &Self, problem: &Problem) -> bool {
        self.of(problem)
            .zip(&other.captured)
            .any(|((_, step, a), b)| a.xor(b).and(&step.care).any())
    }
}

/// The result of one comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    /// Steps in which at least one bit was compared.
    pub checked_samples: usize,
    /// Steps in which no bit was compared.
    pub masked_samples: usize,
    /// Checked samples with at least one wrong bit.
    pub mismatching_samples: usize,
    /// The first wrong sample.
    pub mismatch: Option<Mismatch>,
}

/// Compares the captured bits with the golden, under the care mask.
pub fn compare(problem: &Problem, responses: &Responses) -> Score {
    let mut score = Score {
        checked_samples: 0,
        masked_samples: problem.steps.len() - problem.checked_samples(),
        mismatching_samples: 0,
        mismatch: None,
    };
    for (index, step, got) in responses.of(problem).filter(|(_, step, _)| step.checked()) {
        score.checked_samples += 1;
        let wrong = step.expected.xor(got).and(&step.care);
        if !wrong.any() {
            continue;
        }
        score.mismatching_samples += 1;
        if score.mismatch.is_none() {
            score.mismatch = describe(&problem.interface, index, step, got, &wrong);
        }
    }
    score
}

fn describe(
    interface: &Interface,
    index: usize,
    step: &Step,
    got: &Bits,
    wrong: &Bits,
) -> Option<Mismatch> {
    let (port, lsb) =
        interface.outputs().find(|(port, lsb)| wrong.slice(*lsb, port.width).any())?;
    Some(Mismatch {
        step: index,
        port: port.name.clone(),
        expected: masked(&step.expected.slice(lsb, port.width), &step.care.slice(lsb, port.width)),
        got: got.slice(lsb, port.width).to_string(),
    })
}

/// `value` in binary, most significant bit first, `x` where `care` is 0.
pub(crate) fn masked(value: &Bits, care: &Bits) -> String {
    (0..value.len())
        .rev()
        .map(|bit| match (care.get(bit), value.get(bit)) {
            (false, _) => 'x',
            (true, false) => '0',
            (true, true) => '1',
        })
        .collect()
}

/// The output bits that no step compares, as `port[index]` or, for a port of
/// one bit, `port`.
pub fn never_checked(problem: &Problem) -> Vec<String> {
    problem
        .output_bits_never_checked()
        .into_iter()
        .filter_map(|bit| {
            let (port, index) = problem.interface.output_of_bit(bit)?;
            Some(if port.width == 1 {
                port.name.clone()
            } else {
                format!("{}[{index}]", port.name)
            })
        })
        .collect()
}
