//! From a test bench, or a vector file, to a problem.

use crate::bench::Marked;
use crate::cache::Cache;
use crate::files::{Bench, Golden, Stimulus};
use crate::icarus::Simulation;
use crate::key::key;
use crate::order::{Detail, Order, Sequence, sequence};
use crate::playback::{BenchVerdict, Player, known, wakes};
use crate::recording::{Defect, Recording};
use crate::replay::{Design, responses};
use crate::vcd_file;
use crate::vectors::First;
use crate::verilog::{Answers, RECORD_FILE, RECORD_TOP, stub};
use crate::{Analysis, CandidateSimulation, Logic, ProblemFiles, RecordError, SourceText};
use crate::{NetlistSources, Toggles, candidate, csv, fst_file, generate, source, toggles};
use filbench_model::{Bits, Comparison, Playback, Problem, Step, StimulusSource};
use filbench_toolbox::Toolbox;
use std::path::Path;

/// More primitive steps than this are no problem for a board.
pub(crate) const STEPS_MAX: usize = 2_000_000;
/// Bits of all vectors of a problem together, so that it fits into memory.
const VECTOR_BITS_MAX: usize = 1 << 30;
/// Lines that any recording may have.
const LINES_MIN: usize = 10_000;
/// What a golden's module is called in a simulation where the stub has its name.
const RENAMED_GOLDEN: &str = "filbench_golden";

/// What is played for an input bit that the stimulus leaves unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// 0, as on a board.
    Zero,
    /// 1, as on a board.
    One,
    /// `x`, as in the bench.
    Unknown,
}

/// Records problems, keeps them in the user's cache, and simulates designs on them.
#[derive(Clone, Debug)]
pub struct Recorder {
    toolbox: Toolbox,
    cache: Cache,
    steps_max: usize,
}

impl Recorder {
    /// A recorder that keeps problems in `problems` under `cache_root`.
    pub fn new(toolbox: Toolbox, cache_root: &Path) -> Self {
        Self { toolbox, cache: Cache::new(cache_root), steps_max: STEPS_MAX }
    }

    /// Refuses test benches with more primitive steps than this (2,000,000 at most).
    pub fn with_steps_max(mut self, steps_max: usize) -> Self {
        self.steps_max = steps_max.min(STEPS_MAX);
        self
    }

    /// The problem that `files` describe: recorded, or found in the cache.
    ///
    /// `analysis` is the golden's. For vectors without one it is the candidate's, whose ports
    /// have been compared with the problem's ([`ProblemFiles::ports`]): only its event inputs
    /// are used.
    ///
    /// # Errors
    /// None of them is the candidate's doing. A bench that no order of its simultaneous
    /// changes explains is no error: its problem says that it is racy.
    pub fn record(
        &self,
        files: &ProblemFiles,
        analysis: &Analysis,
    ) -> Result<Problem, RecordError> {
        let key = key(&self.toolbox, files, analysis);
        if let Some(problem) = self.cache.get(&key) {
            return Ok(problem);
        }
        let ports = match &files.golden {
            Some(_) => {
                files.declared.check(files.name(), analysis)?;
                analysis.interface.clone()
            }
            None => files
                .ports()?
                .ok_or_else(|| RecordError::NoPorts { problem: files.name().to_owned() })?,
        };
        let problem = match &files.stimulus {
            Stimulus::TestBench(bench) => {
                let golden = golden_of(files)?;
                let steps_max = steps_max(&analysis.interface).min(self.steps_max);
                let toolbox = &self.toolbox;
                let session = Session { toolbox, files, golden, bench, analysis, steps_max };
                session.problem(key)?
            }
            Stimulus::Csv(file) => {
                csv::problem(files, file, (Some(&ports), files.whose_ports()), analysis, key)?
            }
            Stimulus::Vcd { file, scope } => self.waveform(files, |first| {
                let (source, scope) = ((file, "vcd"), (scope.as_deref(), first));
                vcd_file::problem(files, source, scope, &ports, analysis, key.clone())
            })?,
            Stimulus::Fst { file, scope } => {
                let file = fst_file::rewrite(&self.toolbox, files.name(), file, &ports)?;
                self.waveform(files, |first| {
                    let (source, scope) = ((&file, "fst"), (scope.as_deref(), first));
                    vcd_file::problem(files, source, scope, &ports, analysis, key.clone())
                        .map_err(fst_file::of_the_whole)
                })?
            }
            Stimulus::Generated(generated) => {
                let golden = golden_of(files)?;
                generate::problem(&self.toolbox, files, golden, generated, analysis, key)?
            }
        };
        problem.check().map_err(|error| RecordError::NoRecord {
            problem: problem.name.clone(),
            what: "its steps".into(),
            found: error.to_string(),
        })?;
        self.cache.put(&problem)?;
        Ok(problem)
    }

