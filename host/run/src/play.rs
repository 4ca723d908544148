//! Plays a problem to a candidate on a board: program, identify, play.

use crate::build::{Built, hex};
use crate::event::{Event, Phase, Phases};
use crate::scoreboard::Responses;
use crate::wiring::{UnknownInputs, Vectors, Wiring};
use filbench_lab::{Place, PlayPlan, Session};
use filbench_model::{Fault, FaultPlace, LinkRecord, Problem};
use std::sync::Arc;

/// Attempts at playing a candidate, each on a freshly programmed board.
const ATTEMPTS: usize = 2;
/// Progress events of one play.
const PROGRESS_EVENTS: u64 = 200;

/// A play's setting of unknown inputs and what the board answered.
pub(crate) type Play = (UnknownInputs, Responses);

/// Plays `problem`, a second time where it has unknown inputs. A fault of the
/// lab is tried again from the start once; the second one is returned.
pub(crate) async fn play(
    phases: &Phases,
    place: &mut dyn Place,
    built: &Built,
    problem: &Arc<Problem>,
    wiring: &Arc<Wiring>,
    link: &mut LinkRecord,
) -> Result<Vec<Play>, Fault> {
    let mut attempt = 1;
    loop {
        match play_settings(phases, place, built, problem, wiring, link).await {
            Err(fault) if attempt < ATTEMPTS => {
                attempt += 1;
                phases.send(Event::Retrying { fault });
            }
            end => return end,
        }
    }
}

async fn play_settings(
    phases: &Phases,
    place: &mut dyn Place,
    built: &Built,
    problem: &Arc<Problem>,
    wiring: &Arc<Wiring>,
    link: &mut LinkRecord,
) -> Result<Vec<Play>, Fault> {
    let settings: &[UnknownInputs] = if problem.has_unknown_inputs() {
        &[UnknownInputs::Zero, UnknownInputs::One]
    } else {
        &[UnknownInputs::Zero]
    };
    let mut plays = Vec::new();
    for &unknown in settings {
        let responses = play_once(phases, place, built, problem, wiring, unknown, link).await?;
        plays.push((unknown, responses));
    }
    Ok(plays)
}
