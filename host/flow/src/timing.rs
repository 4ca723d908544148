//! nextpnr's JSON report as timing, and the settle time that follows from it.
//!
//! Numbers come from the report only; what nextpnr prints can be forged by
//! names in the design.

use crate::alone::TimedAlone;
use crate::link::{LinkedDesign, Owner, Slot};
use crate::place::PlacedDesign;
use filbench_board::{Board, Device};
use filbench_model::{
    ClockTiming, CriticalPath, FailStage, Fault, FaultPlace, PathStep, TimingSource, Verdict,
    with_causes,
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// From the live register's clock edge to the clock pin behind one clock driver
/// or one derived clock: measured 3.6 to 7.3 ns on the UP5K, which nextpnr does
/// not report, as a clock pin is no end of a path.
const CLOCK_ARRIVAL_NS: f64 = 10.0;

/// A level of logic before a derived clock, with the routing to the next: nextpnr reports
/// no path that ends at a clock pin. The worst figures of IceStorm's timing tables for a
/// look-up table, a span of twelve tiles, one of four, and the way into the cell, rounded up.
fn level_ns(device: Device) -> f64 {
    match device {
        Device::Up5k => 5.5,
        Device::Hx8k => 2.5,
    }
}

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
    pub(crate) designs: Vec<PlacedDesign>,
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
    /// A clock of the design in another slot.
    Other,
}

impl Domain {
    /// From `posedge NET` or `<async>`, as the design in `slot` sees it; a promoted
    /// net has a suffix.
    fn of_end(text: &str, slot: Slot) -> Self {
        match text.split_once(' ') {
            Some(("posedge" | "negedge", net)) => Self::of_net(net, slot),
            _ => Self::Async,
        }
    }

    fn of_net(net: &str, slot: Slot) -> Self {
        let net = net.strip_suffix("_$glb_clk").unwrap_or(net);
        match net.split_once('$').map_or(net, |(stem, _)| stem) {
            "clk" => return Self::Fixture,
            "play_clk" => return Self::Play,
            "cap_clk" => return Self::Capture,
            _ => {}
        }
        match slot.owner_of(net) {
            Owner::ClockDriver(port) => Self::Design(port.to_owned()),
            Owner::Design(net) | Owner::Fixture(net) => Self::Derived(net.to_owned()),
            Owner::Other => Self::Other,
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
            Self::Other => "another design".to_owned(),
        }
    }
}

/// Reads nextpnr's report on `designs`, by slot.
///
/// # Errors
/// A fault when the report is not one, or the fixture does not meet its clock.
pub(crate) fn read(
    report: &[u8],
    board: &Board,
    designs: &[LinkedDesign],
) -> Result<Timing, Fault> {
    let report = parse(report)?;
    let board_mhz = f64::from(board.clock_hz) / 1e6;
    // Any design's latches may lie on the one path that is reported for all.
    let has_latches = designs.iter().any(|design| design.has_latches);
    let mut placed = Vec::new();
    for design in designs {
        let clocks = clocks(&report, board_mhz, design);
        check_fixture(&clocks, board, board_mhz)?;
        let delay_ns = settle_ns(&report, design, board.device, has_latches);
        let cycles = settle_cycles(delay_ns, board_mhz);
        let Ok(settle_cycles) = u8::try_from(cycles) else {
            return Ok(Timing::TooSlow(Verdict::fail(
                FailStage::Timing,
                format!(
                    "outputs may take {delay_ns:.0} ns to settle, which is {cycles} cycles of \
                     the player; it waits at most {}",
                    u8::MAX
                ),
            )));
        };
        placed.push(PlacedDesign {
            settle_cycles,
            critical_paths: report
                .critical_paths
                .iter()
                .filter(|path| concerns_design(path, design.slot))
                .map(|path| critical_path(path, design))
                .collect(),
            timing: clocks,
        });
    }
    Ok(Timing::Settles(Found {
        designs: placed,
        utilisation: report
            .utilization
            .into_iter()
            .filter(|(_, found)| found.used > 0)
            .map(|(kind, found)| (kind, (found.used, found.available)))
            .collect(),
    }))
}

