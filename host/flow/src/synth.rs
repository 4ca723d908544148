//! From a submission to a design: one Yosys run, or two where memories need
//! the block RAM rules; and as many again where Yosys' own reader gives up and
//! slang may do better.
//!
//! The verdict comes from how the run ended and from which files the script
//! had written by then, never from what was printed: RTL can print at
//! elaboration, and exit status 0 does not prove that a file is whole.

use crate::diagnostics;
use crate::events::{self, Events};
use crate::flowfile::{DeviceSection, FlowFile, Phase};
use crate::ghdl;
use crate::guard::{self, Refusal};
use crate::limit;
use crate::loops;
use crate::netlist::{Module, Netlist};
use crate::slang;
use crate::submission::{JobFiles, Policy, Submission, is_plain_identifier};
use crate::{FlowFault, Rejection};
use filbench_board::Device;
use filbench_model::{
    Diagnostic, FailStage, Fault, FaultPlace, FrontEnd, Interface, Resources, Severity, Verdict,
    first_error, with_causes,
};
use filbench_toolbox::{JobDir, Limits, Tool, ToolExit, ToolJob, ToolRun, Toolbox};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What synthesis made of a submission.
#[derive(Debug)]
pub enum Synthesis {
    /// A design that may be linked with the fixture.
    Design(Box<Design>),
    /// A verdict on the design; nothing more can be done with it.
    Rejected(Rejection),
}

/// A synthesised design, alone.
#[derive(Clone, Debug)]
pub struct Design {
    /// Its ports.
    pub interface: Interface,
    /// What it takes of the device, without the fixture.
    pub resources: Resources,
    /// Which of its inputs clock, latch, set or reset something.
    pub events: Events,
    /// Whether latches are left in it, as loops of look-up tables.
    pub has_latches: bool,
    /// Who read its sources.
    pub front_end: FrontEnd,
    /// What the tools said.
    pub diagnostics: Vec<Diagnostic>,
    /// The device it was synthesised for.
    pub device: Device,
    /// Yosys' own statistics of it, as JSON.
    pub report: Vec<u8>,
    /// iCE40 cells.
    pub(crate) netlist: Module,
    /// Whether the RTL instantiates device cells itself.
    pub(crate) has_own_cells: bool,
    /// For source lines in reports.
    pub(crate) files: Arc<JobFiles>,
}

impl Design {
    /// The same with the port names of `reference`, where they differ in case only and
    /// VHDL wrote them, to which case means nothing.
    #[must_use]
    pub fn named_like(mut self: Arc<Self>, reference: &Interface) -> Arc<Self> {
        let renamed = match self.front_end {
            FrontEnd::Ghdl => names_like(&self.interface, reference),
            FrontEnd::Verilog | FrontEnd::Slang => BTreeMap::new(),
        };
        if !renamed.is_empty() {
            let design = Arc::make_mut(&mut self);
            for port in &mut design.interface.ports {
                if let Some(name) = renamed.get(&port.name) {
                    port.name.clone_from(name);
                }
            }
            design.netlist.ports = std::mem::take(&mut design.netlist.ports)
                .into_iter()
                .map(|(name, port)| (renamed.get(&name).cloned().unwrap_or(name), port))
                .collect();
        }
        self
    }

    /// Its netlist of iCE40 cells as Yosys' JSON, top module
    /// `filbench_design`. In a linked netlist its cells are called `dut.` and
    /// their name here, with characters that mean something to a tool
    /// replaced.
    ///
    /// # Errors
    /// A fault when it cannot be written as JSON.
    pub fn netlist_json(&self) -> Result<Vec<u8>, Fault> {
        let netlist = Netlist {
            creator: "filbench".into(),
            modules: std::iter::once(("filbench_design", self.netlist.clone())).collect(),
        };
        serde_json::to_vec(&netlist)
            .map_err(|error| Fault::new(FaultPlace::Host, with_causes(&error)))
    }
}

