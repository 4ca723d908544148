//! Batches: designs that share a bitstream.
//!
//! A design that may share waits here until there are as many as a bitstream holds,
//! or until nothing is being done any more that could bring another one. Whoever waits
//! gets its share of the bitstream, or nothing, when the batch failed in whatever way:
//! then the design is built alone, and a verdict comes from that only.

use crate::activity::Activity;
use crate::build::Order;
use crate::context::blocking;
use filbench_flow::{Bitstream, Design, Flow, PlacedDesign, Placement};
use filbench_model::Fault;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, oneshot};

/// One design's share of a bitstream.
#[derive(Clone, Debug)]
pub(crate) struct Share {
    pub(crate) bitstream: Arc<Bitstream>,
    pub(crate) netlist_hash: [u8; 16],
    pub(crate) slot: u8,
    /// Designs in the bitstream.
    pub(crate) designs: u8,
    pub(crate) input_map: Vec<u16>,
    pub(crate) output_map: Vec<u16>,
    pub(crate) placed: PlacedDesign,
    /// nextpnr's report.
    pub(crate) report: Arc<Vec<u8>>,
    /// Of the wall time that linking, placing and packing took, this design's part.
    pub(crate) took: [Duration; 3],
}

/// Only designs that agree in all of this can be together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Company {
    board: String,
    firmware: String,
    seed: u32,
    /// Place and route treats loops differently where there are latches.
    has_latches: bool,
}

struct Waiting {
    design: Arc<Design>,
    order: Order,
    reply: oneshot::Sender<Option<Share>>,
}

/// Where designs wait for one another; one for all evaluations of a context.
pub(crate) struct Batches {
    flow: Flow,
    activity: Activity,
    workers: Arc<Semaphore>,
    /// Designs that a bitstream gets.
    slots: usize,
    waiting: Mutex<BTreeMap<Company, Vec<Waiting>>>,
}

impl Batches {
    /// Batches of `slots` designs, or as many as a bitstream can have.
    pub(crate) fn new(
        flow: Flow,
        activity: Activity,
        workers: Arc<Semaphore>,
        slots: NonZeroUsize,
    ) -> Self {
        let slots = slots.get().min(flow.slots_max());
        Self { flow, activity, workers, slots, waiting: Mutex::default() }
    }

    /// Waits for company and for the common bitstream; `None` when the design
    /// has to be built alone.
    pub(crate) async fn join(&self, design: &Arc<Design>, order: &Order) -> Option<Share> {
        if self.slots < 2 || !self.flow.shares(design) {
            return None;
        }
        let company = Company {
            board: order.board.kind.clone(),
            firmware: order.firmware.sha256.clone(),
            seed: order.seed,
            has_latches: design.has_latches,
        };
        let (reply, mut share) = oneshot::channel();
        let waiting = Waiting { design: Arc::clone(design), order: order.clone(), reply };
        let full = {
            let mut all = self.lock();
            let group = all.entry(company).or_default();
            group.push(waiting);
            (group.len() >= self.slots).then(|| std::mem::take(group))
        };
        if let Some(batch) = full {
            self.start(batch);
        }
        loop {
            tokio::select! {
                // A batch that broke down has dropped its replies.
                share = &mut share => return share.ok().flatten(),
                () = self.activity.quiet() => {
                    let groups = std::mem::take(&mut *self.lock());
                    groups.into_values().for_each(|batch| self.start(batch));
                }
            }
        }
    }

    fn start(&self, mut batch: Vec<Waiting>) {
        batch.retain(|waiting| !waiting.reply.is_closed());
        if batch.is_empty() {
            return;
        }
        let (flow, workers, doing) =
            (self.flow.clone(), Arc::clone(&self.workers), self.activity.begin());
        tokio::spawn(async move {
            let turn = workers.acquire_owned().await;
            let built = blocking(move || build(&flow, batch)).await;
            if let Err(fault) = built {
                tracing::warn!(%fault, "a batch broke down; its designs are built alone");
            }
            drop((turn, doing));
        });
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Company, Vec<Waiting>>> {
        // The map is whole after every change.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Builds bitstreams until nobody waits any more.
fn build(flow: &Flow, mut waiting: Vec<Waiting>) {
    while waiting.len() > 1 {
        let designs: Vec<&Design> = waiting.iter().map(|w| &*w.design).collect();
        let (members, shares) = match build_one(flow, &designs, &waiting[0].order) {
            Ok(Built { members, shares }) if members.len() > 1 => (members, shares),
            Ok(Built { members, .. }) if !members.is_empty() => (members, Vec::new()),
            Ok(_) => return,
            Err(fault) => {
                tracing::warn!(%fault, designs = designs.len(), "a batch failed; its designs are built alone");
                return;
            }
        };
        let mut shares = shares.into_iter();
        let mut left = Vec::new();
        for (index, one) in waiting.into_iter().enumerate() {
            if members.contains(&index) {
                // Whoever does not wait any more needs no share.
                one.reply.send(shares.next()).ok();
            } else {
                left.push(one);
            }
        }
        waiting = left;
    }
}

struct Built {
    /// Whose turn it was, by index.
    members: Vec<usize>,
    /// In the members' order; empty when it was in vain.
    shares: Vec<Share>,
}

fn build_one(flow: &Flow, designs: &[&Design], order: &Order) -> Result<Built, Fault> {
    let started = Instant::now();
    let shared = flow.link_shared(designs, &order.board, &order.firmware)?;
    let linked_at = started.elapsed();
    let (linked, members) = (shared.linked, shared.members);
    if members.len() < 2 {
        return Ok(Built { members, shares: Vec::new() });
    }
    let placed = match flow.place(&linked, &order.board, order.seed)? {
        Placement::Placed(placed) => *placed,
        Placement::Rejected(rejection) => {
            tracing::info!(
                verdict = %rejection.verdict,
                designs = members.len(),
                "a batch does not place; its designs are built alone"
            );
            return Ok(Built { members, shares: Vec::new() });
        }
    };
    let placed_at = started.elapsed();
    let bitstream = Arc::new(flow.pack(&placed)?);
    let count = members.len() as u32;
    let took = [linked_at, placed_at - linked_at, started.elapsed() - placed_at].map(|t| t / count);
    tracing::debug!(designs = count, ?took, "batch.built");
    let report = Arc::new(placed.report);
    let shares = linked
        .designs
        .into_iter()
        .zip(placed.designs)
        .enumerate()
        .map(|(slot, (wired, placed))| Share {
            bitstream: Arc::clone(&bitstream),
            netlist_hash: linked.netlist_hash,
            // There are at most 256 slots.
            slot: slot as u8,
            designs: count as u8,
            input_map: wired.input_map,
            output_map: wired.output_map,
            placed,
            report: Arc::clone(&report),
            took,
        })
        .collect();
    Ok(Built { members, shares })
}