fn parse(report: &[u8]) -> Result<Report, Fault> {
    serde_json::from_str(&String::from_utf8_lossy(report)).map_err(|error| {
        Fault::new(
            FaultPlace::Tool,
            format!("nextpnr's report cannot be read: {}", with_causes(&error)),
        )
    })
}

/// Reads nextpnr's report on a design without the fixture.
///
/// # Errors
/// A fault when the report is not one.
pub(crate) fn read_alone(report: &[u8], is_combinational: bool) -> Result<TimedAlone, Fault> {
    let report = parse(report)?;
    let mut clocks: Vec<(Domain, f64)> = report
        .fmax
        .iter()
        .map(|(net, clock)| (Domain::of_net(net, Slot::Alone), clock.achieved))
        .filter(|(domain, _)| domain.is_of_design())
        .collect();
    clocks.sort_by(|(a, _), (b, _)| a.cmp(b));
    let ends = |path: &&ReportedPath| {
        [&path.from, &path.to].map(|end| Domain::of_end(end, Slot::Alone))
            == [Domain::Play, Domain::Capture]
    };
    let through = report.critical_paths.iter().filter(ends).map(delay_ns).max_by(f64::total_cmp);
    Ok(TimedAlone {
        clocks: clocks.into_iter().map(|(domain, mhz)| (domain.name(), mhz)).collect(),
        delay_ns: through.filter(|_| is_combinational),
    })
}

/// The clocks of the fixture and of `design`.
fn clocks(report: &Report, board_mhz: f64, design: &LinkedDesign) -> Vec<ClockTiming> {
    let slot = design.slot;
    let mut clocks: Vec<(Domain, ClockTiming)> = report
        .fmax
        .iter()
        .map(|(net, clock)| (Domain::of_net(net, slot), clock))
        .filter(|(domain, _)| *domain != Domain::Other)
        .map(|(domain, clock)| {
            let of_design = domain.is_of_design();
            let timing = ClockTiming {
                clock: domain.name(),
                of_design,
                predicted_mhz: Some(clock.achieved),
                // nextpnr gives every clock the board's; the design was not asked.
                constraint_mhz: (!of_design).then_some(board_mhz),
                source: TimingSource::StaticAnalysis,
            };
            (domain, timing)
        })
        .collect();
    // nextpnr leaves out clocks without a path from register to register.
    for net in &design.clock_nets {
        let domain = Domain::of_net(net, slot);
        if domain.is_of_design() && clocks.iter().all(|(known, _)| *known != domain) {
            let timing = ClockTiming {
                clock: domain.name(),
                of_design: true,
                predicted_mhz: None,
                constraint_mhz: None,
                source: TimingSource::StaticAnalysis,
            };
            clocks.push((domain, timing));
        }
    }
    clocks.sort_by(|(a, _), (b, _)| a.cmp(b));
    clocks.into_iter().map(|(_, timing)| timing).collect()
}

/// The fixture must meet the board's clock, or nothing that it says counts.
fn check_fixture(clocks: &[ClockTiming], board: &Board, board_mhz: f64) -> Result<(), Fault> {
    let fault = |message| Err(Fault::new(FaultPlace::Fixture, message));
    if !clocks.iter().any(|c| c.clock == Domain::Fixture.name()) {
        return fault("nextpnr's report has no timing of the fixture's clock".to_owned());
    }
    let of_fixture = clocks.iter().filter(|clock| !clock.of_design);
    let slow = of_fixture
        .filter_map(|clock| Some((clock, clock.predicted_mhz?)))
        .find(|(_, mhz)| *mhz < board_mhz);
    match slow {
        Some((clock, mhz)) => fault(format!(
            "the fixture's {} reaches {mhz:.2} MHz, {} runs at {board_mhz} MHz; try another seed",
            clock.clock, board.kind
        )),
        None => Ok(()),
    }
}

