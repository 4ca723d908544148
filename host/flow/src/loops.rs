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
use std::collections::{BTreeMap, BTreeSet};

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

/// Looks at edges that one search takes: seconds of work. What synthesis lets through has
/// millions of edges, and is searched once for each enable of a latch.
const WORK_MAX: u64 = 1 << 28;

/// The search would have taken too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMuch {
    /// Different enables of latches that lie on cycles.
    pub(crate) enables: usize,
}

impl TooMuch {
    /// For a verdict.
    pub(crate) fn describe(self) -> String {
        format!(
            "the search for latches that are open at the same time on a loop was given up: the \
             design has {} different enables of latches",
            self.enables
        )
    }
}

/// The first loop of a netlist, if there is one.
pub(crate) fn find(module: &Module) -> Result<Option<Loop>, TooMuch> {
    find_within(module, WORK_MAX)
}

fn find_within(module: &Module, work_max: u64) -> Result<Option<Loop>, TooMuch> {
    let graph = Graph::new(module);
    let mut search = Search::new(&graph, work_max);
    let everywhere = || 0..graph.node_count();
    let too_much = |OutOfWork| TooMuch { enables: graph.enables.len() };
    let gates = search.components(everywhere(), Along::Gates, Want::First).map_err(too_much)?;
    if let [nets] = gates.as_slice() {
        return Ok(Some(describe(module, nets, false)));
    }
    // Latches that are open together are on a cycle of all gates and latches. Elsewhere
    // nothing has to be looked at, and what is looked at lies behind such a latch.
    let cycles = search.components(everywhere(), Along::All, Want::All).map_err(too_much)?;
    let mut cycle_of = vec![NOWHERE; graph.node_count() as usize];
    for (number, nets) in (0..).zip(&cycles) {
        for &net in nets {
            cycle_of[net as usize] = number;
        }
    }
    let mut behind: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for from in everywhere() {
        for &(through, to) in graph.successors(from) {
            if through != GATES && through != NEVER && on_one_cycle(&cycle_of, from, to) {
                behind.entry(through).or_default().push(to);
            }
        }
    }
    for (enable, starts) in behind {
        let along = Along::Open { enable, cycle_of: &cycle_of };
        let cycles = search.components(starts, along, Want::First).map_err(too_much)?;
        if let [nets] = cycles.as_slice() {
            return Ok(Some(describe(module, nets, true)));
        }
    }
    Ok(None)
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

/// Stands for the gates among what an edge leads through; enables count from 1.
const GATES: u32 = 0;
/// Of a latch whose enable is not known.
const NEVER: u32 = u32::MAX;
/// Of nets that are on no cycle.
const NOWHERE: u32 = u32::MAX;

/// Nets (and nodes where many bits meet) with what follows them, and through what, in
/// compressed rows.
struct Graph {
    starts: Vec<u32>,
    /// In each row in order.
    edges: Vec<(u32, u32)>,
    /// The first of them has number 1.
    enables: BTreeMap<Enable, u32>,
}

impl Graph {
    fn new(module: &Module) -> Self {
        let cells = || module.cells.iter().map(|(_, cell)| (kind(cell), cell));
        let latches = cells().filter(|(kind, _)| *kind == Kind::Latch);
        let enables: BTreeSet<Enable> = latches.filter_map(|(_, cell)| Enable::of(cell)).collect();
        let enables: BTreeMap<Enable, u32> = enables.into_iter().zip(1..).collect();
        let mut edges = Edges::new(module.net_count());
        let mut through = Vec::new();
        for (kind, cell) in cells() {
            let number = match kind {
                Kind::Sequential => continue,
                Kind::Combinational => GATES,
                Kind::Latch => Enable::of(cell)
                    .and_then(|enable| enables.get(&enable))
                    .copied()
                    .unwrap_or(NEVER),
            };
            edges.add(cell);
            through.resize(edges.list.len(), number);
        }
        let node_count = edges.node_count();
        let mut list: Vec<(u32, u32, u32)> =
            edges.list.into_iter().zip(through).map(|((from, to), by)| (from, by, to)).collect();
        list.sort_unstable();
        let mut starts = vec![0u32; node_count + 1];
        for (from, ..) in &list {
            starts[*from as usize + 1] += 1;
        }
        for node in 0..node_count {
            starts[node + 1] += starts[node];
        }
        let edges = list.into_iter().map(|(_, by, to)| (by, to)).collect();
        Self { starts, edges, enables }
    }

    fn node_count(&self) -> u32 {
        self.starts.len() as u32 - 1
    }

    fn successors(&self, net: u32) -> &[(u32, u32)] {
        let net = net as usize;
        &self.edges[self.starts[net] as usize..self.starts[net + 1] as usize]
    }
}

fn on_one_cycle(cycle_of: &[u32], from: u32, to: u32) -> bool {
    let cycle = cycle_of[from as usize];
    cycle != NOWHERE && cycle == cycle_of[to as usize]
}

/// Which edges a search follows.
#[derive(Clone, Copy)]
enum Along<'c> {
    Gates,
    All,
    /// Gates and the latches that `enable` opens, where they are on a cycle.
    Open {
        enable: u32,
        cycle_of: &'c [u32],
    },
}

