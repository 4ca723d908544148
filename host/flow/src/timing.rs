//! nextpnr's JSON report as timing, and the settle time that follows from it.
//!
//! Numbers come from the report only; what nextpnr prints can be forged by
//! names in the design.

use crate::link::{CLOCK_DRIVER_PREFIX, DESIGN_PREFIX};
use crate::submission::JobFiles;
use crate::with_sources;
use filbench_board::Board;
use filbench_model::{
    ClockTiming, CriticalPath, FailStage, Fault, FaultPlace, PathStep, TimingSource, Verdict,
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// From the live register's clock edge to the clock pin behind one clock driver
/// or one derived clock: measured 3.6 to 7.3 ns on the UP5K, which nextpnr does
/// not report, as a clock pin is no end of a path.
const CLOCK_ARRIVAL_NS: f64 = 10.0;

/// Predicted delays are nominal; silicon, temperature and paths that were cut
/// at latches may take longer.
const MARGIN: f64 = 1.5;

/// A latch is a loop, which is cut somewhere before its paths are timed.
const LATCH_MARGIN: f64 = 2.0;

/// What a report says about a placement.
#[derive(Debug)]
pub(crate) enum Timing {
    Settles(Found),
    /// The player cannot wait that long.
    TooSlow(Verdict),
}

#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) clocks: Vec<ClockTiming>,
    pub(crate) paths: Vec<CriticalPath>,
    pub(crate) settle_cycles: u8,
    pub(crate) utilisation: BTreeMap<String, (u32, u32)>,
}

#[derive(Deserialize)]
struct Report {
    critical_paths: Vec<ReportedPath>,
    fmax: BTreeMap<String, ReportedClock>,
    utilization: BTreeMap<String, ReportedUse>,
}

#[derive(Deserialize)]
struct ReportedClock {
    achieved: f64,
}

#[derive(Deserialize)]
struct ReportedUse {
    used: u32,
    available: u32,
}

#[derive(Deserialize)]
struct ReportedPath {
    from: String,
    to: String,
    path: Vec<ReportedStep>,
}

#[derive(Deserialize)]
struct ReportedStep {
    #[serde(rename = "type")]
    kind: String,
    delay: f64,
    to: ReportedPin,
    net: Option<String>,
    #[serde(default)]
    sources: Vec<String>,
}

#[derive(Deserialize)]
struct ReportedPin {
    cell: String,
}

/// The clock at one end of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Domain {
    /// No clock: pins.
    Async,
    /// The board clock: soft MCU, UART, buffers.
    Fixture,
    /// The player and the live inputs.
    Play,
    /// The capture register.
    Capture,
    /// A clock input of the design.
    Design(String),
    /// A clock made inside the design.
    Derived(String),
}

impl Domain {
    /// From `posedge NET` or `<async>`; a promoted net has a suffix.
    fn of_end(text: &str) -> Self {
        match text.split_once(' ') {
            Some(("posedge" | "negedge", net)) => Self::of_net(net),
            _ => Self::Async,
        }
    }

    fn of_net(net: &str) -> Self {
        let net = net.strip_suffix("_$glb_clk").unwrap_or(net);
        match net.split_once('$').map_or(net, |(stem, _)| stem) {
            "clk" => return Self::Fixture,
            "play_clk" => return Self::Play,
            "cap_clk" => return Self::Capture,
            _ => {}
        }
        if let Some(port) = net.strip_prefix(CLOCK_DRIVER_PREFIX) {
            Self::Design(port.to_owned())
        } else {
            Self::Derived(net.strip_prefix(DESIGN_PREFIX).unwrap_or(net).to_owned())
        }
    }

    fn is_of_design(&self) -> bool {
        matches!(self, Self::Design(_) | Self::Derived(_))
    }

    fn name(&self) -> String {
        match self {
            Self::Async => "asynchronous".to_owned(),
            Self::Fixture => "fixture".to_owned(),
            Self::Play => "play_clk".to_owned(),
            Self::Capture => "cap_clk".to_owned(),
            Self::Design(name) | Self::Derived(name) => name.clone(),
        }
    }
}

/// What a report is about.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) board: &'a Board,
    pub(crate) has_latches: bool,
    /// How many clocks inside the design may follow one another.
    pub(crate) derived_clocks: usize,
    pub(crate) files: &'a JobFiles,
}

