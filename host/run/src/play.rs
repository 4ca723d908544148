//! Plays a problem to a candidate on a board: program, identify, play.

use crate::build::Built;
use crate::event::{Event, Phase, Phases};
use crate::scoreboard::Responses;
use crate::wiring::{UnknownInputs, Vectors, Wiring};
use filbench_lab::{Link, Place, PlayPlan, Session, SessionError};
use filbench_model::{Fault, FaultPlace, LinkRecord, Problem};
use std::sync::Arc;

/// Attempts at playing a candidate, each on a freshly programmed board.
const ATTEMPTS: usize = 2;
/// Progress events of one play, about.
const PROGRESS_EVENTS: u64 = 200;

/// A play's setting of unknown inputs and what the board answered.
pub(crate) type Play = (UnknownInputs, Responses);

/// What the line did in a play that ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Calm,
    /// Something had to be sent again.
    Disturbed,
}

/// What is played, to whom.
pub(crate) struct Playing<'a> {
    pub(crate) phases: &'a Phases,
    pub(crate) built: &'a Built,
    pub(crate) problem: &'a Arc<Problem>,
    pub(crate) wiring: &'a Arc<Wiring>,
}

impl Playing<'_> {
    /// Plays the problem, a second time where it has unknown inputs. A fault
    /// of the lab is tried again from the start once; a second one is
    /// returned. However it ends, the board is released.
    ///
    /// What went over the line is added to `link`.
    pub(crate) async fn play(
        &self,
        place: &mut dyn Place,
        link: &mut LinkRecord,
    ) -> Result<(Vec<Play>, Line), Fault> {
        let mut attempt = 1;
        loop {
            let before = link.retransmissions;
            let end = self.play_settings(place, link).await;
            place.played(end.as_ref().err());
            place.release().await;
            match end {
                Err(fault) if attempt < ATTEMPTS => {
                    attempt += 1;
                    tracing::warn!(fault.place = %fault.place, %fault, "playing again");
                    self.phases.send(Event::Retrying { fault });
                }
                end => {
                    let calm = link.retransmissions == before;
                    return end
                        .map(|plays| (plays, if calm { Line::Calm } else { Line::Disturbed }));
                }
            }
        }
    }

    async fn play_settings(
        &self,
        place: &mut dyn Place,
        link: &mut LinkRecord,
    ) -> Result<Vec<Play>, Fault> {
        let settings: &[UnknownInputs] = if self.problem.has_unknown_inputs() {
            &[UnknownInputs::Zero, UnknownInputs::One]
        } else {
            &[UnknownInputs::Zero]
        };
        place.reserve().await?;
        let mut plays = Vec::new();
        for &unknown in settings {
            plays.push((unknown, self.play_once(unknown, place, link).await?));
        }
        Ok(plays)
    }

    /// One play, from a newly loaded bitstream.
    async fn play_once(
        &self,
        unknown: UnknownInputs,
        place: &mut dyn Place,
        link: &mut LinkRecord,
    ) -> Result<Responses, Fault> {
        let bitstream = &self.built.bitstream.bytes;
        let line = self.phases.run(Phase::Program, place.program(bitstream)).await?;
        let opening = Session::open(line, place.timing());
        let mut session = match self.phases.run(Phase::Identify, opening).await {
            Ok(session) => session,
            Err(error) => return Err(explain(error, place).await),
        };
        let played = match self.check_identity(&session) {
            Ok(()) => self.phases.run(Phase::Play, self.vectors(&mut session, unknown)).await,
            Err(fault) => return Err(fault),
        };
        add(link, &session.record());
        let captures = match played {
            Ok(captures) => captures,
            Err(error) => return Err(explain(error, place).await),
        };
        Responses::decode(self.problem, self.wiring, &captures)
            .map_err(|error| Fault::new(FaultPlace::Firmware, error.to_string()))
    }

    async fn vectors<L: Link>(
        &self,
        session: &mut Session<L>,
        unknown: UnknownInputs,
    ) -> Result<Vec<u8>, SessionError> {
        let vectors = Vectors::new(Arc::clone(self.problem), Arc::clone(self.wiring), unknown);
        let plan = PlayPlan {
            slot: self.built.slot,
            settle_cycles: self.built.settle_cycles,
            capture_bytes: self.wiring.output_bytes(),
            vectors: vectors.map(|vector| (vector.inputs, vector.capture)),
        };
        // Steps that are split make a few more vectors than this.
        let total = self.problem.steps.len() as u64;
        let mut announced = 0;
        session
            .play(plan, |done| {
                let done = done.min(total);
                if done - announced >= total.div_ceil(PROGRESS_EVENTS) {
                    announced = done;
                    self.phases.progress(Phase::Play, done, total);
                }
            })
            .await
    }

    /// An old image that still runs answers like the new one; its netlist's
    /// hash does not.
    fn check_identity<L: Link>(&self, session: &Session<L>) -> Result<(), Fault> {
        let found = session.identity().netlist_hash;
        let expected = self.built.netlist_hash;
        if found == expected {
            return Ok(());
        }
        Err(Fault::new(
            FaultPlace::WrongBitstream,
            format!(
                "the board runs the netlist {}, not {}, which was just loaded; look at its \
                 programming cable and run again",
                hex::encode(found),
                hex::encode(expected)
            ),
        ))
    }
}

/// The fault of a session, with what the board's side had to say.
async fn explain(error: SessionError, place: &mut dyn Place) -> Fault {
    let line_broke = matches!(error, SessionError::Line { .. });
    let mut fault = Fault::from(error);
    if line_broke && let Some(words) = place.last_words().await {
        fault.message = format!("{}; the board's side says: {words}", fault.message);
    }
    fault
}

fn add(sum: &mut LinkRecord, more: &LinkRecord) {
    sum.bytes_down += more.bytes_down;
    sum.bytes_up += more.bytes_up;
    sum.blocks += more.blocks;
    sum.retransmissions += more.retransmissions;
}
