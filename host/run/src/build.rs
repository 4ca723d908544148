//! One design's way through the flow, from source to bitstream.

use crate::context::{Context, blocking};
use crate::event::{Event, Phase, Phases};
use crate::evaluation::Artifact;
use crate::wiring::PlayerMap;
use filbench_board::Board;
use filbench_flow::{Bitstream, Design, Firmware, Linked, Placement, Policy, Submission, Synthesis};
use filbench_model::{
    Bits, ClockTiming, CriticalPath, Diagnostic, Interface, Resources, Verdict,
};
use std::sync::Arc;

/// What the flow found out, as far as it came.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) resources: Option<Resources>,
    pub(crate) timing: Vec<ClockTiming>,
    pub(crate) critical_paths: Vec<CriticalPath>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) netlist_hash: Option<String>,
    pub(crate) bitstream_sha256: Option<String>,
    pub(crate) artifacts: Vec<Artifact>,
}

/// A design in a bitstream, and what playing it needs.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) bitstream: Bitstream,
    pub(crate) netlist_hash: [u8; 16],
    /// Player clocks between a step and its capture.
    pub(crate) settle: u8,
    pub(crate) interface: Interface,
    /// Of the design, numbered as its own input bits.
    pub(crate) event_inputs: Bits,
    linked: LinkedPorts,
}

#[derive(Debug)]
struct LinkedPorts {
    input: Vec<u16>,
    output: Vec<u16>,
    input_bytes: usize,
    output_bytes: usize,
}

impl Built {
    pub(crate) fn player(&self) -> PlayerMap<'_> {
        PlayerMap {
            input: &self.linked.input,
            output: &self.linked.output,
            input_bytes: self.linked.input_bytes,
            output_bytes: self.linked.output_bytes,
        }
    }
}

/// How a design is to be built.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) policy: Policy,
    pub(crate) board: Arc<Board>,
    pub(crate) firmware: Arc<Firmware>,
    pub(crate) seed: u32,
}

/// Synthesises `submission` alone; `Err` is the verdict on it.
pub(crate) async fn synthesise(
    context: &Context,
    phases: &Phases,
    submission: Arc<Submission>,
    policy: Policy,
    findings: &mut Findings,
) -> Result<Arc<Design>, Verdict> {
    let flow = Arc::clone(&context.flow);
    let synthesis = phases
        .run(
            Phase::Synth,
            blocking(move || flow.synthesise(&submission, &policy)),
        )
        .await??;
    match synthesis {
        Synthesis::Design(design) => {
            note(phases, findings, &design.diagnostics);
            findings.resources = Some(design.resources);
            Ok(Arc::new(*design))
        }
        Synthesis::Rejected(rejection) => {
            note(phases, findings, &rejection.diagnostics);
            Err(rejection.verdict)
        }
    }
}

/// Takes a synthesised design to its bitstream; `Err` is the verdict on it.
pub(crate) async fn implement(
    context: &Context,
    phases: &Phases,
    design: Arc<Design>,
    order: &Order,
    findings: &mut Findings,
) -> Result<Built, Verdict> {
    let linked = Arc::new(link(context, phases, &design, order).await?);
    findings.netlist_hash = Some(hex(&linked.netlist_hash));

    let flow = Arc::clone(&context.flow);
    let (board, seed, placing) = (Arc::clone(&order.board), order.seed, Arc::clone(&linked));
    let placement = phases
        .run(
            Phase::Place,
            blocking(move || flow.place(&placing, &board, seed)),
        )
        .await??;
    let placed = match placement {
        Placement::Placed(placed) => placed,
        Placement::Rejected(rejection) => {
            note(phases, findings, &rejection.diagnostics);
            return Err(rejection.verdict);
        }
    };
    findings.timing = placed.timing.clone();
    findings.critical_paths = placed.critical_paths.clone();
    let settle = placed.settle_cycles;

    let flow = Arc::clone(&context.flow);
    let bitstream = phases
        .run(Phase::Pack, blocking(move || flow.pack(&placed)))
        .await??;
    findings.bitstream_sha256 = Some(bitstream.sha256.clone());
    findings
        .artifacts
        .push(Artifact::new("bitstream.bin", bitstream.bytes.clone()));
    Ok(Built {
        bitstream,
        netlist_hash: linked.netlist_hash,
        settle,
        interface: design.interface.clone(),
        event_inputs: design.events.event_inputs.clone(),
        linked: LinkedPorts {
            input: linked.input_map.clone(),
            output: linked.output_map.clone(),
            input_bytes: usize::from(linked.input_bytes),
            output_bytes: usize::from(linked.output_bytes),
        },
    })
}

async fn link(
    context: &Context,
    phases: &Phases,
    design: &Arc<Design>,
    order: &Order,
) -> Result<Linked, Verdict> {
    let flow = Arc::clone(&context.flow);
    let (design, board) = (Arc::clone(design), Arc::clone(&order.board));
    let firmware = Arc::clone(&order.firmware);
    let linked = phases
        .run(
            Phase::Link,
            blocking(move || flow.link(&design, &board, &firmware)),
        )
        .await??;
    Ok(linked)
}

fn note(phases: &Phases, findings: &mut Findings, diagnostics: &[Diagnostic]) {
    if phases.is_candidate() {
        for diagnostic in diagnostics {
            phases.send(Event::Diagnostic(diagnostic.clone()));
        }
    }
    findings.diagnostics.extend_from_slice(diagnostics);
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String does not fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}