    /// The problem of a waveform in the order that its golden's replay speaks for.
    fn waveform(
        &self,
        files: &ProblemFiles,
        read: impl Fn(First) -> Result<Problem, RecordError>,
    ) -> Result<Problem, RecordError> {
        let events_first = read(First::Events)?;
        let Some(golden) = &files.golden else { return Ok(events_first) };
        let contradictions = |problem: &Problem| -> Result<Option<usize>, RecordError> {
            match self.simulate(problem, &golden.files, &golden.top, Fill::Unknown) {
                Ok(responses) => Ok(Some(contradictions(problem, &responses))),
                // Icarus reads less than synthesis does, takes longer than a board, and may be
                // ended by the golden; then its proof decides alone.
                Err(
                    RecordError::Rejected { .. }
                    | RecordError::Endless { .. }
                    | RecordError::NoRecord { .. },
                ) => Ok(None),
                Err(error) => Err(error),
            }
        };
        let Some(in_order @ 1..) = contradictions(&events_first)? else { return Ok(events_first) };
        let data_first = read(First::Data)?;
        let is_better = contradictions(&data_first)?.is_some_and(|other| other < in_order);
        Ok(if is_better { data_first } else { events_first })
    }

    /// The response of any RTL or netlist with the problem's ports to each step of
    /// `problem`, by simulation: registers start unknown, and nothing takes time.
    pub fn simulate(
        &self,
        problem: &Problem,
        sources: &[SourceText],
        top: &str,
        fill: Fill,
    ) -> Result<Vec<Logic>, RecordError> {
        let design = Design {
            sources,
            top,
            interface: &problem.interface,
            event_inputs: &problem.event_inputs,
        };
        let steps = problem.steps.iter().map(|step| filled(step, fill));
        responses(&self.toolbox, &problem.name, "the design", design, steps)
    }

    /// A candidate's responses to the steps of `problem`, one run for each setting of
    /// unknown inputs that a board is given. The candidate is kept from the bench that
    /// drives it; see [`CandidateSimulation`].
    ///
    /// # Errors
    /// Only where the lab failed; whatever the candidate does is an [`Ending`](crate::Ending).
    pub fn simulate_candidate(
        &self,
        problem: &Problem,
        sources: &[SourceText],
        top: &str,
    ) -> Result<CandidateSimulation, RecordError> {
        candidate::simulate(&self.toolbox, problem, sources, top)
    }

    /// How many nets of `netlist`, which has the problem's ports, are 0 after one step of
    /// `problem` and 1 after another, in simulation.
    pub fn toggles(
        &self,
        problem: &Problem,
        netlist: &NetlistSources<'_>,
    ) -> Result<Toggles, RecordError> {
        toggles::count(&self.toolbox, problem, netlist)
    }

