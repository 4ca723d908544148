//! A response played back to the bench that the problem was recorded from.
//!
//! In place of the candidate stands a stub that has its ports and knows the response to each
//! of the problem's steps. No candidate's code is in the simulation, and the values that it
//! brings are digits in a file. What the stub drives is the response as it was captured: on a
//! board an output is 0 or 1, also where the golden's is unknown in simulation.

use crate::bench::Marked;
use crate::files::{Bench, PassMark};
use crate::icarus::Simulation;
use crate::order::Reached;
use crate::recording::Recording;
use crate::verilog::{
    DIVERGED_FILE, PLAYBACK_FILE, PLAYBACK_TOP, playback as stub, start_kind, wake_kind,
};
use crate::{Analysis, Logic, RecordError};
use filbench_model::{Assignment, BenchTrust, Bits, Playback, Wake};
use filbench_toolbox::Toolbox;

/// What the original bench says of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BenchVerdict {
    /// It passes.
    Passes,
    /// It does not; its last words.
    Fails {
        /// Such as `` `Test completed with 3 failures` ``, or that it said nothing.
        said: String,
    },
    /// With this response it does something else than with the golden's, so what the board
    /// was played is not what the bench would have applied.
    Diverges {
        /// The last of the problem's steps up to which both are the same.
        step: usize,
    },
    /// With this response it did not end by itself, although it did with the golden's.
    Endless {
        /// Which limit.
        how: String,
    },
}

/// A bench, and what was recorded from it.
#[derive(Clone, Copy)]
pub(crate) struct Player<'a> {
    pub(crate) toolbox: &'a Toolbox,
    pub(crate) problem: &'a str,
    pub(crate) top: &'a str,
    pub(crate) bench: &'a Bench,
    pub(crate) analysis: &'a Analysis,
}

impl Player<'_> {
    /// Finds out how the golden's response has to be played so that it passes, and whether
    /// wrong ones fail. `golden` is the response to each of the problem's steps; `recorded` is
    /// what the bench said to the golden when it was recorded.
    pub(crate) fn calibrate(
        &self,
        wakes: Vec<Wake>,
        from_start: bool,
        golden: &[Logic],
        recorded: BenchVerdict,
    ) -> Result<Playback, RecordError> {
        let mut playback = Playback {
            clocks: self.analysis.clocks.clone(),
            assignment: Assignment::Mixed,
            trust: BenchTrust::Proven,
            from_start,
            wakes,
        };
        if recorded != BenchVerdict::Passes {
            playback.trust = rejects("its golden does not pass in simulation", &recorded);
            return Ok(playback);
        }
        let mut first = None;
        for assignment in [Assignment::Mixed, Assignment::Nonblocking, Assignment::Blocking] {
            playback.assignment = assignment;
            let verdict = self.play(&playback, golden)?;
            tracing::debug!(problem = self.problem, ?assignment, ?verdict, "played back");
            if verdict == BenchVerdict::Passes {
                playback.trust = self.trust(&playback, golden)?;
                return Ok(playback);
            }
            first.get_or_insert(verdict);
        }
        playback.assignment = Assignment::Mixed;
        if let Some(verdict) = first {
            let what = "its golden passes in simulation, but not with its settled responses";
            playback.trust = rejects(what, &verdict);
        }
        Ok(playback)
    }

    /// Shows the bench what must not pass.
    fn trust(&self, playback: &Playback, golden: &[Logic]) -> Result<BenchTrust, RecordError> {
        let zeros: Vec<Logic> = golden.iter().map(|logic| Logic::zeros(logic.len())).collect();
        let inverted: Vec<Logic> = golden
            .iter()
            .map(|logic| Logic {
                value: logic.value.or(&logic.unknown).not(),
                unknown: logic.unknown.clone(),
            })
            .collect();
        for (wrong, passes) in
            [(zeros, "a response of zeros"), (inverted, "the complement of its golden's response")]
        {
            if self.play(playback, &wrong)? == BenchVerdict::Passes {
                return Ok(BenchTrust::Blind { passes: passes.to_owned() });
            }
        }
        Ok(BenchTrust::Proven)
    }

    /// What the bench says of `responses`, one for each of the problem's steps.
    pub(crate) fn play(
        &self,
        playback: &Playback,
        responses: &[Logic],
    ) -> Result<BenchVerdict, RecordError> {
        let what = "the test bench, with a response played back to it";
        let mut simulation = Simulation::new(self.toolbox, self.problem, what)?;
        let lines = self.lines(playback, responses);
        let mark = &self.bench.pass_mark;
        let marked = Marked::new(&self.bench.files, mark, &lines);
        if !marked.has_words {
            return Ok(BenchVerdict::Fails { said: no_words(mark) });
        }
        simulation.sources(&marked.files)?;
        simulation.own(PLAYBACK_FILE, lines)?;
        simulation.own("filbench_stub.sv", stub(self.top, self.analysis, playback.from_start))?;
        let tops = self.bench.tops.iter().map(String::as_str);
        let ended = match simulation.run(&tops.chain([PLAYBACK_TOP]).collect::<Vec<_>>()) {
            Ok(ended) => ended,
            Err(RecordError::Endless { how, .. }) => return Ok(BenchVerdict::Endless { how }),
            Err(error) => return Err(error),
        };
        let diverged = simulation.output(DIVERGED_FILE)?;
        if !diverged.is_empty() {
            let wakes: usize = std::str::from_utf8(&diverged)
                .ok()
                .and_then(|text| text.split_ascii_whitespace().next()?.parse().ok())
                .ok_or_else(|| simulation.no_record("a divergence at no place".to_owned()))?;
            let before = playback.wakes.iter().take(wakes).next_back();
            return Ok(BenchVerdict::Diverges { step: before.map_or(0, |wake| wake.step) });
        }
        Ok(if marked.passes(mark, &ended) {
            BenchVerdict::Passes
        } else {
            BenchVerdict::Fails { said: marked.last_words(&ended) }
        })
    }

    /// The stub's file.
    fn lines(&self, playback: &Playback, responses: &[Logic]) -> Vec<u8> {
        let mut text = Vec::new();
        let vector = |text: &mut Vec<u8>, logic: &Logic| {
            if logic.is_empty() {
                text.push(b'0');
            }
            logic.write(text);
        };
        for (index, wake) in playback.wakes.iter().enumerate() {
            let kind = match index {
                0 if playback.from_start => start_kind(self.analysis),
                _ => wake_kind(wake.edge),
            };
            let behind = match playback.assignment {
                Assignment::Mixed => wake.event,
                Assignment::Nonblocking => true,
                Assignment::Blocking => false,
            };
            text.extend(format!("{kind} {} ", u8::from(behind)).into_bytes());
            let seen = Logic { value: wake.inputs.clone(), unknown: wake.unknown.clone() };
            vector(&mut text, &seen);
            text.push(b' ');
            if let Some(response) = responses.get(wake.step) {
                vector(&mut text, response);
            }
            text.push(b'\n');
        }
        text
    }
}