impl Along<'_> {
    /// The place in `row` of the next edge through something that is followed, from
    /// `position` on. A row is in order, so that the latches of other enables, of which
    /// there may be many, are jumped over.
    fn next(self, row: &[(u32, u32)], position: usize) -> Option<usize> {
        let &(through, _) = row.get(position)?;
        match self {
            Self::All => Some(position),
            _ if through == GATES => Some(position),
            Self::Gates => None,
            Self::Open { enable, .. } => {
                let behind = row[position..].partition_point(|&(other, _)| other < enable);
                let position = position + behind;
                (row.get(position)?.0 == enable).then_some(position)
            }
        }
    }

    fn reaches(self, from: u32, to: u32) -> bool {
        match self {
            Self::Gates | Self::All => true,
            Self::Open { cycle_of, .. } => on_one_cycle(cycle_of, from, to),
        }
    }
}

/// Which components a search is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Want {
    First,
    All,
}

/// A search has looked at as many edges as it may.
struct OutOfWork;

/// Searches of one graph, which share their tables and their bound.
struct Search<'a> {
    graph: &'a Graph,
    work_left: u64,
    index: Vec<u32>,
    low: Vec<u32>,
    on_stack: Vec<bool>,
    /// What has to be put back before the next search.
    seen: Vec<u32>,
}

const UNSEEN: u32 = u32::MAX;

impl<'a> Search<'a> {
    fn new(graph: &'a Graph, work_left: u64) -> Self {
        let count = graph.node_count() as usize;
        let (index, low) = (vec![UNSEEN; count], vec![0; count]);
        Self { graph, work_left, index, low, on_stack: vec![false; count], seen: Vec::new() }
    }

    /// Strongly connected components that hold a cycle, of what is reached from `roots`.
    /// Tarjan's algorithm with a stack of its own: designs are deeper than the program's
    /// stack.
    fn components(
        &mut self,
        roots: impl IntoIterator<Item = u32>,
        along: Along<'_>,
        want: Want,
    ) -> Result<Vec<Vec<u32>>, OutOfWork> {
        for net in self.seen.drain(..) {
            self.index[net as usize] = UNSEEN;
            self.on_stack[net as usize] = false;
        }
        let mut found = Vec::new();
        let mut stack: Vec<u32> = Vec::new();
        let mut calls: Vec<(u32, usize)> = Vec::new();
        for root in roots {
            if self.index[root as usize] != UNSEEN {
                continue;
            }
            calls.push((root, 0));
            while let Some((net, position)) = calls.pop() {
                self.work_left = self.work_left.checked_sub(1).ok_or(OutOfWork)?;
                let n = net as usize;
                if position == 0 {
                    self.index[n] = self.seen.len() as u32;
                    self.low[n] = self.index[n];
                    self.seen.push(net);
                    stack.push(net);
                    self.on_stack[n] = true;
                }
                let row = self.graph.successors(net);
                if let Some(position) = along.next(row, position) {
                    let (_, to) = row[position];
                    calls.push((net, position + 1));
                    if !along.reaches(net, to) {
                        continue;
                    }
                    if self.index[to as usize] == UNSEEN {
                        calls.push((to, 0));
                    } else if self.on_stack[to as usize] {
                        self.low[n] = self.low[n].min(self.index[to as usize]);
                    }
                    continue;
                }
                if let Some(&(parent, _)) = calls.last() {
                    let p = parent as usize;
                    self.low[p] = self.low[p].min(self.low[n]);
                }
                if self.low[n] != self.index[n] {
                    continue;
                }
                let start = stack
                    .iter()
                    .rposition(|&other| other == net)
                    .expect("a component's root is on the stack until it is taken off here");
                let component = stack.split_off(start);
                for &member in &component {
                    self.on_stack[member as usize] = false;
                }
                if component.len() > 1 || self.follows_itself(net, along) {
                    found.push(component);
                    if want == Want::First {
                        return Ok(found);
                    }
                }
            }
        }
        Ok(found)
    }