/// Synthesises `submission` for `device` within `limits`, which each run of a tool has.
pub(crate) fn synthesise(
    toolbox: &Toolbox,
    submission: &Submission,
    policy: &Policy,
    device: Device,
    limits: Limits,
) -> Result<Synthesis, Fault> {
    let refuse = |reason: String| {
        Ok(Synthesis::Rejected(Rejection {
            verdict: Verdict::fail(FailStage::Elaborate, reason),
            front_end: None,
            diagnostics: Vec::new(),
        }))
    };
    if !is_plain_identifier(&submission.top) {
        return refuse(format!(
            "the top module's name `{}` is not a plain Verilog identifier",
            submission.top
        ));
    }
    let files = Arc::new(JobFiles::new(&submission.files));
    let front_end = match choose(&files, policy.front_end) {
        Ok(front_end) => front_end,
        Err(reason) => return refuse(reason.to_owned()),
    };
    if front_end == FrontEnd::Slang && !toolbox.reads_slang() {
        return Err(Fault::new(
            FaultPlace::Tool,
            "this Yosys has no `read_slang`; leave `--tools native` out, or `--frontend slang`",
        ));
    }
    let job = Job { toolbox, submission, policy, device, files: &files, limits };
    let mut attempt = job.attempt(front_end)?;
    if policy.front_end.is_none()
        && front_end == FrontEnd::Verilog
        && attempt.was_not_read
        && toolbox.reads_slang()
    {
        let slang = job.attempt(FrontEnd::Slang)?;
        if slang.got_as_far_as(&attempt) {
            attempt = slang;
        }
    }
    let Attempt { front_end, result, diagnostics, .. } = attempt;
    Ok(match result {
        Ok(parts) => Synthesis::Design(Box::new(Design {
            interface: parts.interface,
            resources: parts.resources,
            events: events::find(&parts.gates),
            has_latches: parts.has_latches,
            has_own_cells: parts.has_own_cells,
            front_end,
            diagnostics,
            device,
            report: parts.statistics,
            netlist: parts.mapped,
            files,
        })),
        Err(refusal) => Synthesis::Rejected(Rejection {
            verdict: Verdict::fail(refusal.stage, refusal.reason),
            front_end: Some(front_end),
            diagnostics,
        }),
    })
}

/// The ports of `own` whose names `reference` writes in another case, with its names.
fn names_like(own: &Interface, reference: &Interface) -> BTreeMap<String, String> {
    let is_there = |name: &str| reference.ports.iter().any(|port| port.name == name);
    own.ports
        .iter()
        .filter(|port| !is_there(&port.name))
        .filter_map(|port| {
            let mut same =
                reference.ports.iter().filter(|other| other.name.eq_ignore_ascii_case(&port.name));
            match (same.next(), same.next()) {
                (Some(only), None) => Some((port.name.clone(), only.name.clone())),
                _ => None,
            }
        })
        .collect()
}

/// Who reads the sources first; `Err` where nobody reads them together.
fn choose(files: &JobFiles, asked: Option<FrontEnd>) -> Result<FrontEnd, &'static str> {
    match (asked, files.vhdl().count(), files.sources().count()) {
        (_, _, 0) => Err("the submission has no source file"),
        (Some(front_end), _, _) => Ok(front_end),
        (None, 0, _) => Ok(FrontEnd::Verilog),
        (None, vhdl, all) if vhdl == all => Ok(FrontEnd::Ghdl),
        (None, _, _) => Err("the submission has VHDL beside Verilog, which no front end reads \
                             together; submit it in one language"),
    }
}

/// What does not change from one front end to the next.
struct Job<'a> {
    toolbox: &'a Toolbox,
    submission: &'a Submission,
    policy: &'a Policy,
    device: Device,
    files: &'a JobFiles,
    limits: Limits,
}

/// What one front end, and synthesis behind it, made of the sources.
struct Attempt {
    front_end: FrontEnd,
    result: Result<Parts, Refusal>,
    diagnostics: Vec<Diagnostic>,
    /// The front end itself gave up on them, by itself: another may read them.
    was_not_read: bool,
    ended_by_itself: bool,
}

