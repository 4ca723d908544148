//! Place and route, and what its report says.

use crate::diagnostics;
use crate::fixture::FixtureFile;
use crate::flowfile::FlowFile;
use crate::limit;
use crate::link::Linked;
use crate::netlist::{Module, Netlist};
use crate::timing::{self, Timing};
use crate::{FlowFault, Rejection};
use filbench_board::Board;
use filbench_model::{
    ClockTiming, CriticalPath, FailStage, Fault, FaultPlace, InconclusiveReason, Verdict,
    with_causes,
};
use filbench_toolbox::{JobDir, Limits, Tool, ToolExit, ToolJob, ToolRun, Toolbox};
use std::collections::BTreeMap;

/// What place and route made of a linked netlist.
#[derive(Clone, Debug)]
pub enum Placement {
    /// Placed and routed.
    Placed(Box<Placed>),
    /// A verdict: there is no room, or a limit was reached.
    Rejected(Rejection),
}

/// How an attempt to place and route ended.
pub(crate) enum Attempt {
    /// Nothing is left to ask.
    Ended(Placement),
    /// Nothing that is known of the netlist explains why nextpnr gave up. The rejection holds
    /// if it is the netlist's doing; so it is if nextpnr manages a known-good one.
    Unexplained(Rejection),
}

/// A placed and routed netlist.
#[derive(Clone, Debug)]
pub struct Placed {
    /// By slot.
    pub designs: Vec<PlacedDesign>,
    /// (used, available) of each of the device's resources that has a use.
    pub utilisation: BTreeMap<String, (u32, u32)>,
    /// nextpnr's JSON report, as it wrote it.
    pub report: Vec<u8>,
    /// icepack's input.
    pub(crate) configuration: Vec<u8>,
}

/// One design of a placed and routed netlist.
#[derive(Clone, Debug)]
pub struct PlacedDesign {
    /// Predicted, for each clock of the fixture and of this design.
    pub timing: Vec<ClockTiming>,
    /// The longest path between each pair of clocks, as far as it goes through this
    /// design. Of all paths from the live inputs to the capture the report has one
    /// only, so among several designs one has it.
    pub critical_paths: Vec<CriticalPath>,
    /// Cycles of `play_clk` from a step to its capture and to the next step.
    pub settle_cycles: u8,
}