    /// What the original bench of `files` says of `responses` to `problem`, which was recorded
    /// from it: one response for each step.
    ///
    /// # Errors
    /// `NoPlayback` for a problem that was not recorded for it; others are the lab's.
    pub fn play_back(
        &self,
        files: &ProblemFiles,
        problem: &Problem,
        responses: &[Bits],
    ) -> Result<BenchVerdict, RecordError> {
        let (Stimulus::TestBench(bench), Some(playback)) = (&files.stimulus, &problem.playback)
        else {
            return Err(RecordError::NoPlayback { problem: problem.name.clone() });
        };
        let analysis = Analysis {
            interface: problem.interface.clone(),
            event_inputs: problem.event_inputs.clone(),
            clocks: playback.clocks.clone(),
            controls: Vec::new(),
        };
        let player = Player {
            toolbox: &self.toolbox,
            problem: &problem.name,
            top: &problem.top,
            bench,
            analysis: &analysis,
        };
        let responses: Vec<Logic> = responses.iter().map(known).collect();
        player.play(playback, &responses)
    }
}

/// Compared bits of all steps that `responses` know otherwise.
fn contradictions(problem: &Problem, responses: &[Logic]) -> usize {
    let steps = problem.steps.iter().zip(responses);
    steps
        .map(|(step, got)| {
            let known = step.care.and(&got.unknown.not());
            step.expected.xor(&got.value).and(&known).count_ones()
        })
        .sum()
}

fn golden_of(files: &ProblemFiles) -> Result<&Golden, RecordError> {
    files.golden.as_ref().ok_or_else(|| RecordError::Declared {
        problem: files.name().to_owned(),
        message: "its stimulus needs a golden".to_owned(),
    })
}

/// One recording.
struct Session<'a> {
    toolbox: &'a Toolbox,
    files: &'a ProblemFiles,
    golden: &'a Golden,
    bench: &'a Bench,
    analysis: &'a Analysis,
    steps_max: usize,
}

/// How well a replay agrees with a recording, in bits over all time steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Disagreement {
    /// Both known, and different.
    contradictions: usize,
    /// Known in one only.
    unsure: usize,
}

/// Steps in one order, and the golden's response to each.
struct Replay {
    sequence: Sequence,
    responses: Vec<Logic>,
    disagreement: Disagreement,
}