/// Reads nextpnr's report.
///
/// # Errors
/// A fault when the report is not one, or the fixture does not meet its clock.
pub(crate) fn read(report: &[u8], subject: Subject<'_>) -> Result<Timing, Fault> {
    let board = subject.board;
    let text = String::from_utf8_lossy(report);
    let report: Report = serde_json::from_str(&text).map_err(|error| {
        Fault::new(
            FaultPlace::Tool,
            format!("nextpnr's report cannot be read: {}", with_sources(&error)),
        )
    })?;
    let board_mhz = f64::from(board.clock_hz) / 1e6;
    let clocks = clocks(&report, board_mhz);
    check_fixture(&clocks, board, board_mhz)?;

    let delay_ns = settle_ns(&report, subject);
    let cycles = settle_cycles(delay_ns, board_mhz);
    let Ok(settle_cycles) = u8::try_from(cycles) else {
        return Ok(Timing::TooSlow(Verdict::fail(
            FailStage::Timing,
            format!(
                "outputs may take {delay_ns:.0} ns to settle, which is {cycles} cycles of the \
                 player; it waits at most {}",
                u8::MAX
            ),
        )));
    };
    Ok(Timing::Settles(Found {
        settle_cycles,
        paths: report
            .critical_paths
            .iter()
            .filter(|path| concerns_design(path))
            .map(|path| critical_path(path, subject.files))
            .collect(),
        clocks,
        utilisation: report
            .utilization
            .into_iter()
            .filter(|(_, found)| found.used > 0)
            .map(|(kind, found)| (kind, (found.used, found.available)))
            .collect(),
    }))
}

fn clocks(report: &Report, board_mhz: f64) -> Vec<ClockTiming> {
    let mut clocks: Vec<(Domain, ClockTiming)> = report
        .fmax
        .iter()
        .map(|(net, clock)| {
            let domain = Domain::of_net(net);
            let of_design = domain.is_of_design();
            let timing = ClockTiming {
                clock: domain.name(),
                of_design,
                predicted_mhz: clock.achieved,
                // nextpnr gives every clock the board's; the design was not asked.
                constraint_mhz: (!of_design).then_some(board_mhz),
                source: TimingSource::StaticAnalysis,
            };
            (domain, timing)
        })
        .collect();
    clocks.sort_by(|(a, _), (b, _)| a.cmp(b));
    clocks.into_iter().map(|(_, timing)| timing).collect()
}

/// The fixture must meet the board's clock, or nothing that it says counts.
fn check_fixture(clocks: &[ClockTiming], board: &Board, board_mhz: f64) -> Result<(), Fault> {
    let fault = |message| Err(Fault::new(FaultPlace::Fixture, message));
    if !clocks.iter().any(|c| c.clock == Domain::Fixture.name()) {
        return fault("nextpnr's report has no timing of the fixture's clock".to_owned());
    }
    match clocks.iter().find(|c| !c.of_design && c.predicted_mhz < board_mhz) {
        Some(slow) => fault(format!(
            "the fixture's {} reaches {:.2} MHz, {} runs at {board_mhz} MHz; try another seed",
            slow.clock, slow.predicted_mhz, board.kind
        )),
        None => Ok(()),
    }
}

/// How long after a step the design may still move.
///
/// The worst case is a sum, whether or not the paths meet: data that has just
/// reached its flip-flop, a clock edge behind it that goes through every clock
/// made inside the design, and the path from the last flip-flop to the capture
/// register or to the next flip-flop. Without clocks it is the path through the
/// design.
fn settle_ns(report: &Report, subject: Subject<'_>) -> f64 {
    let longest = |from: &dyn Fn(&Domain) -> bool, to: &dyn Fn(&Domain) -> bool| {
        report
            .critical_paths
            .iter()
            .filter(|path| from(&Domain::of_end(&path.from)) && to(&Domain::of_end(&path.to)))
            .map(delay_ns)
            .fold(0.0, f64::max)
    };
    let play = |d: &Domain| *d == Domain::Play;
    let capture = |d: &Domain| *d == Domain::Capture;
    let design = |d: &Domain| d.is_of_design();
    let design_or_capture = |d: &Domain| d.is_of_design() || *d == Domain::Capture;

    let through = longest(&play, &capture);
    let to_state = longest(&play, &design);
    let from_state = longest(&design, &design_or_capture);
    let clocked = if from_state > 0.0 || to_state > 0.0 {
        let hops = (1 + subject.derived_clocks) as f64;
        let derived = subject.derived_clocks as f64 * from_state.max(to_state);
        to_state + hops * CLOCK_ARRIVAL_NS + derived + from_state
    } else {
        0.0
    };
    let latches = if subject.has_latches { LATCH_MARGIN } else { 1.0 };
    latches * through.max(clocked)
}

