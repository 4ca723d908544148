//! What a design answers, on a board and in simulation, and what it scores by it.

use super::Job;
use crate::bench;
use crate::build::Built;
use crate::conclude::Scores;
use crate::context::blocking;
use crate::draft::{Draft, InSimulation};
use crate::evaluation::{Artifact, MISMATCH_VCD};
use crate::event::{Event, Phase, Phases, Subject};
use crate::golden::accepts;
use crate::play::{Line, Play, Playing};
use crate::scoreboard::compare;
use crate::waveform;
use crate::window::mismatch_window;
use crate::wiring::Wiring;
use filbench_flow::{SourceFile, is_vhdl};
use filbench_lab::Place;
use filbench_model::{Fault, FaultPlace, LinkRecord, Problem};
use filbench_stimulus::{BenchVerdict, SourceText};
use std::sync::Arc;

impl Job<'_> {
    /// Compares, and asks the bench where it is the judge.
    pub(super) async fn score(
        &self,
        problem: &Arc<Problem>,
        plays: &Arc<Vec<Play>>,
    ) -> Result<Scores, Fault> {
        let recorder = Arc::clone(&self.context.recorder);
        let (files, problem, plays) =
            (Arc::clone(&self.files), Arc::clone(problem), Arc::clone(plays));
        blocking(move || {
            let bench = bench::ask(&recorder, &files, &problem, &plays)?;
            Ok(score(&problem, &plays, bench))
        })
        .await?
    }

    /// What the board answers, when it is this evaluation's turn.
    ///
    /// What is not accepted after a disturbed line is played again: a checksum of 16 bits
    /// passes one damaged block in 65,536, and that is the lab's doing. If that line was
    /// disturbed as well, only the same responses are believed.
    pub(super) async fn answers(
        &self,
        phases: &Phases,
        place: &mut dyn Place,
        built: &Built,
        problem: &Arc<Problem>,
        link: &mut LinkRecord,
    ) -> Result<Arc<Vec<Play>>, Fault> {
        let wiring = wire(problem, built)?;
        let playing = Playing { phases, built, problem, wiring: &wiring };
        let turn = self.context.board_turn().await;
        let (first, line) = playing.play(place, link).await?;
        drop(turn);
        let first = Arc::new(first);
        if line == Line::Calm || accepts(problem, &self.score(problem, &first).await?) {
            return Ok(first);
        }
        let why = "the line was disturbed, and a response differs";
        phases.send(Event::Retrying { fault: Fault::new(FaultPlace::Link, why) });
        let turn = self.context.board_turn().await;
        let (second, line) = playing.play(place, link).await?;
        drop(turn);
        let second = Arc::new(second);
        if line == Line::Disturbed
            && second != first
            && !accepts(problem, &self.score(problem, &second).await?)
        {
            let why = "the line was disturbed in two plays, and their responses are not the same; \
                       look at the board's cable, then run again";
            return Err(Fault::new(FaultPlace::Link, why));
        }
        Ok(second)
    }

    /// The candidate in simulation, where that is asked for. Beside its way to the board,
    /// and without a part in the verdict.
    pub(super) async fn simulate(&self, problem: &Arc<Problem>) -> Result<InSimulation, Fault> {
        if !self.options.simulate {
            return Ok(InSimulation::NotAsked);
        }
        if let Some(vhdl) = self.submission.files.iter().find(|file| is_vhdl(&file.name)) {
            return Ok(InSimulation::Unreadable(format!(
                "`{}` is VHDL, which Icarus does not read",
                vhdl.name
            )));
        }
        let _turn = self.context.turn().await;
        let recorder = Arc::clone(&self.context.recorder);
        let (problem, submission) = (Arc::clone(problem), Arc::clone(&self.submission));
        let simulating = blocking(move || {
            let text = |file: &SourceFile| SourceText {
                name: file.name.clone(),
                contents: file.contents.clone(),
            };
            let sources: Vec<SourceText> = submission.files.iter().map(text).collect();
            recorder.simulate_candidate(&problem, &sources, &submission.top)
        });
        let phases = self.reporter.subject(Subject::Simulation);
        let simulation = phases.run(Phase::Simulate, simulating).await??;
        Ok(InSimulation::Simulated(simulation))
    }

    /// Plays and compares; the waveform of a mismatch goes to the draft.
    pub(super) async fn play(
        &self,
        phases: &Phases,
        place: &mut dyn Place,
        built: &Built,
        problem: &Arc<Problem>,
        draft: &mut Draft,
    ) -> Result<Scores, Fault> {
        let mut link = LinkRecord::default();
        let answers = self.answers(phases, place, built, problem, &mut link).await;
        draft.report.link = Some(link);
        // Which board it was may be known only now.
        draft.report.board = Some(place.record());
        let plays = answers?;
        phases
            .run(Phase::Compare, async {
                let scores = self.score(problem, &plays).await?;
                draft.score(problem, &scores);
                draft.played(problem, &plays);
                if let Some((unknown, _, mismatch)) = scores.mismatch()
                    && let Some((_, responses)) = plays.iter().find(|(u, _)| *u == unknown)
                {
                    draft.report.mismatch_window =
                        Some(mismatch_window(problem, responses, unknown, mismatch));
                    let mut file = Vec::new();
                    // Writing to memory fails for no reason but its size.
                    if waveform::write(&mut file, problem, responses, unknown, mismatch.step)
                        .is_ok()
                    {
                        draft.findings.artifacts.push(Artifact::new(MISMATCH_VCD, file));
                    }
                }
                Ok(scores)
            })
            .await
    }
}

fn wire(problem: &Problem, built: &Built) -> Result<Arc<Wiring>, Fault> {
    Wiring::new(problem, built.interface(), built.event_inputs(), built.player())
        .map(Arc::new)
        .map_err(|error| Fault::new(FaultPlace::Host, error.to_string()))
}

fn score(problem: &Problem, plays: &[Play], bench: Vec<BenchVerdict>) -> Scores {
    Scores {
        bench,
        plays: plays
            .iter()
            .map(|(unknown, responses)| (*unknown, compare(problem, responses)))
            .collect(),
        unknown_inputs_matter: plays.windows(2).any(|pair| pair[0].1.differ(&pair[1].1, problem)),
    }
}