    fn follows_itself(&self, net: u32, along: Along<'_>) -> bool {
        let row = self.graph.successors(net);
        let places = std::iter::successors(along.next(row, 0), |place| along.next(row, place + 1));
        places.into_iter().any(|place| row[place].1 == net && along.reaches(net, net))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlist::{Entries, PortDirection, Value};

    fn cell(kind: &str, inputs: &[(&str, u32)], output: (&str, u32)) -> Cell {
        let ports = || inputs.iter().chain([&output]);
        Cell {
            hide_name: 0,
            kind: kind.into(),
            parameters: [("EN_POLARITY", Value::Text("1".into()))].into_iter().collect(),
            attributes: Entries::default(),
            port_directions: inputs
                .iter()
                .map(|(port, _)| (*port, PortDirection::Input))
                .chain([(output.0, PortDirection::Output)])
                .collect(),
            connections: ports().map(|(port, net)| (*port, vec![Bit::Net(*net)])).collect(),
        }
    }

    fn module(cells: Vec<Cell>) -> Module {
        let cells = cells.into_iter().enumerate().map(|(n, cell)| (format!("c{n}"), cell));
        Module { cells: cells.collect(), ..Module::default() }
    }

    /// `count` latches in a ring, the one behind net n with enable `enable(n)`.
    fn ring(count: u32, enable: impl Fn(u32) -> u32) -> Module {
        let latch = |n: u32| {
            let inputs = [("D", n), ("EN", count + enable(n))];
            cell("$dlatch", &inputs, ("Q", (n + 1) % count))
        };
        module((0..count).map(latch).collect())
    }

    /// Two banks of latches, each latch with an enable of its own. All of a bank are behind
    /// all of the other, through a chain of gates.
    fn crossing(latches: u32, gates: u32) -> Module {
        let mut cells = Vec::new();
        let ends = [gates, 2 * gates + 1];
        for n in (0..2 * gates + 1).filter(|n| *n != gates) {
            cells.push(cell("$not", &[("A", n)], ("Y", n + 1)));
        }
        let first = 2 * gates + 2;
        for n in 0..2 * latches {
            let bank = (n % 2) as usize;
            let (output, enable) = (first + n, first + 2 * latches + n);
            cells.push(cell("$dlatch", &[("D", ends[bank]), ("EN", enable)], ("Q", output)));
            cells.push(cell("$not", &[("A", output)], ("Y", (ends[1 - bank] + 1 - gates) % first)));
        }
        module(cells)
    }

    #[test]
    fn latches_on_a_ring_are_a_loop_where_they_are_open_together() {
        let two_phases = find(&ring(4, |n| n % 2));
        assert_eq!(two_phases, Ok(None));
        let one = find(&ring(4, |_| 0)).map(|found| found.map(|found| found.through_latches));
        assert_eq!(one, Ok(Some(true)));
        let alone = find(&ring(1, |_| 0)).map(|found| found.map(|found| found.through_latches));
        assert_eq!(alone, Ok(Some(true)));
    }

    #[test]
    fn as_many_enables_as_latches_take_no_time() {
        let count = 100_000;
        // For each latch its enable, its data and its output, a few times.
        assert_eq!(find_within(&ring(count, |n| n), 100 * u64::from(count)), Ok(None));
    }

    #[test]
    fn a_search_that_would_not_end_is_given_up() {
        let banks = crossing(10, 1000);
        assert_eq!(find(&banks), Ok(None));
        assert_eq!(find_within(&banks, 10_000), Err(TooMuch { enables: 20 }));
    }
}