/// The settle time with its margin in whole cycles, and one more because
/// `play_clk` and `cap_clk` arrive through different buffers.
fn settle_cycles(delay_ns: f64, play_mhz: f64) -> u32 {
    (MARGIN * delay_ns * play_mhz / 1e3).ceil() as u32 + 1
}

fn delay_ns(path: &ReportedPath) -> f64 {
    path.path.iter().map(|step| step.delay).sum()
}

/// Whether a path says something about the design: one of its clocks is at an
/// end, or it leads from the live inputs through the design to the capture.
fn concerns_design(path: &ReportedPath) -> bool {
    let (from, to) = (Domain::of_end(&path.from), Domain::of_end(&path.to));
    let through = || path.path.iter().any(|step| step.to.cell.starts_with(DESIGN_PREFIX));
    from.is_of_design()
        || to.is_of_design()
        || (from == Domain::Play && to == Domain::Capture && through())
}

fn critical_path(path: &ReportedPath, files: &JobFiles) -> CriticalPath {
    CriticalPath {
        from: Domain::of_end(&path.from).name(),
        to: Domain::of_end(&path.to).name(),
        delay_ns: delay_ns(path),
        steps: path
            .path
            .iter()
            .map(|step| PathStep {
                kind: step.kind.clone(),
                delay_ns: step.delay,
                cell: whose(&step.to.cell),
                net: step.net.as_deref().map(whose),
                sources: step
                    .sources
                    .iter()
                    .flat_map(|source| files.source_lines(source))
                    .collect(),
            })
            .collect(),
    }
}

