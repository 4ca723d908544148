//! One design's way through the flow, from source to bitstream.

use crate::context::{Context, blocking};
use crate::evaluation::{Artifact, BITSTREAM, PLACE_REPORT};
use crate::event::{Event, Phase, Phases};
use crate::wiring::PlayerMap;
use filbench_board::Board;
use filbench_flow::{
    Bitstream, Design, Firmware, Linked, Placement, Policy, Submission, Synthesis,
};
use filbench_model::{
    Bits, ClockTiming, CriticalPath, Diagnostic, Fault, FaultPlace, Interface, Resources, Verdict,
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
    /// Of this design, among those in the bitstream.
    pub(crate) slot: u8,
    /// Of the player's clock, from a step to its capture.
    pub(crate) settle_cycles: u8,
    pub(crate) interface: Interface,
    /// Of the design, numbered as its own input bits.
    pub(crate) event_inputs: Bits,
    /// Player bits of the design's input bits.
    input_map: Vec<u16>,
    /// Player bits of the design's output bits.
    output_map: Vec<u16>,
}

impl Built {
    pub(crate) fn player(&self) -> PlayerMap<'_> {
        PlayerMap { input: &self.input_map, output: &self.output_map }
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

/// The golden is always built in the same way, so that its proof holds for
/// candidates of every seed and policy.
const GOLDEN_SEED: u32 = 1;

impl Order {
    /// The same for the problem's golden.
    pub(crate) fn for_golden(&self) -> Self {
        Self { policy: Policy::default(), seed: GOLDEN_SEED, ..self.clone() }
    }
}

/// Synthesises `submission` alone; `Err` is the verdict on it.
pub(crate) async fn synthesise(
    context: &Context,
    phases: &Phases,
    submission: Arc<Submission>,
    order: &Order,
    findings: &mut Findings,
) -> Result<Arc<Design>, Verdict> {
    let flow = context.flow.clone();
    let (policy, device) = (order.policy, order.board.device);
    let synthesising = blocking(move || flow.synthesise(&submission, &policy, device));
    let synthesis = phases.run(Phase::Synth, synthesising).await??;
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
    findings.netlist_hash = Some(hex::encode(linked.netlist_hash));

    let flow = context.flow.clone();
    let (board, seed, placing) = (Arc::clone(&order.board), order.seed, Arc::clone(&linked));
    let placement =
        phases.run(Phase::Place, blocking(move || flow.place(&placing, &board, seed))).await??;
    let placed = match placement {
        Placement::Placed(placed) => placed,
        Placement::Rejected(rejection) => {
            note(phases, findings, &rejection.diagnostics);
            return Err(rejection.verdict);
        }
    };
    let ([of_design], [wired]) = (&placed.designs[..], &linked.designs[..]) else {
        let message = "a bitstream for one design came out with several; please report it";
        return Err(Fault::new(FaultPlace::Tool, message).into());
    };
    findings.timing = of_design.timing.clone();
    findings.critical_paths = of_design.critical_paths.clone();
    let settle_cycles = of_design.settle_cycles;
    let (input_map, output_map) = (wired.input_map.clone(), wired.output_map.clone());
    findings.artifacts.push(Artifact::new(PLACE_REPORT, placed.report.clone()));

    let flow = context.flow.clone();
    let bitstream = phases.run(Phase::Pack, blocking(move || flow.pack(&placed))).await??;
    findings.bitstream_sha256 = Some(bitstream.sha256.clone());
    findings.artifacts.push(Artifact::new(BITSTREAM, bitstream.bytes.clone()));
    Ok(Built {
        bitstream,
        netlist_hash: linked.netlist_hash,
        slot: 0,
        settle_cycles,
        interface: design.interface.clone(),
        event_inputs: design.events.event_inputs.clone(),
        input_map,
        output_map,
    })
}

async fn link(
    context: &Context,
    phases: &Phases,
    design: &Arc<Design>,
    order: &Order,
) -> Result<Linked, Verdict> {
    let flow = context.flow.clone();
    let (design, board) = (Arc::clone(design), Arc::clone(&order.board));
    let firmware = Arc::clone(&order.firmware);
    let linked =
        phases.run(Phase::Link, blocking(move || flow.link(&design, &board, &firmware))).await??;
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
