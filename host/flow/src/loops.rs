//! Combinational loops, found on the elaborated netlist.
//!
//! That is before optimisation, which turns a ring of inverters into undefined
//! values, and before latches become loops of look-up tables; and behind the
//! removal of what drives nothing. Two kinds are refused:
//!
//! - a cycle through gates: a ring oscillator, or storage that synthesis did not
//!   recognise as a latch;
//! - a cycle through latches that are all open at the same time (`q = ~q` while
//!   enabled), which oscillates as long as they are. A cycle through latches
//!   with different enables is how two-phase designs work, and passes.

use crate::cells::is_output;
use crate::dependencies::{Edges, Kind, kind};
use crate::netlist::{Bit, Cell, Module, Names};
use crate::submission::JobFiles;
use std::collections::BTreeSet;

/// A loop in words that a designer understands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Loop {
    /// Through latches that are open together.
    pub(crate) through_latches: bool,
    /// Nets on the loop that have a name in the source; not all of a large one.
    pub(crate) nets: Vec<String>,
    /// `src` attributes of cells on the loop.
    pub(crate) sources: Vec<String>,
}

impl Loop {
    /// For a verdict, with the submitter's file names.
    pub(crate) fn describe(&self, files: &JobFiles) -> String {
        let kind = if self.through_latches {
            "a loop of latches that are open at the same time"
        } else {
            "a combinational loop"
        };
        let mut text = kind.to_owned();
        if !self.nets.is_empty() {
            text += " through `";
            text += &self.nets.join("`, `");
            text += "`";
        }
        let mut lines: Vec<String> =
            self.sources.iter().flat_map(|source| files.source_lines(source)).collect();
        lines.sort();
        lines.dedup();
        lines.truncate(SHOWN);
        if !lines.is_empty() {
            text += " (";
            text += &lines.join(", ");
            text += ")";
        }
        text
    }
}

/// How many nets or lines of a loop are named.
const SHOWN: usize = 8;

/// The first loop of a netlist, if there is one.
pub(crate) fn find(module: &Module) -> Option<Loop> {
    let plain = Graph::new(module, |cell| kind(cell) == Kind::Combinational);
    if let Some(nets) = plain.first_cycle() {
        return Some(describe(module, &nets, false));
    }
    let on_cycles = Graph::new(module, |_| true).nets_on_cycles();
    let enables: BTreeSet<Enable> = module
        .cells
        .iter()
        .filter(|(_, cell)| {
            let mut outputs = cell.bits("Q").iter().filter_map(|bit| bit.net());
            kind(cell) == Kind::Latch && outputs.any(|net| on_cycles[net as usize])
        })
        .filter_map(|(_, cell)| Enable::of(cell))
        .collect();
    enables.into_iter().find_map(|enable| {
        let open = Graph::new(module, |cell| match kind(cell) {
            Kind::Latch => Enable::of(cell) == Some(enable),
            kind => kind == Kind::Combinational,
        });
        open.first_cycle().map(|nets| describe(module, &nets, true))
    })
}

/// What opens a latch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Enable {
    net: Bit,
    active_high: bool,
}

impl Enable {
    fn of(cell: &Cell) -> Option<Self> {
        Some(Self {
            net: *cell.bits("EN").first()?,
            active_high: cell.parameter("EN_POLARITY")?.ends_with('1'),
        })
    }
}

fn describe(module: &Module, nets: &[u32], through_latches: bool) -> Loop {
    let names = Names::of(module);
    let mut named: Vec<String> =
        nets.iter().filter(|&&net| names.is_from_source(net)).map(|&net| names.get(net)).collect();
    named.sort();
    named.truncate(SHOWN);
    let nets: BTreeSet<u32> = nets.iter().copied().collect();
    let mut sources: Vec<String> = Vec::new();
    for (_, cell) in module.cells.iter() {
        let drives = cell.connections.iter().any(|(port, bits)| {
            let mut on_loop = bits.iter().filter_map(|bit| bit.net()).map(|n| nets.contains(&n));
            is_output(cell, port) && on_loop.any(|on| on)
        });
        if drives && let Some(text) = cell.attributes.get("src").and_then(|v| v.text()) {
            sources.push(text.to_owned());
        }
    }
    Loop { through_latches, nets: named, sources }
}

/// Nets (and nodes where many bits meet) with what follows them, in compressed
/// rows.
struct Graph {
    starts: Vec<u32>,
    targets: Vec<u32>,
}

impl Graph {
    fn new(module: &Module, keep: impl Fn(&Cell) -> bool) -> Self {
        let mut edges = Edges::new(module.net_count());
        for (_, cell) in module.cells.iter() {
            if kind(cell) != Kind::Sequential && keep(cell) {
                edges.add(cell);
            }
        }
        let node_count = edges.node_count();
        let mut list = edges.list;
        list.sort_unstable();
        let mut starts = vec![0u32; node_count + 1];
        for (from, _) in &list {
            starts[*from as usize + 1] += 1;
        }
        for node in 0..node_count {
            starts[node + 1] += starts[node];
        }
        Self { starts, targets: list.into_iter().map(|(_, to)| to).collect() }
    }

    fn successors(&self, net: u32) -> &[u32] {
        let net = net as usize;
        &self.targets[self.starts[net] as usize..self.starts[net + 1] as usize]
    }

    fn first_cycle(&self) -> Option<Vec<u32>> {
        let mut first = None;
        self.components(|component| {
            first = Some(component.to_vec());
            false
        });
        first
    }

    fn nets_on_cycles(&self) -> Vec<bool> {
        let mut on = vec![false; self.starts.len()];
        self.components(|component| {
            for &net in component {
                on[net as usize] = true;
            }
            true
        });
        on
    }

    /// Calls `found` with every strongly connected component that holds a
    /// cycle, until it returns false. Tarjan's algorithm with a stack of its
    /// own: designs are deeper than the program's stack.
    fn components(&self, mut found: impl FnMut(&[u32]) -> bool) {
        const UNSEEN: u32 = u32::MAX;
        let count = self.starts.len() - 1;
        let mut index = vec![UNSEEN; count];
        let mut low = vec![0u32; count];
        let mut on_stack = vec![false; count];
        let mut stack: Vec<u32> = Vec::new();
        let mut calls: Vec<(u32, usize)> = Vec::new();
        let mut next = 0;

        for root in 0..count as u32 {
            if index[root as usize] != UNSEEN {
                continue;
            }
            calls.push((root, 0));
            while let Some((net, position)) = calls.pop() {
                let n = net as usize;
                if position == 0 {
                    index[n] = next;
                    low[n] = next;
                    next += 1;
                    stack.push(net);
                    on_stack[n] = true;
                }
                if let Some(&to) = self.successors(net).get(position) {
                    calls.push((net, position + 1));
                    if index[to as usize] == UNSEEN {
                        calls.push((to, 0));
                    } else if on_stack[to as usize] {
                        low[n] = low[n].min(index[to as usize]);
                    }
                    continue;
                }
                if let Some(&(parent, _)) = calls.last() {
                    let p = parent as usize;
                    low[p] = low[p].min(low[n]);
                }
                if low[n] != index[n] {
                    continue;
                }
                let start = stack
                    .iter()
                    .rposition(|&other| other == net)
                    .expect("a component's root is on the stack until it is taken off here");
                let component = stack.split_off(start);
                for &member in &component {
                    on_stack[member as usize] = false;
                }
                let cyclic = component.len() > 1 || self.successors(net).contains(&net);
                if cyclic && !found(&component) {
                    return;
                }
            }
        }
    }
}
