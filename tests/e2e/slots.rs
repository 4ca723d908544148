//! Every problem of tests/suites/filbench-small with all its candidates at once, in
//! bitstreams that several share: the same verdicts as in bitstreams of their own.
//!
//! One process with one context, as a suite's run has it.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod common;

use async_trait::async_trait;
use common::{candidate, context, problem, root};
use filbench_board::Board;
use filbench_flow::{SourceFile, Submission};
use filbench_lab::{Link, Place, Selector, Timing, VirtualPlace};
use filbench_model::{BoardRecord, Fault, FaultPlace, MeasuredOn, Report};
use filbench_run::{Context, Evaluation, Options, Table};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

const SUITE: &str = "filbench-small";
const SLOTS: usize = 8;

/// A context in which designs share.
fn sharing() -> Context {
    let number = |number| NonZeroUsize::new(number).unwrap();
    context().with_slots(number(SLOTS), number(2))
}

/// Judges all at once, in the order given.
fn judge(context: Context, candidates: &[(String, Submission)]) -> Vec<Report> {
    let context = Arc::new(context);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let evaluations: Vec<_> = candidates
        .iter()
        .cloned()
        .map(|(path, submission)| {
            let context = Arc::clone(&context);
            let problem = filbench_stimulus::locate(&problem(&path)).unwrap();
            runtime.spawn(async move {
                let selector: Selector = "virtual:icebreaker".parse().unwrap();
                let (events, _) = tokio::sync::mpsc::unbounded_channel();
                let options = Options::default();
                filbench_run::evaluate(&context, submission, problem, &selector, &options, events)
                    .await
            })
        })
        .collect();
    let report = |evaluation: Evaluation| evaluation.report;
    evaluations.into_iter().map(|one| report(runtime.block_on(one).unwrap())).collect()
}

/// A candidate of the suite.
fn of_suite(problem_name: &str, name: &str) -> (String, Submission) {
    let path = format!("{SUITE}/{problem_name}");
    let contents = std::fs::read(candidate(&path, name)).unwrap();
    of_text(problem_name, contents)
}

fn of_text(problem_name: &str, contents: impl Into<Vec<u8>>) -> (String, Submission) {
    let path = format!("{SUITE}/{problem_name}");
    let top = filbench_stimulus::locate(&problem(&path)).unwrap().top().to_owned();
    let file = SourceFile { name: "candidate.sv".into(), contents: contents.into() };
    (path, Submission { files: vec![file], top })
}

fn shared(reports: &[Report]) -> usize {
    reports.iter().filter(|report| report.provenance.slot.is_some()).count()
}

#[derive(serde::Deserialize)]
struct ProblemExpectation {
    candidates: BTreeMap<String, Expectation>,
}

#[derive(serde::Deserialize)]
struct Expectation {
    outcome: String,
    stage: Option<String>,
    step: Option<usize>,
    port: Option<String>,
}