impl Attempt {
    /// Whether this attempt knows more about the design than `other`, or as much: it got
    /// at least as far, and no limit cut it short.
    fn got_as_far_as(&self, other: &Self) -> bool {
        let reached = |attempt: &Self| match &attempt.result {
            Err(refusal) => match refusal.stage {
                FailStage::Parse => 0,
                FailStage::Elaborate => 1,
                _ => 2,
            },
            Ok(_) => 3,
        };
        self.ended_by_itself && reached(self) >= reached(other)
    }
}

impl Job<'_> {
    fn attempt(&self, front_end: FrontEnd) -> Result<Attempt, Fault> {
        let dir = JobDir::create().fault()?;
        let (sources, top, mut diagnostics) = if front_end == FrontEnd::Ghdl {
            match ghdl::translate(self.toolbox, self.submission, self.files, self.limits)? {
                Ok(translated) => {
                    dir.write(TRANSLATED, &translated.verilog).fault()?;
                    (TRANSLATED.to_owned(), translated.top, translated.diagnostics)
                }
                Err(ghdl::NotRead { refusal, diagnostics }) => {
                    return Ok(Attempt {
                        front_end,
                        result: Err(refusal),
                        diagnostics,
                        was_not_read: false,
                        ended_by_itself: true,
                    });
                }
            }
        } else {
            for (name, file) in self.files.names().iter().zip(&self.submission.files) {
                dir.write(name, &file.contents).fault()?;
            }
            let sources: Vec<&str> = self.files.sources().collect();
            (sources.join(" "), self.submission.top.clone(), Vec::new())
        };
        let run = Run {
            toolbox: self.toolbox,
            dir: &dir,
            files: self.files,
            front_end,
            script: Script { sources, top, device: FlowFile::ice40().device(self.device) },
            limits: self.limits,
        };
        let outcome = run.all_phases()?;
        diagnostics.extend_from_slice(&outcome.diagnostics);
        let (was_not_read, ended_by_itself) = (outcome.was_not_read, outcome.ended_by_itself);
        let result = conclude(&run, outcome, self.policy, self.device)?;
        Ok(Attempt { front_end, result, diagnostics, was_not_read, ended_by_itself })
    }
}

/// GHDL's Verilog, where no file of the submission is.
const TRANSLATED: &str = "ghdl.v";
/// What the front end makes of the sources.
const ELABORATED: &str = "elaborated.json";

struct Parts {
    interface: Interface,
    resources: Resources,
    has_latches: bool,
    has_own_cells: bool,
    gates: Module,
    mapped: Module,
    statistics: Vec<u8>,
}

/// Judges what the run left behind, in the order of the phases, so that the
/// first thing that is wrong with a design is what it is told.
fn conclude(
    run: &Run,
    outcome: Outcome,
    policy: &Policy,
    device: Device,
) -> Result<Result<Parts, Refusal>, Fault> {
    let elaborated = run.netlist(ELABORATED)?;
    let clean = run.netlist("clean.json")?;
    let gates = run.netlist("gates.json")?;
    let mapped = run.netlist("mapped.json")?;
    let statistics = run.read("statistics.json")?;

    let has_own_cells = elaborated
        .as_ref()
        .is_some_and(|module| module.cells.iter().any(|(_, cell)| !cell.kind.starts_with('$')));
    let interface = match &elaborated {
        Some(module) => match guard::check_elaborated(module, device, run.files) {
            Ok(interface) => Some(interface),
            Err(refusal) => return Ok(Err(refusal)),
        },
        None => None,
    };
    if let Some(module) = elaborated.filter(|_| policy.forbid_latches)
        && let latched = guard::latches(&module)
        && !latched.is_empty()
    {
        return Ok(Err(Refusal {
            stage: FailStage::Latch,
            reason: format!(
                "latches are not allowed, and `{}` {} latched",
                latched.join("`, `"),
                if latched.len() == 1 { "is" } else { "are" }
            ),
        }));
    }
    match clean.as_ref().map(loops::find) {
        Some(Ok(Some(found))) => {
            let reason = found.describe(run.files);
            return Ok(Err(Refusal { stage: FailStage::CombLoop, reason }));
        }
        Some(Err(too_much)) => {
            return Ok(Err(Refusal { stage: FailStage::Limit, reason: too_much.describe() }));
        }
        Some(Ok(None)) | None => {}
    }
    if let Some(failure) = outcome.failure {
        return Ok(Err(failure));
    }
    match (interface, gates, mapped, statistics) {
        (Some(interface), Some(gates), Some(mapped), Some(statistics)) => {
            let has_latches = gates
                .cells
                .iter()
                .any(|(_, cell)| crate::cells::class(cell) == crate::cells::Class::Latch);
            Ok(guard::check_mapped(&mapped, device).map(|resources| Parts {
                interface,
                resources,
                has_latches,
                has_own_cells,
                gates,
                mapped,
                statistics,
            }))
        }
        _ => Err(Fault::new(
            FaultPlace::Tool,
            "yosys ended with status 0 but left an incomplete netlist; run it again, and if it \
             stays so report the design",
        )),
    }
}

