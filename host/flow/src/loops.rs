//! Combinational loops, found on the gate-level netlist.
//!
//! There every dependency is one bit on one gate, so an adder written as a
//! vector expression over its own carries is no loop, and a latch is still a
//! latch. Two kinds are refused:
//!
//! - a cycle through gates: a ring oscillator, or storage that synthesis did not
//!   recognise as a latch;
//! - a cycle through latches that are all open at the same time (`q = ~q` while
//!   enabled), which oscillates as long as they are. A cycle through latches
//!   with different enables is how two-phase designs work, and passes.

use crate::cells::{self, Class};
use crate::netlist::{Bit, Module, Names, PortDirection};
use crate::submission::JobFiles;
use std::collections::BTreeSet;

/// A loop in words that a designer understands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Loop {
    /// Through latches that are open together.
    pub(crate) through_latches: bool,
    /// Nets on the loop, those with names from the source first; not all of a
    /// large one.
    pub(crate) nets: Vec<String>,
    /// `src` attributes of cells on the loop.
    pub(crate) sources: Vec<String>,
}

impl Loop {
    /// For a verdict, with the submitter's file names.
    pub(crate) fn describe(&self, files: &JobFiles) -> String {
        let kind = if self.through_latches {
            "a loop through latches that are open at the same time"
        } else {
            "a combinational loop"
        };
        let mut text = format!("{kind}: `{}`", self.nets.join("`, `"));
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
pub(crate) fn find(gates: &Module) -> Option<Loop> {
    let net_count = gates.net_count() as usize;
    let plain = Graph::new(gates, net_count, |class, _| class == Class::Combinational);
    if let Some(nets) = plain.first_cycle() {
        return Some(describe(gates, &nets, false));
    }
    let mut by_enable: BTreeSet<(Bit, &str)> = BTreeSet::new();
    let with_latches = Graph::new(gates, net_count, |_, _| true);
    let on_cycles = with_latches.nets_on_cycles();
    for (_, cell) in gates.cells.iter() {
        if cells::class(cell) == Class::Latch
            && let ([Bit::Net(q)], [enable]) = (cell.bits("Q"), cell.bits("E"))
            && on_cycles[*q as usize]
        {
            by_enable.insert((*enable, &cell.kind));
        }
    }
    by_enable.into_iter().find_map(|(enable, kind)| {
        let open = Graph::new(gates, net_count, |class, cell| {
            class == Class::Combinational || (cell.kind == kind && cell.bits("E") == [enable])
        });
        open.first_cycle().map(|nets| describe(gates, &nets, true))
    })
}

fn describe(gates: &Module, nets: &[u32], through_latches: bool) -> Loop {
    let names = Names::of(gates);
    let mut ordered: Vec<u32> = nets.to_vec();
    ordered.sort_by_key(|&net| (!names.is_from_source(net), names.get(net)));
    let nets: BTreeSet<u32> = nets.iter().copied().collect();
    let mut sources: Vec<String> = Vec::new();
    for (_, cell) in gates.cells.iter() {
        let drives = cell
            .ports(PortDirection::Output)
            .any(|(_, bits)| bits.iter().any(|b| b.net().is_some_and(|n| nets.contains(&n))));
        if drives && let Some(text) = cell.attributes.get("src").and_then(|v| v.text()) {
            sources.push(text.to_owned());
        }
    }
    Loop {
        through_latches,
        nets: ordered.iter().take(SHOWN).map(|&net| names.get(net)).collect(),
        sources,
    }
}

/// Nets as nodes, dependencies as edges, in compressed rows.
struct Graph {
    starts: Vec<u32>,
    targets: Vec<u32>,
}

impl Graph {
    fn new(
        module: &Module,
        net_count: usize,
        keep: impl Fn(Class, &crate::netlist::Cell) -> bool,
    ) -> Self {
        let mut edges: Vec<(u32, u32)> = Vec::new();
        for (_, cell) in module.cells.iter() {
            let class = cells::class(cell);
            if class != Class::Sequential && keep(class, cell) {
                cells::arcs(cell, |from, to| edges.push((from, to)));
            }
        }
        edges.sort_unstable();
        let mut starts = vec![0u32; net_count + 1];
        for (from, _) in &edges {
            starts[*from as usize + 1] += 1;
        }
        for net in 0..net_count {
            starts[net + 1] += starts[net];
        }
        Self { starts, targets: edges.into_iter().map(|(_, to)| to).collect() }
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
