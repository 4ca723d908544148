//! A candidate's simulation against golden and board: pure.
//!
//! Nothing here makes a verdict.

use crate::scoreboard::{Responses, masked};
use crate::wiring::UnknownInputs;
use filbench_model::{
    Bits, Disagreement, DisagreementKind, Interface, Problem, Simulated, SimulatedOutcome, Step,
};
use filbench_stimulus::{CandidateRun, Ending, Fill, Logic, first_mismatch};

/// What is reported of `runs`, which are of a candidate on `problem`; `plays` is what a
/// board answered for the same candidate, and empty where none was reached.
///
/// A value that is unknown in simulation is no match for whatever is expected. Simulation
/// and board are compared where the golden is: in the bits under the care mask of the
/// captured steps.
pub fn simulated(
    problem: &Problem,
    runs: &[CandidateRun],
    plays: &[(UnknownInputs, Responses)],
) -> Simulated {
    let scores: Vec<Score> = runs.iter().map(|run| Score::of(problem, run)).collect();
    let wrong = scores.iter().zip(runs).find(|(score, _)| score.wrong > 0);
    let unfinished = runs.iter().find(|run| run.ending != Ending::Whole);
    let (outcome, reason) = match (wrong, unfinished) {
        (Some((score, run)), _) => (SimulatedOutcome::Mismatch, score.text(problem, run)),
        (None, Some(run)) => unfinished_text(problem, run),
        (None, None) => (
            SimulatedOutcome::Equal,
            format!("all {} checked samples equal the golden ones", problem.checked_samples()),
        ),
    };
    let shown = wrong.map(|(score, _)| score).or(scores.first());
    let mut board = BoardScore::default();
    for run in runs {
        let play = plays.iter().find(|(unknown, _)| same_setting(*unknown, run.fill));
        if let Some((_, responses)) = play {
            board.compare(problem, run, responses);
        }
    }
    Simulated {
        outcome,
        reason,
        checked_samples: shown.map_or(0, |score| score.checked),
        mismatching_samples: shown.map_or(0, |score| score.wrong),
        mismatch: shown.and_then(|score| score.mismatch.clone()),
        compared_with_board: board.compared,
        disagreeing_samples: board.disagreeing,
        sim_board_disagreement: board.contradiction.or(board.unknown),
    }
}

/// What is reported of a candidate that the simulator cannot read.
pub(crate) fn not_simulated(reason: String) -> Simulated {
    Simulated {
        outcome: SimulatedOutcome::NotSimulated,
        reason,
        checked_samples: 0,
        mismatching_samples: 0,
        mismatch: None,
        compared_with_board: 0,
        disagreeing_samples: 0,
        sim_board_disagreement: None,
    }
}

fn same_setting(unknown: UnknownInputs, fill: Fill) -> bool {
    match unknown {
        UnknownInputs::Zero => fill == Fill::Zero,
        UnknownInputs::One => fill == Fill::One,
    }
}

fn unfinished_text(problem: &Problem, run: &CandidateRun) -> (SimulatedOutcome, String) {
    let came = format!("{} of {} steps", run.responses.len(), problem.steps.len());
    match &run.ending {
        Ending::Whole | Ending::Early => (
            SimulatedOutcome::EndedEarly,
            format!("the candidate ended the simulation after {came}"),
        ),
        Ending::Rejected(said) => {
            (SimulatedOutcome::Rejected, format!("the simulator rejects it: {said}"))
        }
        Ending::Refused(task) => (
            SimulatedOutcome::Refused,
            format!("it calls `{task}`, which could reach the simulator's files; not run"),
        ),
        Ending::Limit(limit) => {
            (SimulatedOutcome::Limit, format!("not done within {limit}, after {came}"))
        }
    }
}

/// A simulation against the golden.
struct Score {
    checked: usize,
    wrong: usize,
    mismatch: Option<filbench_model::Mismatch>,
}

impl Score {
    fn of(problem: &Problem, run: &CandidateRun) -> Self {
        let pairs = || problem.steps.iter().zip(&run.responses);
        let is_wrong = |(step, got): &(&Step, &Logic)| {
            step.expected.xor(&got.value).or(&got.unknown).and(&step.care).any()
        };
        Self {
            checked: pairs().filter(|(step, _)| step.checked()).count(),
            wrong: pairs().filter(is_wrong).count(),
            mismatch: first_mismatch(problem, &run.responses),
        }
    }

    fn text(&self, problem: &Problem, run: &CandidateRun) -> String {
        let what = match &self.mismatch {
            Some(m) => format!(
                "step {}, port `{}`: expected {}, got {}",
                m.step, m.port, m.expected, m.got
            ),
            None => "a difference".to_owned(),
        };
        let setting = match (problem.has_unknown_inputs(), run.fill) {
            (true, Fill::Zero) => " (unknown inputs as 0)",
            (true, Fill::One) => " (unknown inputs as 1)",
            _ => "",
        };
        format!("{what}{setting}; {} of {} samples differ", self.wrong, self.checked)
    }
}

/// Simulation against board, over all settings of unknown inputs.
#[derive(Default)]
struct BoardScore {
    compared: usize,
    disagreeing: usize,
    contradiction: Option<Disagreement>,
    unknown: Option<Disagreement>,
}

impl BoardScore {
    fn compare(&mut self, problem: &Problem, run: &CandidateRun, responses: &Responses) {
        let checked = responses.of(problem).filter(|(_, step, _)| step.checked());
        for (index, step, captured) in checked {
            let Some(simulated) = run.responses.get(index) else { return };
            self.compared += 1;
            let unknown = simulated.unknown.and(&step.care);
            let different = simulated.value.xor(captured).and(&step.care).and(&unknown.not());
            self.disagreeing += usize::from(unknown.any() || different.any());
            let (kind, bits, first) = if different.any() {
                (DisagreementKind::Contradiction, &different, &mut self.contradiction)
            } else {
                (DisagreementKind::UnknownInSimulation, &unknown, &mut self.unknown)
            };
            if first.is_none() {
                *first = describe(&problem.interface, kind, index, bits, simulated, captured);
            }
        }
    }
}

fn describe(
    interface: &Interface,
    kind: DisagreementKind,
    step: usize,
    bits: &Bits,
    simulated: &Logic,
    captured: &Bits,
) -> Option<Disagreement> {
    let (port, lsb) = interface.outputs().find(|(port, lsb)| bits.slice(*lsb, port.width).any())?;
    let part = |bits: &Bits| bits.slice(lsb, port.width);
    Some(Disagreement {
        kind,
        step,
        port: port.name.clone(),
        simulated: masked(&part(&simulated.value), &part(&simulated.unknown.not())),
        captured: part(captured).to_string(),
    })
}