/// A synthesis script with its holes filled.
struct Script {
    sources: String,
    top: String,
    device: &'static DeviceSection,
}

impl Script {
    fn fill(&self, line: &str) -> String {
        line.replace("{sources}", &self.sources)
            .replace("{top}", &self.top)
            .replace("{define}", &self.device.define)
            .replace("{device_options}", &self.device.synthesis_options)
    }
}

struct Run<'a> {
    toolbox: &'a Toolbox,
    dir: &'a JobDir,
    files: &'a JobFiles,
    front_end: FrontEnd,
    script: Script,
    limits: Limits,
}

struct Outcome {
    /// Why the phases did not all end, if they did not.
    failure: Option<Refusal>,
    diagnostics: Vec<Diagnostic>,
    /// Yosys gave up before it had an elaborated design.
    was_not_read: bool,
    ended_by_itself: bool,
}

impl Run<'_> {
    fn all_phases(&self) -> Result<Outcome, Fault> {
        let phases = &FlowFile::ice40().synthesis.phases;
        let first = self.yosys(self.commands(phases))?;
        let mut diagnostics = self.diagnostics(&first)?;
        let (exit, open) = match self.first_open(phases)? {
            // Where a design with memories stops on purpose.
            Some((index, phase))
                if !phase.otherwise.is_empty() && first.exit == ToolExit::Exited(1) =>
            {
                let rest = &phases[index + 1..];
                let again = phase.otherwise.iter().chain(self.commands(rest));
                let second = self.yosys(again)?;
                diagnostics.retain(|d| d.severity == Severity::Warning);
                diagnostics.splice(0..0, diagnostics::parse(Tool::Yosys, &second, self.files));
                (second.exit, self.first_open(rest)?)
            }
            open => (first.exit, open),
        };
        let gave_up = exit == ToolExit::Exited(1);
        let ended_by_itself = matches!(exit, ToolExit::Exited(_));
        let failure = match open {
            None if exit == ToolExit::Exited(0) => None,
            open => self.failure(exit, open.map(|(_, phase)| phase), &diagnostics)?,
        };
        let was_not_read = gave_up && self.netlist(ELABORATED)?.is_none();
        Ok(Outcome { failure, diagnostics, was_not_read, ended_by_itself })
    }

    fn commands<'p>(&self, phases: &'p [Phase]) -> impl Iterator<Item = &'p String> + use<'p> {
        let front_end = self.front_end;
        phases.iter().flat_map(move |phase| phase.commands(front_end))
    }

    /// What the front end and the rest of Yosys said.
    fn diagnostics(&self, run: &ToolRun) -> Result<Vec<Diagnostic>, Fault> {
        let printed = diagnostics::parse(Tool::Yosys, run, self.files);
        if self.front_end != FrontEnd::Slang {
            return Ok(printed);
        }
        let mut all = slang::diagnostics(&self.slang()?.unwrap_or_default(), self.files);
        let has_error = all.iter().any(|said| said.severity == Severity::Error);
        for line in printed {
            // What slang says is printed as well, with less of its places.
            let is_known = all.iter().any(|said| said.message == line.message);
            if !(is_known || has_error && line.severity == Severity::Error) {
                all.push(line);
            }
        }
        all.sort_by_key(|said| said.severity != Severity::Error);
        Ok(all)
    }

    /// slang's own file.
    fn slang(&self) -> Result<Option<Vec<u8>>, Fault> {
        self.read(slang::DIAGNOSTICS)
    }

    fn yosys<'s>(&self, script: impl Iterator<Item = &'s String>) -> Result<ToolRun, Fault> {
        let script: Vec<String> = script.map(|line| self.script.fill(line)).collect();
        let run = self
            .toolbox
            .run(&ToolJob {
                tool: Tool::Yosys,
                args: vec!["-q".into(), "-p".into(), script.join("\n")],
                dir: self.dir.path(),
                read_only: Vec::new(),
                limits: self.limits,
            })
            .fault()?;
        tracing::debug!(exit = ?run.exit, cpu = ?run.cpu, "yosys.ended");
        Ok(run)
    }

    /// The first of `phases` that did not end.
    fn first_open<'p>(&self, phases: &'p [Phase]) -> Result<Option<(usize, &'p Phase)>, Fault> {
        for (index, phase) in phases.iter().enumerate() {
            let is_whole = |bytes: Vec<u8>| {
                // Only the last brace of a netlist stands at the start of a line.
                !phase.ends_with.ends_with(".json") || bytes.ends_with(b"\n}\n")
            };
            if !self.read(&phase.ends_with)?.is_some_and(is_whole) {
                return Ok(Some((index, phase)));
            }
        }
        Ok(None)
    }

    /// What an end other than status 0 after all phases means.
    fn failure(
        &self,
        exit: ToolExit,
        open: Option<&Phase>,
        diagnostics: &[Diagnostic],
    ) -> Result<Option<Refusal>, Fault> {
        let phase = open.map_or("end", |phase| phase.name.as_str());
        let stage = match (open, self.front_end) {
            (Some(phase), FrontEnd::Slang) if phase.fails_as == FailStage::Parse => {
                Some(slang::stage(&self.slang()?.unwrap_or_default()))
            }
            (open, _) => open.map(|phase| phase.fails_as),
        };
        let said = || first_error(diagnostics);
        Ok(match (limit::refusal(Tool::Yosys, &exit, self.limits)?, stage) {
            (Some(refusal), _) => Some(refusal),
            (None, Some(stage)) if exit != ToolExit::Exited(0) => Some(Refusal {
                stage,
                reason: match (said(), exit) {
                    (Some(said), ToolExit::Exited(_)) => said,
                    (_, ToolExit::Trapped(trap)) => format!("yosys broke down in {phase}: {trap}"),
                    _ => format!("yosys gave up in {phase} without a reason"),
                },
            }),
            // Status 0 without all files, or all files without status 0.
            _ => None,
        })
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Fault> {
        self.dir.read(name, self.limits.output_bytes).fault()
    }

    /// A whole netlist; `None` when the file is missing or cut short.
    fn netlist(&self, name: &str) -> Result<Option<Module>, Fault> {
        let top = &FlowFile::ice40().synthesis.top;
        Ok(self
            .read(name)?
            .and_then(|bytes| Netlist::parse(&bytes).ok())
            .and_then(|netlist| netlist.into_module(top).ok()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(stage: FailStage, ended_by_itself: bool) -> Attempt {
        Attempt {
            front_end: FrontEnd::Slang,
            result: Err(Refusal { stage, reason: String::new() }),
            diagnostics: Vec::new(),
            was_not_read: true,
            ended_by_itself,
        }
    }

    #[test]
    fn whoever_got_further_is_heard() {
        use FailStage::{Elaborate, ForbiddenCell, Limit, Parse};
        for (slang, own, heard) in [
            (Parse, Parse, true),
            (Elaborate, Elaborate, true),
            (Elaborate, Parse, true),
            (ForbiddenCell, Elaborate, true),
            (Parse, Elaborate, false),
        ] {
            let heard_first = refused(slang, true).got_as_far_as(&refused(own, true));
            assert_eq!(heard_first, heard, "{slang} after {own}");
        }
        assert!(!refused(Limit, false).got_as_far_as(&refused(Parse, true)));
    }
}