/// The recorded wakes with the steps that they led to, those by `steps`' new numbers.
pub(crate) fn wakes(
    recording: &Recording,
    reached: &[Reached],
    from_start: bool,
    numbers: &[usize],
) -> Vec<Wake> {
    let start = reached.first().filter(|_| from_start).map(|_| (None, None));
    let cut_off = recording.cut_off();
    let recorded = recording.time_steps().chain(cut_off).flat_map(|time_step| time_step.wakes);
    let recorded = recorded.map(|wake| (wake.edge, Some(wake.inputs)));
    start
        .into_iter()
        .chain(recorded)
        .zip(reached)
        .map(|((edge, inputs), reached)| {
            let inputs = inputs.unwrap_or_else(|| Logic::unknown(recording.input_bits()));
            Wake {
                edge,
                inputs: inputs.value,
                unknown: inputs.unknown,
                step: numbers.get(reached.step).copied().unwrap_or_default(),
                event: reached.event,
            }
        })
        .collect()
}

/// A captured response, which knows every bit.
pub(crate) fn known(response: &Bits) -> Logic {
    Logic { value: response.clone(), unknown: Bits::zeros(response.len()) }
}

fn rejects(what: &str, verdict: &BenchVerdict) -> BenchTrust {
    let how = match verdict {
        BenchVerdict::Passes => "it passes".to_owned(),
        BenchVerdict::Fails { said } => format!("the last it says is {said}"),
        BenchVerdict::Diverges { step } => {
            format!("behind step {step} its stimulus is another one")
        }
        BenchVerdict::Endless { how } => format!("it does not end: {how}"),
    };
    BenchTrust::RejectsGolden { found: format!("{what}: {how}") }
}

fn no_words(mark: &PassMark) -> String {
    let words = match mark {
        PassMark::Prints(text) | PassMark::PrintsAndExitsWith(text, _) => text,
        PassMark::NoMismatches => "Mismatches: ",
        PassMark::ExitsWith(_) => "",
    };
    format!("unknown: none of its sources has `{words}` as one piece of text")
}
