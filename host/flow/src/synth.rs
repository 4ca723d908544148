//! From a submission to a design: one Yosys run, or two where memories need
//! the block RAM rules.
//!
//! The verdict comes from how the run ended and from which files the script
//! had written by then, never from what was printed: RTL can print at
//! elaboration, and exit status 0 does not prove that a file is whole.

use crate::diagnostics;
use crate::events::{self, Events};
use crate::flowfile::{DeviceSection, FlowFile, Phase};
use crate::guard::{self, Refusal};
use crate::limit;
use crate::loops;
use crate::netlist::{Module, Netlist};
use crate::submission::{JobFiles, Policy, Submission, is_plain_identifier};
use crate::{FlowFault, Rejection, with_sources};
use filbench_board::Device;
use filbench_model::{
    Diagnostic, FailStage, Fault, FaultPlace, Interface, Resources, Severity, Verdict,
};
use filbench_toolbox::{JobDir, Limits, Tool, ToolExit, ToolJob, ToolRun, Toolbox};
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
    /// What the tools said.
    pub diagnostics: Vec<Diagnostic>,
    /// The device it was synthesised for.
    pub device: Device,
    /// iCE40 cells.
    pub(crate) netlist: Module,
    /// Whether the RTL instantiates device cells itself.
    pub(crate) has_own_cells: bool,
    /// For source lines in reports.
    pub(crate) files: Arc<JobFiles>,
}

impl Design {
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
            .map_err(|error| Fault::new(FaultPlace::Host, with_sources(&error)))
    }
}

/// Synthesises `submission` for `device` within `limits`.
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
    let sources: Vec<&str> = files.sources().collect();
    if sources.is_empty() {
        return refuse("the submission has no source file".to_owned());
    }

    let dir = JobDir::create().fault()?;
    for (name, file) in files.names().iter().zip(&submission.files) {
        dir.write(name, &file.contents).fault()?;
    }
    let run = Run {
        toolbox,
        dir: &dir,
        files: &files,
        script: Script {
            sources: sources.join(" "),
            top: submission.top.clone(),
            device: FlowFile::ice40().device(device),
        },
        limits,
    };
    let outcome = run.all_phases()?;
    let diagnostics = outcome.diagnostics.clone();
    Ok(match conclude(&run, outcome, policy, device)? {
        Ok(parts) => Synthesis::Design(Box::new(Design {
            interface: parts.interface,
            resources: parts.resources,
            events: events::find(&parts.gates),
            has_latches: parts.has_latches,
            has_own_cells: parts.has_own_cells,
            diagnostics,
            device,
            netlist: parts.mapped,
            files,
        })),
        Err(refusal) => Synthesis::Rejected(Rejection {
            verdict: Verdict::fail(refusal.stage, refusal.reason),
            diagnostics,
        }),
    })
}

struct Parts {
    interface: Interface,
    resources: Resources,
    has_latches: bool,
    has_own_cells: bool,
    gates: Module,
    mapped: Module,
}

/// Judges what the run left behind, in the order of the phases, so that the
/// first thing that is wrong with a design is what it is told.
fn conclude(
    run: &Run,
    outcome: Outcome,
    policy: &Policy,
    device: Device,
) -> Result<Result<Parts, Refusal>, Fault> {
    let elaborated = run.netlist("elaborated.json")?;
    let clean = run.netlist("clean.json")?;
    let gates = run.netlist("gates.json")?;
    let mapped = run.netlist("mapped.json")?;

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
    if let Some(found) = clean.as_ref().and_then(loops::find) {
        return Ok(Err(Refusal { stage: FailStage::CombLoop, reason: found.describe(run.files) }));
    }
    if let Some(failure) = outcome.failure {
        return Ok(Err(failure));
    }
    match (interface, gates, mapped) {
        (Some(interface), Some(gates), Some(mapped)) => {
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
    script: Script,
    limits: Limits,
}

struct Outcome {
    /// Why the phases did not all end, if they did not.
    failure: Option<Refusal>,
    diagnostics: Vec<Diagnostic>,
}

impl Run<'_> {
    fn all_phases(&self) -> Result<Outcome, Fault> {
        let phases = &FlowFile::ice40().synthesis.phases;
        let first = self.yosys(commands(phases))?;
        let mut diagnostics = diagnostics::parse(Tool::Yosys, &first, self.files);
        let (exit, open) = match self.first_open(phases)? {
            // Where a design with memories stops on purpose.
            Some((index, phase))
                if !phase.otherwise.is_empty() && first.exit == ToolExit::Exited(1) =>
            {
                let rest = &phases[index + 1..];
                let again = phase.otherwise.iter().chain(commands(rest));
                let second = self.yosys(again)?;
                diagnostics.retain(|d| d.severity == Severity::Warning);
                diagnostics.splice(0..0, diagnostics::parse(Tool::Yosys, &second, self.files));
                (second.exit, self.first_open(rest)?)
            }
            open => (first.exit, open),
        };
        let failure = match open {
            None if exit == ToolExit::Exited(0) => None,
            open => self.failure(exit, open.map(|(_, phase)| phase), &diagnostics)?,
        };
        Ok(Outcome { failure, diagnostics })
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
        let stage = open.map(|phase| phase.fails_as);
        let said = || diagnostics::first_error(diagnostics);
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

fn commands(phases: &[Phase]) -> impl Iterator<Item = &String> {
    phases.iter().flat_map(|phase| &phase.script)
}