impl Session<'_> {
    fn problem(&self, key: String) -> Result<Problem, RecordError> {
        // A step has one to three lines.
        let lines_max = 4 * self.steps_max;
        let (recording, verdict) = self.run(Answers::Golden, "the test bench", lines_max)?;
        // One that waits for an answer for ever need not be watched for ever.
        let lines_max = lines_max.min(LINES_MIN + 4 * recording.lines());
        let what = "the test bench, with inverted responses";
        let inverted = self.run(Answers::Inverted, what, lines_max);
        let reactive = match inverted {
            Ok((other, _)) => recording.stimulus_differs(&other),
            Err(RecordError::Endless { .. } | RecordError::TooLong { .. }) => true,
            Err(error) => return Err(error),
        };
        let replay = self.calibrate(&recording)?;
        let racy = replay.disagreement.contradictions > 0;
        tracing::debug!(
            problem = self.files.name(),
            steps = replay.sequence.steps.len(),
            reactive,
            racy,
            "recorded"
        );
        let (steps, numbers) = self.steps(&replay)?;
        let playback = match self.files.comparison() {
            Comparison::EveryStep => None,
            Comparison::Bench => {
                Some(self.playback(&recording, &replay, &numbers, steps.len(), verdict)?)
            }
        };
        Ok(Problem {
            name: self.files.name().to_owned(),
            top: self.files.top().to_owned(),
            interface: self.analysis.interface.clone(),
            event_inputs: self.analysis.event_inputs.clone(),
            source: StimulusSource::TestBench { reactive, racy },
            comparison: self.files.comparison(),
            steps,
            playback,
            source_sha256: key,
        })
    }

    /// How responses to the steps of `replay` are played back; its steps have got `numbers`,
    /// `count` in all.
    fn playback(
        &self,
        recording: &Recording,
        replay: &Replay,
        numbers: &[usize],
        count: usize,
        verdict: BenchVerdict,
    ) -> Result<Playback, RecordError> {
        let Sequence { reached, from_start, .. } = &replay.sequence;
        let wakes = wakes(recording, reached, *from_start, numbers);
        // Of steps that are one the last response counts, as on the board.
        let mut golden = vec![Logic::zeros(0); count];
        for (number, response) in numbers.iter().zip(&replay.responses) {
            golden[*number] = response.clone();
        }
        let player = Player {
            toolbox: self.toolbox,
            problem: self.files.name(),
            top: self.files.top(),
            bench: self.bench,
            analysis: self.analysis,
        };
        player.calibrate(wakes, *from_start, &golden, verdict)
    }

    /// The record, and what the bench says of it.
    fn run(
        &self,
        answers: Answers,
        what: &str,
        lines_max: usize,
    ) -> Result<(Recording, BenchVerdict), RecordError> {
        let mut simulation = Simulation::new(self.toolbox, self.files.name(), what)?;
        // The bench first: files without a `timescale take its own.
        simulation.sources(&self.bench.files)?;
        let mut golden_top = self.golden.top.as_str();
        if golden_top == self.files.top() {
            simulation.sources(&self.renamed_golden())?;
            golden_top = RENAMED_GOLDEN;
        } else {
            simulation.sources(&self.golden.files)?;
        }
        let stub = stub(self.files.top(), golden_top, self.analysis, answers, lines_max);
        simulation.own("filbench_stub.sv", stub)?;
        let tops = self.bench.tops.iter().map(String::as_str);
        let ended = simulation.run(&tops.chain([RECORD_TOP]).collect::<Vec<_>>())?;
        let marked = Marked::plain(&self.bench.files);
        let verdict = if marked.passes(&self.bench.pass_mark, &ended) {
            BenchVerdict::Passes
        } else {
            BenchVerdict::Fails { said: marked.last_words(&ended) }
        };
        let text = simulation.output(RECORD_FILE)?;
        let interface = &self.analysis.interface;
        let recording = Recording::new(text, interface.input_bits(), interface.output_bits())
            .map_err(|defect| match defect {
                Defect::TooLong => self.too_long(),
                Defect::Malformed { line } => {
                    simulation.no_record(format!("line {line} of the stub's record is damaged"))
                }
                Defect::Instances { count } => simulation.no_record(format!(
                    "{count} instances of `{}`, where one is needed",
                    self.files.top()
                )),
            })?;
        Ok((recording, verdict))
    }

    /// The golden under another name, since the stub takes the one that the bench knows.
    fn renamed_golden(&self) -> Vec<SourceText> {
        let rename = |file: &SourceText| SourceText {
            name: file.name.clone(),
            contents: if file.is_source() {
                source::rename(&file.contents, &self.golden.top, RENAMED_GOLDEN)
            } else {
                file.contents.clone()
            },
        };
        self.golden.files.iter().map(rename).collect()
    }

    /// The first order whose replay is what the bench saw; else the one that comes closest.
    fn calibrate(&self, recording: &Recording) -> Result<Replay, RecordError> {
        let detail = match self.files.comparison() {
            Comparison::EveryStep => Detail::Looks,
            Comparison::Bench => Detail::Wakes,
        };
        let mut tried: Vec<Sequence> = Vec::new();
        let mut best: Option<Replay> = None;
        for order in Order::all() {
            let sequence = sequence(recording, self.analysis, order, detail, self.steps_max)
                .ok_or_else(|| self.too_long())?;
            if tried.contains(&sequence) {
                continue;
            }
            let replay = self.replay(sequence)?;
            tracing::debug!(problem = self.files.name(), ?order, ?replay.disagreement, "replayed");
            let exact = replay.disagreement == Disagreement { contradictions: 0, unsure: 0 };
            if best.as_ref().is_none_or(|best| replay.disagreement < best.disagreement) {
                if let Some(worse) = best.replace(replay) {
                    tried.push(worse.sequence);
                }
            } else {
                tried.push(replay.sequence);
            }
            if exact {
                break;
            }
        }
        best.ok_or_else(|| self.too_long())
    }

    fn replay(&self, sequence: Sequence) -> Result<Replay, RecordError> {
        let steps = sequence.steps.iter().cloned();
        let responses = self.respond(steps)?;
        let mut disagreement = Disagreement { contradictions: 0, unsure: 0 };
        for (step, seen) in &sequence.settled {
            let replayed = &responses[*step];
            disagreement.contradictions += replayed.contradicts(seen).count_ones();
            disagreement.unsure += replayed.unknown.xor(&seen.unknown).count_ones();
        }
        Ok(Replay { sequence, responses, disagreement })
    }

    fn respond(
        &self,
        steps: impl ExactSizeIterator<Item = Logic>,
    ) -> Result<Vec<Logic>, RecordError> {
        let design = Design {
            sources: &self.golden.files,
            top: &self.golden.top,
            interface: &self.analysis.interface,
            event_inputs: &self.analysis.event_inputs,
        };
        responses(
            self.toolbox,
            self.files.name(),
            "the golden on the recorded steps",
            design,
            steps,
        )
    }

    /// Compared are the output bits at the end of each of the bench's time steps that the
    /// golden defines: in the bench and in the replay, and whatever the unknown inputs are.
    ///
    /// Gives the problem's steps, and for each step of the replay the number of the one that
    /// it has become.
    fn steps(&self, replay: &Replay) -> Result<(Vec<Step>, Vec<usize>), RecordError> {
        let Replay { sequence, responses, .. } = replay;
        let mut fills = Vec::new();
        if sequence.steps.iter().any(|step| step.unknown.any()) {
            for with in [false, true] {
                fills.push(self.respond(sequence.steps.iter().map(|step| step.filled(with)))?);
            }
        }

        let outputs = self.analysis.interface.output_bits();
        let mut settled = sequence.settled.iter().peekable();
        let mut steps: Vec<Step> = Vec::with_capacity(sequence.steps.len());
        let mut numbers = Vec::with_capacity(sequence.steps.len());
        // An input that the bench has not driven yet is no stimulus: it is played as 0.
        let mut driven = Bits::zeros(self.analysis.interface.input_bits());
        for (index, step) in sequence.steps.iter().enumerate() {
            let response = &responses[index];
            let mut care = Bits::zeros(outputs);
            if let Some((_, seen)) = settled.next_if(|(step, _)| *step == index) {
                care = seen.unknown.or(&response.unknown).not();
                care = care.and(&seen.value.xor(&response.value).not());
                for fill in &fills {
                    care = care.and(&fill[index].changed(response).not());
                }
            }
            driven = driven.or(&step.unknown.not());
            let next = Step {
                inputs: step.value.clone(),
                unknown: step.unknown.and(&driven),
                expected: response.value.and(&care),
                care,
            };
            match steps.last_mut() {
                Some(last) if (&last.inputs, &last.unknown) == (&next.inputs, &next.unknown) => {
                    // The board sees one step; the last look at it counts.
                    if next.care.any() {
                        *last = next;
                    }
                }
                _ => steps.push(next),
            }
            numbers.push(steps.len() - 1);
        }
        Ok((steps, numbers))
    }

    fn too_long(&self) -> RecordError {
        RecordError::TooLong { problem: self.files.name().to_owned(), steps_max: self.steps_max }
    }
}

/// What is applied in a step.
pub(crate) fn filled(step: &Step, fill: Fill) -> Logic {
    let logic = Logic { value: step.inputs.clone(), unknown: step.unknown.clone() };
    match fill {
        Fill::Zero => logic.filled(false),
        Fill::One => logic.filled(true),
        Fill::Unknown => logic,
    }
}

/// How many steps a problem with these ports may have.
pub(crate) fn steps_max(interface: &filbench_model::Interface) -> usize {
    let bits = 2 * (interface.input_bits() + interface.output_bits());
    STEPS_MAX.min(VECTOR_BITS_MAX / bits.max(1))
}
