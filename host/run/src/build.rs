//! One design's way through the flow, from source to bitstream.

use crate::batch::Share;
use crate::context::{Context, blocking};
use crate::evaluation::{Artifact, BITSTREAM, PLACE_REPORT, SYNTH_REPORT};
use crate::event::{Event, Phase, Phases};
use crate::wiring::PlayerMap;
use filbench_board::Board;
use filbench_flow::{
    Bitstream, Design, Firmware, Linked, Placement, Policy, Submission, Synthesis,
};
use filbench_model::{
    Bits, ClockTiming, CriticalPath, Diagnostic, Fault, FaultPlace, FrontEnd, Interface, Resources,
    SlotRecord, TimingAlone, Verdict,
};
use std::sync::Arc;

/// What the flow found out, as far as it came.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) resources: Option<Resources>,
    pub(crate) timing: Vec<ClockTiming>,
    pub(crate) timing_alone: Option<TimingAlone>,
    pub(crate) golden_timing_alone: Option<TimingAlone>,
    pub(crate) critical_paths: Vec<CriticalPath>,
    pub(crate) front_end: Option<FrontEnd>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) netlist_hash: Option<String>,
    pub(crate) bitstream_sha256: Option<String>,
    pub(crate) slot: Option<SlotRecord>,
    pub(crate) artifacts: Vec<Artifact>,
}

impl Findings {
    fn bitstream(&mut self, bitstream: &Bitstream) {
        self.bitstream_sha256 = Some(bitstream.sha256.clone());
        self.artifacts.push(Artifact::new(BITSTREAM, bitstream.bytes.clone()));
    }
}

/// A design in a bitstream, and what playing it needs.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) bitstream: Arc<Bitstream>,
    pub(crate) netlist_hash: [u8; 16],
    /// Of this design, among those in the bitstream.
    pub(crate) slot: u8,
    /// Whether there are others.
    pub(crate) is_shared: bool,
    /// Of the player's clock, from a step to its capture.
    pub(crate) settle_cycles: u8,
    pub(crate) design: Arc<Design>,
    /// Player bits of the design's input bits.
    input_map: Vec<u16>,
    /// Player bits of the design's output bits.
    output_map: Vec<u16>,
}

impl Built {
    pub(crate) fn interface(&self) -> &Interface {
        &self.design.interface
    }

    /// Of the design, numbered as its own input bits.
    pub(crate) fn event_inputs(&self) -> &Bits {
        &self.design.events.event_inputs
    }

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
    /// Whether goldens are built in this way.
    pub(crate) fn is_for_golden(&self) -> bool {
        (self.policy, self.seed) == (Policy::default(), GOLDEN_SEED)
    }

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
    let _turn = context.turn().await;
    let flow = context.flow.clone();
    let (policy, device) = (order.policy, order.board.device);
    let synthesising = blocking(move || flow.synthesise(&submission, &policy, device));
    let synthesis = phases.run(Phase::Synth, synthesising).await??;
    match synthesis {
        Synthesis::Design(design) => {
            note(phases, findings, &design.diagnostics);
            findings.front_end = Some(design.front_end);
            findings.resources = Some(design.resources);
            findings.artifacts.push(Artifact::new(SYNTH_REPORT, design.report.clone()));
            Ok(Arc::new(*design))
        }
        Synthesis::Rejected(rejection) => {
            note(phases, findings, &rejection.diagnostics);
            findings.front_end = rejection.front_end;
            Err(rejection.verdict)
        }
    }
}

/// Takes a synthesised design to a bitstream, in company where there is some; `Err` is
/// the verdict on it.
pub(crate) async fn implement(
    context: &Context,
    phases: &Phases,
    design: Arc<Design>,
    order: &Order,
    findings: &mut Findings,
) -> Result<Built, Verdict> {
    match context.batches.join(&design, order).await {
        Some(share) => Ok(share_of(share, phases, design, findings)),
        None => implement_alone(context, phases, design, order, findings).await,
    }
}

fn share_of(share: Share, phases: &Phases, design: Arc<Design>, findings: &mut Findings) -> Built {
    for (phase, took) in [Phase::Link, Phase::Place, Phase::Pack].into_iter().zip(share.took) {
        phases.shared(phase, took);
    }
    findings.netlist_hash = Some(hex::encode(share.netlist_hash));
    findings.slot = Some(SlotRecord { number: share.slot, designs: share.designs });
    findings.timing = share.placed.timing;
    findings.critical_paths = share.placed.critical_paths;
    findings.bitstream(&share.bitstream);
    findings.artifacts.push(Artifact::new(PLACE_REPORT, share.report.to_vec()));
    Built {
        bitstream: share.bitstream,
        netlist_hash: share.netlist_hash,
        slot: share.slot,
        is_shared: true,
        settle_cycles: share.placed.settle_cycles,
        design,
        input_map: share.input_map,
        output_map: share.output_map,
    }
}

/// Takes a synthesised design to a bitstream of its own; `Err` is the verdict on it.
pub(crate) async fn implement_alone(
    context: &Context,
    phases: &Phases,
    design: Arc<Design>,
    order: &Order,
    findings: &mut Findings,
) -> Result<Built, Verdict> {
    // What an earlier, shared bitstream left.
    findings.slot = None;
    findings.artifacts.retain(|artifact| ![BITSTREAM, PLACE_REPORT].contains(&&*artifact.name));
    let _turn = context.turn().await;
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
    findings.bitstream(&bitstream);
    Ok(Built {
        bitstream: Arc::new(bitstream),
        netlist_hash: linked.netlist_hash,
        slot: 0,
        is_shared: false,
        settle_cycles,
        design,
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

/// Puts what a tool said into `findings`, and tells it if it is about the candidate.
pub(crate) fn note(phases: &Phases, findings: &mut Findings, diagnostics: &[Diagnostic]) {
    if phases.is_candidate() {
        for diagnostic in diagnostics {
            phases.send(Event::Diagnostic(diagnostic.clone()));
        }
    }
    findings.diagnostics.extend_from_slice(diagnostics);
}