/// What nextpnr is given for a linked netlist, for running it by hand.
#[derive(Clone, Debug)]
pub struct PlaceInputs {
    /// Name and contents of each file of its folder.
    pub files: Vec<(&'static str, Vec<u8>)>,
    /// Its arguments; they name these files, `placed.asc` for the
    /// configuration and `report.json` for the report.
    pub args: Vec<String>,
}

/// What [`place`] gives to nextpnr.
pub(crate) fn inputs(linked: &Linked, board: &Board, seed: u32) -> Result<PlaceInputs, Fault> {
    Ok(PlaceInputs {
        files: vec![
            ("linked.json", json(&linked.module)?),
            ("board.pcf", board.constraint_file().into_bytes()),
        ],
        args: arguments(linked, board, seed),
    })
}

/// The same for a design without the fixture, whose pins may be anywhere.
pub(crate) fn inputs_alone(
    module: &Module,
    has_latches: bool,
    board: &Board,
    seed: u32,
) -> Result<PlaceInputs, Fault> {
    Ok(PlaceInputs {
        files: vec![("linked.json", json(module)?)],
        args: common_arguments(board, seed, has_latches),
    })
}

/// Places and routes `linked` for `board`.
pub(crate) fn place(
    toolbox: &Toolbox,
    linked: &Linked,
    board: &Board,
    seed: u32,
    limits: Limits,
) -> Result<Attempt, Fault> {
    if linked.board != *board {
        return Err(Fault::new(
            FaultPlace::Tool,
            format!(
                "a netlist that was linked for {} cannot be placed on {}; link it for the board",
                linked.board.kind, board.kind
            ),
        ));
    }
    let dir = JobDir::create().fault()?;
    let inputs = inputs(linked, board, seed)?;
    for (name, contents) in &inputs.files {
        dir.write(name, contents).fault()?;
    }
    let run = toolbox
        .run(&ToolJob {
            tool: Tool::NextpnrIce40,
            args: inputs.args,
            dir: dir.path(),
            read_only: Vec::new(),
            limits,
        })
        .fault()?;
    tracing::debug!(exit = ?run.exit, cpu = ?run.cpu, "nextpnr.ended");
    let rejection = |verdict| Rejection {
        verdict,
        front_end: None,
        diagnostics: linked
            .designs
            .first()
            .map(|design| diagnostics::parse(Tool::NextpnrIce40, &run, &design.files))
            .unwrap_or_default(),
    };
    let reject = |verdict| Ok(Attempt::Ended(Placement::Rejected(rejection(verdict))));
    if let Some(refusal) = limit::refusal(Tool::NextpnrIce40, &run.exit, limits)? {
        return reject(Verdict::fail(refusal.stage, refusal.reason));
    }
    let read = |name| dir.read(name, limits.output_bytes).fault();
    match (read("report.json")?, read("placed.asc")?) {
        (Some(report), Some(configuration)) if run.exit == ToolExit::Exited(0) => {
            match timing::read(&report, board, &linked.designs)? {
                Timing::Settles(found) => Ok(Attempt::Ended(Placement::Placed(Box::new(Placed {
                    designs: found.designs,
                    utilisation: found.utilisation,
                    report,
                    configuration,
                })))),
                Timing::TooSlow(verdict) => reject(verdict),
            }
        }
        _ => {
            let crowded = verdict_on_a_crowd(linked, board);
            // A full device is a reason to give up, and none to break down.
            let explains = crowded.is_some() && matches!(run.exit, ToolExit::Exited(_));
            let verdict =
                crowded.unwrap_or_else(|| verdict_on_the_unexplained(linked, board, &run));
            if explains { reject(verdict) } else { Ok(Attempt::Unexplained(rejection(verdict))) }
        }
    }
}

fn arguments(linked: &Linked, board: &Board, seed: u32) -> Vec<String> {
    let mut args = common_arguments(board, seed, linked.has_latches());
    for (option, file) in [("--pcf", "board.pcf"), ("--asc", "placed.asc")] {
        args.extend([option.to_owned(), file.to_owned()]);
    }
    args
}

fn common_arguments(board: &Board, seed: u32, has_latches: bool) -> Vec<String> {
    let flow = FlowFile::ice40();
    let mut args = flow.device(board.device).place_options.clone();
    for (option, value) in [
        ("--package", board.package.clone()),
        ("--json", "linked.json".to_owned()),
        ("--top", FixtureFile::get().top().to_owned()),
        ("--report", "report.json".to_owned()),
        ("--seed", seed.to_string()),
        ("--freq", (f64::from(board.clock_hz) / 1e6).to_string()),
    ] {
        args.extend([option.to_owned(), value]);
    }
    args.extend(flow.place.options.iter().cloned());
    if has_latches {
        args.extend(flow.place.latch_options.iter().cloned());
    }
    args
}

/// What a failure of nextpnr means where the device is too full for the netlist.
fn verdict_on_a_crowd(linked: &Linked, board: &Board) -> Option<Verdict> {
    let capacity = &FlowFile::ice40().device(board.device).capacity;
    let cells = |room: &crate::room::Room| {
        format!("about {} of {} logic cells", room.all_logic_cells(), capacity.logic_cells)
    };
    if linked.design_room.is_crowded(capacity) {
        Some(Verdict::fail(
            FailStage::Fit,
            format!(
                "the design alone takes {} of the {}, and cannot be placed and routed",
                cells(&linked.design_room),
                board.device
            ),
        ))
    } else if linked.room.is_crowded(capacity) {
        Some(Verdict::inconclusive(
            InconclusiveReason::FixtureRoom,
            format!(
                "design and fixture together take {} of the {}, and cannot be placed and routed; \
                 try a larger board",
                cells(&linked.room),
                board.device
            ),
        ))
    } else {
        None
    }
}

/// What it means where there is room, if nextpnr works otherwise. What it said only
/// explains.
fn verdict_on_the_unexplained(linked: &Linked, board: &Board, run: &ToolRun) -> Verdict {
    let said = last_words(&run.stderr);
    if linked.has_own_cells {
        return Verdict::fail(
            FailStage::UnsupportedCell,
            format!("nextpnr does not take the cells that the design instantiates itself: {said}"),
        );
    }
    Verdict::inconclusive(
        InconclusiveReason::FixtureRoom,
        format!(
            "design and fixture together cannot be placed and routed on the {}, though their \
             cells have room: nextpnr ended with {:?}: {said}",
            board.device, run.exit
        ),
    )
}

/// The netlist as nextpnr reads it.
fn json(module: &Module) -> Result<Vec<u8>, Fault> {
    let netlist = Netlist {
        creator: "filbench".into(),
        modules: std::iter::once((FixtureFile::get().top(), module.clone())).collect(),
    };
    serde_json::to_vec(&netlist).map_err(|error| Fault::new(FaultPlace::Host, with_causes(&error)))
}

pub(crate) fn last_words(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<&str> = text.lines().rev().take(3).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join(" / ")
}

/// A file that configures a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bitstream {
    /// As icepack writes it.
    pub bytes: Vec<u8>,
    /// Of the bytes, in hexadecimal.
    pub sha256: String,
}

/// Packs `placed` into a bitstream.
pub(crate) fn pack(toolbox: &Toolbox, placed: &Placed, limits: Limits) -> Result<Bitstream, Fault> {
    use sha2::{Digest, Sha256};
    let dir = JobDir::create().fault()?;
    dir.write("placed.asc", &placed.configuration).fault()?;
    let run = toolbox
        .run(&ToolJob {
            tool: Tool::Icepack,
            args: vec!["placed.asc".into(), "packed.bin".into()],
            dir: dir.path(),
            read_only: Vec::new(),
            limits,
        })
        .fault()?;
    match dir.read("packed.bin", limits.output_bytes).fault()? {
        Some(bytes) if run.exit == ToolExit::Exited(0) => {
            Ok(Bitstream { sha256: hex::encode(Sha256::digest(&bytes)), bytes })
        }
        _ => Err(Fault::new(
            FaultPlace::Tool,
            format!(
                "icepack ended with {:?} and without a bitstream: {}",
                run.exit,
                last_words(&run.stderr)
            ),
        )),
    }
}
