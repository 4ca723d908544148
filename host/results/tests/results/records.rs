//! Records to test with.

use filbench_model::{
    BoardRecord, ClockTiming, Diagnostic, DiagnosticSubject, Disagreement, DisagreementKind,
    FailStage, Fault, FaultPlace, InconclusiveReason, InputWindow, MeasuredOn, Mismatch,
    MismatchWindow, OutputWindow, Provenance, Report, Resources, Severity, Simulated,
    SimulatedOutcome, TimingSource, Verdict,
};
use filbench_results::{GoldenFigures, ProblemClass, Record};

/// A record of an evaluation that has a verdict and nothing else.
pub fn record(problem: &str, sample: &str, verdict: Verdict) -> Record {
    Record {
        problem: problem.to_owned(),
        sample: sample.to_owned(),
        class: ProblemClass::Clocked,
        golden: None,
        report: Report::new(verdict, Provenance::default()),
    }
}

/// A mismatch, as a verdict.
pub fn mismatch() -> Verdict {
    Verdict::fail(FailStage::Mismatch, "step 9, port `q`: expected 01x1, got 0010")
}

/// An evaluation that reached a virtual board.
pub fn played(problem: &str, sample: &str, verdict: Verdict, lut4: u32, mhz: f64) -> Record {
    let mut record = record(problem, sample, verdict);
    record.golden = Some(GoldenFigures {
        resources: Some(Resources { lut4: 10, ff: 4, ..Resources::default() }),
        timing: clocks(100.0),
        timing_alone: None,
    });
    let report = &mut record.report;
    report.resources = Some(Resources { lut4, ff: 4, ..Resources::default() });
    report.timing = clocks(mhz);
    report.checked_samples = 200;
    report.mismatching_samples = Some(0);
    report.measured_on = Some(MeasuredOn::Virtual);
    report.board = Some(BoardRecord {
        kind: "icebreaker".into(),
        device: "up5k".into(),
        package: "sg48".into(),
        id: "virtual".into(),
    });
    report.durations_ms = [("synth", 500), ("place", 2000), ("play", 40), ("total", 2600)]
        .map(|(phase, ms)| (phase.to_owned(), ms))
        .into();
    record
}

/// A played evaluation with a mismatch and its window.
pub fn mismatching(problem: &str, sample: &str) -> Record {
    let mut record = played(problem, sample, mismatch(), 25, 80.0);
    let report = &mut record.report;
    report.mismatching_samples = Some(3);
    report.mismatch =
        Some(Mismatch { step: 9, port: "q".into(), expected: "01x1".into(), got: "0010".into() });
    report.mismatch_window = Some(MismatchWindow {
        first_step: 7,
        steps: 4,
        inputs: vec![InputWindow {
            port: "clk".into(),
            values: ["0", "1", "0", "1"].map(String::from).into(),
        }],
        outputs: vec![OutputWindow {
            port: "q".into(),
            expected: ["0000", "0000", "01x1", "0011"].map(String::from).into(),
            got: vec![Some("0000".into()), None, Some("0010".into()), Some("0011".into())],
        }],
        omitted_ports: Vec::new(),
    });
    record
}

/// A simulation that differs from golden and board in `port`.
pub fn simulated(port: &str) -> Simulated {
    Simulated {
        outcome: SimulatedOutcome::Mismatch,
        reason: format!("step 3, port `{port}`"),
        checked_samples: 200,
        mismatching_samples: 4,
        mismatch: Some(Mismatch {
            step: 3,
            port: port.into(),
            expected: "0110".into(),
            got: "0111".into(),
        }),
        compared_with_board: 200,
        disagreeing_samples: 2,
        sim_board_disagreement: Some(Disagreement {
            kind: DisagreementKind::Contradiction,
            step: 3,
            port: port.into(),
            simulated: "0111".into(),
            captured: "0110".into(),
        }),
    }
}

/// One record of every outcome, by name.
pub fn mixed() -> Vec<Record> {
    let mut syntax = record("Prob002", "sample02", Verdict::fail(FailStage::Parse, "syntax error"));
    let diagnostic = serde_json::json!({
        "tool": "yosys", "severity": Severity::Error, "file": "top.sv", "line": 7, "column": 3,
        "message": "syntax error, unexpected `endmodule`",
    });
    let diagnostic: Diagnostic = serde_json::from_value(diagnostic).unwrap();
    syntax.report.diagnostics.push(diagnostic);
    let mut broken = record(
        "Prob003",
        "sample01",
        Verdict::inconclusive(InconclusiveReason::RacyTestbench, "the bench is racy"),
    );
    broken.report.diagnostics.push(Diagnostic {
        subject: DiagnosticSubject::Problem,
        file: Some("Prob003_test.sv".into()),
        line: Some(4),
        ..Diagnostic::new("iverilog", Severity::Warning, "timescale inherited")
    });
    vec![
        played("Prob001", "sample01", Verdict::pass("all is well"), 10, 100.0),
        mismatching("Prob001", "sample02"),
        played("Prob002", "sample01", Verdict::pass("all is well"), 5, 125.0),
        syntax,
        broken,
        record("Prob003", "sample02", Fault::new(FaultPlace::Link, "silence").into()),
    ]
}

fn clocks(mhz: f64) -> Vec<ClockTiming> {
    let clock = |name: &str, of_design, predicted_mhz| {
        serde_json::from_value(serde_json::json!({
            "clock": name, "of_design": of_design, "predicted_mhz": predicted_mhz,
            "constraint_mhz": null, "source": TimingSource::StaticAnalysis,
        }))
        .unwrap()
    };
    vec![clock("clk", true, mhz), clock("play_clk", false, 20.0)]
}