/// How long after a step the design may still move.
///
/// The worst case is a sum, whether or not the paths meet: data that has just
/// reached its flip-flop, a clock edge behind it that goes through every clock
/// made inside the design and the logic before it, and the path from the last flip-flop to the capture
/// register or to the next flip-flop. Without clocks it is the path through the
/// design; among several designs, through the slowest.
fn settle_ns(report: &Report, design: &LinkedDesign, device: Device, has_latches: bool) -> f64 {
    let longest = |from: &dyn Fn(&Domain) -> bool, to: &dyn Fn(&Domain) -> bool| {
        report
            .critical_paths
            .iter()
            .filter(|path| {
                let end = |text| Domain::of_end(text, design.slot);
                from(&end(&path.from)) && to(&end(&path.to))
            })
            .map(delay_ns)
            .fold(0.0, f64::max)
    };
    let play = |d: &Domain| *d == Domain::Play;
    let capture = |d: &Domain| *d == Domain::Capture;
    let own = |d: &Domain| d.is_of_design();
    let own_or_capture = |d: &Domain| d.is_of_design() || *d == Domain::Capture;

    let through = longest(&play, &capture);
    let to_state = longest(&play, &own);
    let from_state = longest(&own, &own_or_capture);
    let clocked = if from_state > 0.0 || to_state > 0.0 {
        let hops = (1 + design.derived_clocks) as f64;
        let logic = design.derived_levels as f64 * level_ns(device);
        let derived = design.derived_clocks as f64 * (from_state.max(to_state) + logic);
        to_state + hops * CLOCK_ARRIVAL_NS + derived + from_state
    } else {
        0.0
    };
    let latches = if has_latches { LATCH_MARGIN } else { 1.0 };
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

/// Whether a path says something about the design in `slot`: one of its clocks is at an
/// end, or it leads from the live inputs through the design to the capture.
fn concerns_design(path: &ReportedPath, slot: Slot) -> bool {
    let (from, to) = (Domain::of_end(&path.from, slot), Domain::of_end(&path.to, slot));
    let is_inside = |step: &ReportedStep| matches!(slot.owner_of(&step.to.cell), Owner::Design(_));
    from.is_of_design()
        || to.is_of_design()
        || (from == Domain::Play && to == Domain::Capture && path.path.iter().any(is_inside))
}

fn critical_path(path: &ReportedPath, design: &LinkedDesign) -> CriticalPath {
    let (slot, files) = (design.slot, &design.files);
    CriticalPath {
        from: Domain::of_end(&path.from, slot).name(),
        to: Domain::of_end(&path.to, slot).name(),
        delay_ns: delay_ns(path),
        steps: path
            .path
            .iter()
            .map(|step| PathStep {
                kind: step.kind.clone(),
                delay_ns: step.delay,
                cell: whose(&step.to.cell, slot),
                net: step.net.as_deref().map(|net| whose(net, slot)),
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
fn whose(name: &str, slot: Slot) -> String {
    match slot.owner_of(name) {
        Owner::Design(own) => own.to_owned(),
        Owner::ClockDriver(port) => format!("clock_driver.{port}"),
        Owner::Fixture(_) | Owner::Other => format!("fixture.{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::submission::{JobFiles, SourceFile};
    use std::sync::Arc;

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

    fn design(slot: Slot, derived_clocks: usize, has_latches: bool) -> LinkedDesign {
        let file = SourceFile { name: "a.v".into(), contents: Vec::new() };
        LinkedDesign {
            input_map: Vec::new(),
            output_map: Vec::new(),
            slot,
            has_latches,
            derived_clocks,
            derived_levels: 0,
            clock_nets: Vec::new(),
            files: Arc::new(JobFiles::new(&[file])),
        }
    }

    fn plain() -> LinkedDesign {
        design(Slot::Alone, 0, false)
    }

    fn timing(report: &[u8], designs: &[LinkedDesign]) -> Result<Timing, Fault> {
        read(report, &Board::load("icebreaker").unwrap(), designs)
    }

    fn found(report: &[u8], designs: &[LinkedDesign]) -> Found {
        match timing(report, designs).unwrap() {
            Timing::Settles(found) => found,
            Timing::TooSlow(verdict) => panic!("{verdict:?}"),
        }
    }

    fn clocks_of(design: &PlacedDesign) -> Vec<(&str, bool, Option<f64>)> {
        let clocks = design.timing.iter();
        clocks.map(|c| (c.clock.as_str(), c.of_design, c.constraint_mhz)).collect()
    }

    fn paths_of(design: &PlacedDesign) -> Vec<(&str, &str, f64)> {
        let paths = design.critical_paths.iter();
        paths.map(|p| (p.from.as_str(), p.to.as_str(), p.delay_ns)).collect()
    }

    #[test]
    fn clocks_are_named_after_ports_and_the_fixture() {
        let found = found(&report(40.0, &[]), &[plain()]);
        assert_eq!(
            clocks_of(&found.designs[0]),
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
    fn a_clock_without_a_path_is_listed_without_a_frequency() {
        let nets = ["clock_driver.clk", "clock_driver.b", "dut.half", "dut.gated"];
        let clock_nets = nets.map(String::from).into();
        let found = found(&report(40.0, &[]), &[LinkedDesign { clock_nets, ..plain() }]);
        let of_design = found.designs[0].timing.iter().filter(|clock| clock.of_design);
        let clocks: Vec<_> = of_design.map(|c| (c.clock.as_str(), c.predicted_mhz)).collect();
        assert_eq!(
            clocks,
            [("b", None), ("clk", Some(5.0)), ("gated", None), ("half", Some(200.0))]
        );
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
        let found = found(&report(40.0, &paths), &[plain()]);
        let kept = paths_of(&found.designs[0]);
        assert_eq!(kept, [("clk", "clk", 5.0), ("play_clk", "cap_clk", 6.0)]);
        let step = &found.designs[0].critical_paths[0].steps[1];
        assert_eq!(
            (step.cell.as_str(), step.net.as_deref(), &step.sources[..]),
            ("q_LC", Some("q"), &["a.v:3".to_owned()][..])
        );
    }

    #[test]
    fn the_settle_time_covers_the_worst_sum() {
        let settle = |paths: &[_], design: LinkedDesign| {
            found(&report(40.0, paths), &[design]).designs[0].settle_cycles
        };
        let clock = "clock_driver.clk_$glb_clk";
        // A cycle has 83.3 ns, of which 55.6 ns are for the design.
        assert_eq!(settle(&[], plain()), 1);
        assert_eq!(settle(&[("play_clk", "cap_clk", 55.0)], plain()), 2);
        assert_eq!(settle(&[("play_clk", "cap_clk", 56.0)], plain()), 3);
        // Set-up, arrival of the clock (10 ns), and the way out.
        let clocked = [("play_clk", clock, 20.0), (clock, "cap_clk", 25.0), (clock, clock, 5.0)];
        assert_eq!(settle(&clocked, plain()), 2);
        let slower = [("play_clk", clock, 20.0), (clock, clock, 26.0), (clock, "cap_clk", 5.0)];
        assert_eq!(settle(&slower, plain()), 3);
        // Each derived clock adds its arrival and the logic before it.
        assert_eq!(settle(&clocked, design(Slot::Alone, 2, false)), 4);
        // So does every level of logic before one, of which nextpnr says nothing: 6 × 5.5 ns
        // twice are 66 more.
        let gated = LinkedDesign { derived_levels: 6, ..design(Slot::Alone, 2, false) };
        assert_eq!(settle(&clocked, gated), 5);
        let latches = design(Slot::Alone, 0, true);
        assert_eq!(settle(&[("play_clk", "cap_clk", 30.0)], latches), 3);
    }

    /// Two clocked designs and one without a clock; the path through is slot 2's.
    #[test]
    fn each_slot_has_its_own_clocks_and_paths() {
        let pin = |cell: &str| serde_json::json!({ "cell": cell, "loc": [1, 1], "port": "O" });
        let path = |from: &str, to: &str, cell: &str, delay: f64| {
            serde_json::json!({
                "from": format!("posedge {from}"),
                "to": format!("posedge {to}"),
                "path": [{ "type": "logic", "delay": delay, "from": pin(cell), "to": pin(cell) }],
            })
        };
        let (first, second) = ("clock_driver.0.clk_$glb_clk", "clock_driver.1.clk");
        let mhz = |mhz: f64| serde_json::json!({ "achieved": mhz, "constraint": 12.0 });
        let report = serde_json::json!({
            "critical_paths": [
                path(first, first, "dut0.q_LC", 5.0),
                path(first, "cap_clk", "dut0.q_LC", 6.0),
                path("dut1.half", second, "dut1.q_LC", 60.0),
                path("play_clk", second, "gate.1.d", 7.0),
                path("play_clk", "cap_clk", "dut2.y_LC", 70.0),
            ],
            "fmax": {
                "clk": mhz(40.0), "play_clk": mhz(40.0), first: mhz(200.0), second: mhz(5.0),
                "dut1.half": mhz(6.0),
            },
            "utilization": {},
        });
        let designs = [
            design(Slot::Shared(0), 0, false),
            design(Slot::Shared(1), 1, false),
            design(Slot::Shared(2), 0, false),
        ];
        let found = found(report.to_string().as_bytes(), &designs);
        let clocks: Vec<Vec<&str>> = found
            .designs
            .iter()
            .map(|placed| clocks_of(placed).into_iter().map(|(clock, ..)| clock).collect())
            .collect();
        assert_eq!(
            clocks,
            [
                vec!["fixture", "play_clk", "clk"],
                vec!["fixture", "play_clk", "clk", "half"],
                vec!["fixture", "play_clk"]
            ]
        );
        assert_eq!(found.designs[1].timing[2].predicted_mhz, Some(5.0));
        assert_eq!(paths_of(&found.designs[0]), [("clk", "clk", 5.0), ("clk", "cap_clk", 6.0)]);
        assert_eq!(paths_of(&found.designs[1]), [("half", "clk", 60.0), ("play_clk", "clk", 7.0)]);
        assert_eq!(paths_of(&found.designs[2]), [("play_clk", "cap_clk", 70.0)]);
        assert_eq!(found.designs[1].critical_paths[1].steps[0].cell, "fixture.gate.1.d");
        // All wait for the slowest path through; the second one's own sum is longer.
        let settle: Vec<u8> = found.designs.iter().map(|placed| placed.settle_cycles).collect();
        assert_eq!(settle, [3, 4, 3]);
    }

    #[test]
    fn a_design_that_never_settles_in_time_is_refused() {
        let report = report(40.0, &[("play_clk", "cap_clk", 15_000.0)]);
        let Timing::TooSlow(verdict) = timing(&report, &[plain()]).unwrap() else { panic!() };
        assert_eq!(verdict.to_string(), "fail (timing)");
    }

    #[test]
    fn a_slow_fixture_is_a_fault_and_a_slow_design_is_not() {
        let fault = timing(&report(11.9, &[]), &[plain()]).unwrap_err();
        assert_eq!(fault.place, FaultPlace::Fixture);
        assert!(fault.message.contains("11.90 MHz"), "{fault}");
        let fault = timing(b"{\"critical_paths\": [", &[plain()]).unwrap_err();
        assert_eq!(fault.place, FaultPlace::Tool);
    }
}