/// The design's names as they are, the fixture's with a prefix.
fn whose(name: &str) -> String {
    match name.strip_prefix(DESIGN_PREFIX) {
        Some(own) => own.to_owned(),
        None if name.starts_with(CLOCK_DRIVER_PREFIX) => name.to_owned(),
        None => format!("fixture.{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::submission::SourceFile;

    /// A report with the fixture's clocks and `paths` of (from, to, delay).
    fn report(fixture_mhz: f64, paths: &[(&str, &str, f64)]) -> Vec<u8> {
        let end = |clock: &str| match clock {
            "async" => "<async>".to_owned(),
            net => format!("posedge {net}"),
        };
        let pin = serde_json::json!({ "cell": "dut.q_LC", "loc": [1, 1], "port": "O" });
        let paths: Vec<_> = paths
            .iter()
            .map(|(from, to, delay)| {
                serde_json::json!({
                    "from": end(from),
                    "to": end(to),
                    "path": [
                        { "type": "clk-to-q", "delay": 1.0, "from": pin, "to": pin },
                        { "type": "routing", "delay": delay - 1.0, "from": pin, "to": pin,
                          "net": "dut.q", "sources": ["src/a.v:3.1-3.9", "/share/techmap.v:1.1-1.2"] },
                    ],
                })
            })
            .collect();
        let report = serde_json::json!({
            "critical_paths": paths,
            "fmax": {
                "clk$SB_IO_IN_$glb_clk": { "achieved": fixture_mhz, "constraint": 12.0 },
                "play_clk": { "achieved": 45.0, "constraint": 12.0 },
                "clock_driver.clk_$glb_clk": { "achieved": 5.0, "constraint": 12.0 },
                "dut.half": { "achieved": 200.0, "constraint": 12.0 },
            },
            "utilization": {
                "ICESTORM_LC": { "used": 900, "available": 5280 },
                "ICESTORM_DSP": { "used": 0, "available": 8 },
            },
        });
        report.to_string().into_bytes()
    }

    struct Design {
        has_latches: bool,
        derived_clocks: usize,
    }

    const PLAIN: Design = Design { has_latches: false, derived_clocks: 0 };

    fn timing(report: &[u8], design: &Design) -> Result<Timing, Fault> {
        let board = Board::load("icebreaker").unwrap();
        let files = JobFiles::new(&[SourceFile { name: "a.v".into(), contents: Vec::new() }]);
        let subject = Subject {
            board: &board,
            has_latches: design.has_latches,
            derived_clocks: design.derived_clocks,
            files: &files,
        };
        read(report, subject)
    }

    fn found(paths: &[(&str, &str, f64)], design: &Design) -> Found {
        match timing(&report(40.0, paths), design).unwrap() {
            Timing::Settles(found) => found,
            Timing::TooSlow(verdict) => panic!("{verdict:?}"),
        }
    }

    #[test]
    fn clocks_are_named_after_ports_and_the_fixture() {
        let found = found(&[], &PLAIN);
        let clocks: Vec<_> = found
            .clocks
            .iter()
            .map(|c| (c.clock.as_str(), c.of_design, c.constraint_mhz))
            .collect();
        assert_eq!(
            clocks,
            [
                ("fixture", false, Some(12.0)),
                ("play_clk", false, Some(12.0)),
                ("clk", true, None),
                ("half", true, None)
            ]
        );
        assert_eq!(found.utilisation.len(), 1);
        assert_eq!(found.utilisation["ICESTORM_LC"], (900, 5280));
    }

    #[test]
    fn paths_of_the_design_are_kept_with_their_lines() {
        let clock = "clock_driver.clk_$glb_clk";
        let paths = [
            (clock, clock, 5.0),
            ("play_clk", "cap_clk", 6.0),
            ("cap_clk", "clk$SB_IO_IN_$glb_clk", 7.0),
            ("async", "async", 8.0),
        ];
        let found = found(&paths, &PLAIN);
        let kept: Vec<_> =
            found.paths.iter().map(|p| (p.from.as_str(), p.to.as_str(), p.delay_ns)).collect();
        assert_eq!(kept, [("clk", "clk", 5.0), ("play_clk", "cap_clk", 6.0)]);
        let step = &found.paths[0].steps[1];
        assert_eq!(
            (step.cell.as_str(), step.net.as_deref(), &step.sources[..]),
            ("q_LC", Some("q"), &["a.v:3".to_owned()][..])
        );
    }

    #[test]
    fn the_settle_time_covers_the_worst_sum() {
        let settle = |paths: &[_], design| found(paths, design).settle_cycles;
        let clock = "clock_driver.clk_$glb_clk";
        // A cycle has 83.3 ns, of which 55.6 ns are for the design.
        assert_eq!(settle(&[], &PLAIN), 1);
        assert_eq!(settle(&[("play_clk", "cap_clk", 55.0)], &PLAIN), 2);
        assert_eq!(settle(&[("play_clk", "cap_clk", 56.0)], &PLAIN), 3);
        // Set-up, arrival of the clock (10 ns), and the way out.
        let clocked = [("play_clk", clock, 20.0), (clock, "cap_clk", 25.0), (clock, clock, 5.0)];
        assert_eq!(settle(&clocked, &PLAIN), 2);
        let slower = [("play_clk", clock, 20.0), (clock, clock, 26.0), (clock, "cap_clk", 5.0)];
        assert_eq!(settle(&slower, &PLAIN), 3);
        // Each derived clock adds its arrival and the logic before it.
        let derived = Design { derived_clocks: 2, ..PLAIN };
        assert_eq!(settle(&clocked, &derived), 4);
        let latches = Design { has_latches: true, ..PLAIN };
        assert_eq!(settle(&[("play_clk", "cap_clk", 30.0)], &latches), 3);
    }

    #[test]
    fn a_design_that_never_settles_in_time_is_refused() {
        let report = report(40.0, &[("play_clk", "cap_clk", 15_000.0)]);
        let Timing::TooSlow(verdict) = timing(&report, &PLAIN).unwrap() else { panic!() };
        assert_eq!(verdict.to_string(), "fail (timing)");
    }

    #[test]
    fn a_slow_fixture_is_a_fault_and_a_slow_design_is_not() {
        let fault = timing(&report(11.9, &[]), &PLAIN).unwrap_err();
        assert_eq!(fault.place, FaultPlace::Fixture);
        assert!(fault.message.contains("11.90 MHz"), "{fault}");
        let fault = timing(b"{\"critical_paths\": [", &PLAIN).unwrap_err();
        assert_eq!(fault.place, FaultPlace::Tool);
    }
}