#[test]
fn a_whole_suite_gets_the_verdicts_that_it_gets_alone() {
    let text = std::fs::read_to_string(root().join(format!("tests/suites/{SUITE}/expected.toml")));
    let problems: BTreeMap<String, ProblemExpectation> = toml::from_str(&text.unwrap()).unwrap();
    let (candidates, expected): (Vec<_>, Vec<_>) = problems
        .iter()
        .flat_map(|(problem, expectation)| {
            let all = expectation.candidates.iter();
            all.map(move |(name, expected)| (of_suite(problem, name), (problem, name, expected)))
        })
        .unzip();
    let reports = judge(sharing(), &candidates);
    let mut wrong = Vec::new();
    for (report, (problem, name, expected)) in reports.iter().zip(expected) {
        let verdict = &report.verdict;
        let mismatch = report.mismatch.as_ref();
        let found = (
            verdict.outcome.to_string(),
            verdict.stage.map(|stage| stage.to_string()),
            mismatch.map(|m| m.step),
            mismatch.map(|m| m.port.clone()),
        );
        let expected = (
            expected.outcome.clone(),
            expected.stage.clone(),
            expected.step,
            expected.port.clone(),
        );
        if found != expected {
            wrong.push(format!("{problem} {name}: {found:?}, not {expected:?}: {verdict:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // All but the few that are too wide, refused before, or left over.
    assert!(shared(&reports) > reports.len() / 2, "{} of {}", shared(&reports), reports.len());
}

/// Judges together and alone; the verdicts must not differ.
fn judge_both_ways(candidates: &[(String, Submission)]) -> Vec<Report> {
    let (together, alone) = (judge(sharing(), candidates), judge(context(), candidates));
    let verdicts =
        |reports: &[Report]| reports.iter().map(|r| r.verdict.to_string()).collect::<Vec<_>>();
    assert_eq!(verdicts(&together), verdicts(&alone));
    assert_eq!(shared(&alone), 0);
    together
}

#[test]
fn a_design_that_cannot_be_placed_keeps_nobody_from_sharing() {
    // More clocks than the device has tiles, each of which can have one.
    let unplaceable = of_text(
        "Prob002_dff",
        "module TopModule(input clk, input d, output reg q);
           reg [799:0] ripple = 0;
           genvar i;
           always @(posedge clk) begin q <= d ^ ripple[799]; ripple[0] <= ~ripple[0]; end
           generate for (i = 1; i < 800; i = i + 1) begin : g
             always @(posedge ripple[i-1]) ripple[i] <= ~ripple[i];
           end endgenerate
         endmodule",
    );
    let reports = judge_both_ways(&[
        of_suite("Prob002_dff", "right"),
        unplaceable,
        of_suite("Prob002_dff", "wrong_inverted"),
        of_suite("Prob001_mux", "right"),
    ]);
    let verdicts: Vec<_> = reports.iter().map(|report| report.verdict.to_string()).collect();
    assert_eq!((&*verdicts[0], &*verdicts[2], &*verdicts[3]), ("pass", "fail (mismatch)", "pass"));
    assert_eq!(&*verdicts[1], "fail (fit)");
    assert_eq!(shared(&reports), 3, "the others share a bitstream");
}

/// Boards that refuse the first bitstream that each of them is given, every time.
struct Refusing;

struct RefusingPlace {
    inner: VirtualPlace,
    refused: Option<Vec<u8>>,
}

impl Table for Refusing {
    fn open(&self, _: &Selector) -> Result<Box<dyn Place>, Fault> {
        let board = Board::load("icebreaker").unwrap();
        let inner = VirtualPlace::new(board, env!("CARGO_BIN_EXE_filbench").into());
        Ok(Box::new(RefusingPlace { inner, refused: None }))
    }
}

#[async_trait]
impl Place for RefusingPlace {
    async fn program(&mut self, bitstream: &[u8]) -> Result<Box<dyn Link>, Fault> {
        if self.refused.get_or_insert_with(|| bitstream.to_vec()) == bitstream {
            return Err(Fault::new(FaultPlace::Program, "this one does not run here"));
        }
        self.inner.program(bitstream).await
    }

    fn record(&self) -> BoardRecord {
        self.inner.record()
    }

    fn measured_on(&self) -> MeasuredOn {
        self.inner.measured_on()
    }

    fn timing(&self) -> Timing {
        self.inner.timing()
    }

    async fn last_words(&mut self) -> Option<String> {
        self.inner.last_words().await
    }

    async fn release(&mut self) {
        self.inner.release().await;
    }
}

#[test]
fn a_shared_bitstream_that_does_not_run_costs_nobody_the_verdict() {
    let candidates = [
        of_suite("Prob003_counter", "right"),
        of_suite("Prob003_counter", "wrong_seven_bits"),
        of_suite("Prob001_mux", "wrong_swapped"),
    ];
    // Proves the problems, so that only candidates are played below.
    let honest = judge(context(), &candidates);
    let refused = judge(sharing().with_table(Arc::new(Refusing)), &candidates);
    let verdicts =
        |reports: &[Report]| reports.iter().map(|r| r.verdict.clone()).collect::<Vec<_>>();
    assert_eq!(verdicts(&refused), verdicts(&honest));
    assert_eq!(shared(&refused), 0, "each got a bitstream of its own in the end");
    // Without the way back it would have been a fault: so it is for a design that was
    // alone to begin with.
    let alone = judge(context().with_table(Arc::new(Refusing)), &candidates[..1]);
    assert_eq!(alone[0].verdict.to_string(), "fault (program)");
}
