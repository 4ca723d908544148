//! A netlist's combinational part, made smaller before it is run: constants
//! and buffers vanish, equal tables become one, and tables that feed only one
//! or two others are merged into them, up to eight inputs. What is left is
//! sorted by level: neighbours then seldom depend on each other.
//!
//! Nodes of loops keep their order and their tables, because what a latch
//! settles to may depend on the order in which its nodes are evaluated.

use std::collections::HashMap;
use std::ops::Range;

use crate::engine::order::{Rank, combinational_ranks};
use crate::netlist::{Lut, Net, Netlist};

/// Most inputs of a merged table.
pub(super) const MAX_INPUTS: usize = 8;

/// Tables that feed more consumers than this are not merged into them.
const MAX_COPIES: u32 = 2;

/// A truth table of up to eight inputs: bit `i` is the output for value `i`.
pub(super) type Table = [u64; 4];

/// A combinational node.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Table {
        inputs: Vec<Net>,
        table: Table,
        output: Net,
        /// The LUT of the netlist it comes from.
        lut: u32,
    },
    /// MAC16 of the netlist.
    Mac(u32),
}

impl Node {
    fn inputs<'a>(&'a self, netlist: &'a Netlist) -> &'a [Net] {
        match self {
            Node::Table { inputs, .. } => inputs,
            Node::Mac(mac) => &netlist.mac16s[*mac as usize].inputs,
        }
    }

    fn outputs<'a>(&'a self, netlist: &'a Netlist) -> &'a [Net] {
        match self {
            Node::Table { output, .. } => std::slice::from_ref(output),
            Node::Mac(mac) => &netlist.mac16s[*mac as usize].outputs,
        }
    }
}

/// The simplified combinational part.
pub(super) struct Simplified {
    /// The net that stands for each net of the netlist.
    pub stands_for: Vec<Net>,
    /// Nodes, drivers before what they drive.
    pub nodes: Vec<Node>,
    /// Which of them form loops.
    pub loops: Vec<Range<usize>>,
}

impl Simplified {
    pub fn net(&self, net: Net) -> Net {
        self.stands_for[net.index()]
    }
}

/// Bit `index` of a table.
#[inline]
fn entry(table: &Table, index: usize) -> bool {
    table[index >> 6 & 3] >> (index & 63) & 1 != 0
}

/// Removes inputs that are constant, doubled, or without effect.
fn reduce(lut: &Lut, stands_for: &[Net]) -> (Vec<Net>, u16) {
    let nets = lut.inputs.map(|net| stands_for[net.index()]);
    // Of equal inputs the first counts; constants stand for themselves.
    let mut inputs: Vec<Net> = Vec::with_capacity(4);
    let mut place = [None; 4];
    for (k, &net) in nets.iter().enumerate() {
        if !net.is_constant() {
            place[k] = Some(match inputs.iter().position(|&n| n == net) {
                Some(place) => place,
                None => {
                    inputs.push(net);
                    inputs.len() - 1
                }
            });
        }
    }
    let lookup = |value: usize| {
        let index = (0..4).fold(0, |index, k| {
            let bit = match place[k] {
                Some(place) => value >> place & 1,
                None => usize::from(nets[k] == Net::ONE),
            };
            index | bit << k
        });
        lut.table >> index & 1 != 0
    };
    let matters = |k: usize| {
        (0..1usize << inputs.len())
            .any(|value| value >> k & 1 == 0 && lookup(value) != lookup(value | 1 << k))
    };
    let mut kept: Vec<usize> = (0..inputs.len()).filter(|&k| matters(k)).collect();
    kept.sort_unstable_by_key(|&k| inputs[k]);
    let table = (0..1usize << kept.len())
        .filter(|value| {
            let full =
                kept.iter().enumerate().fold(0, |full, (bit, &k)| full | (value >> bit & 1) << k);
            lookup(full)
        })
        .fold(0u16, |table, value| table | 1 << value);
    (kept.into_iter().map(|k| inputs[k]).collect(), table)
}

/// Simplifies the combinational part of `netlist`.
pub(super) fn simplify(netlist: &Netlist) -> Simplified {
    let luts = netlist.luts.len();
    let ranks = combinational_ranks(netlist);
    let mut stands_for: Vec<Net> = (0..netlist.net_count as u32).map(Net).collect();
    let mut nodes = Vec::with_capacity(luts);
    let mut in_loop = Vec::with_capacity(luts);
    let mut known: HashMap<(Vec<Net>, u16), Net> = HashMap::new();
    for rank in &ranks {
        let (members, looped) = match rank {
            Rank::Single(node) => (std::slice::from_ref(node), false),
            Rank::Loop(members) => (members.as_slice(), true),
        };
        for &member in members {
            let Some(lut) = netlist.luts.get(member as usize) else {
                nodes.push(Node::Mac(member - luts as u32));
                in_loop.push(looped);
                continue;
            };
            let (inputs, table) = reduce(lut, &stands_for);
            if !looped {
                let same = match (inputs.as_slice(), table & 3) {
                    ([], value) => Some(Net(u32::from(value & 1))),
                    ([input], 0b10) => Some(*input),
                    _ => known.get(&(inputs.clone(), table)).copied(),
                };
                if let Some(same) = same {
                    stands_for[lut.output.index()] = same;
                    continue;
                }
                known.insert((inputs.clone(), table), lut.output);
            }
            nodes.push(Node::Table {
                inputs,
                table: [u64::from(table), 0, 0, 0],
                output: lut.output,
                lut: member,
            });
            in_loop.push(looped);
        }
    }
    let observed = observed_nets(netlist, &stands_for);
    merge(&mut nodes, &in_loop, &observed);
    sweep_dead(&mut nodes, &mut in_loop, netlist, observed);

    let loops = loop_ranges(&ranks, &nodes, netlist);
    let (nodes, loops) = by_level(&nodes, &loops, netlist, &stands_for);
    Simplified { stands_for, nodes, loops }
}

/// Nets that something else than a table reads.
fn observed_nets(netlist: &Netlist, stands_for: &[Net]) -> Vec<bool> {
    let mut observed = vec![false; netlist.net_count];
    let mut mark = |nets: &[Net]| {
        for net in nets {
            observed[stands_for[net.index()].index()] = true;
        }
    };
    for ff in &netlist.ffs {
        mark(&[ff.d, ff.enable, ff.set_reset, ff.clock.net]);
    }
    for ram in &netlist.block_rams {
        for port in [&ram.read, &ram.write] {
            mark(&[port.clock.net, port.enable, port.clock_enable]);
            mark(&port.address);
        }
        mark(&ram.write_data);
        mark(&ram.write_mask);
    }
    for spram in &netlist.sprams {
        mark(&spram.address);
        mark(&spram.data_in);
        mark(&spram.mask);
        mark(&[
            spram.clock.net,
            spram.write_enable,
            spram.chip_select,
            spram.standby,
            spram.sleep,
            spram.power_off_n,
        ]);
    }
    for mac in &netlist.mac16s {
        mark(&[mac.clock.net]);
        mark(&mac.inputs);
    }
    for pad in &netlist.pads {
        if let Some(output) = pad.output {
            mark(&[output.value, output.enable]);
        }
    }
    observed
}

/// Merges tables into the one or two that read them.
fn merge(nodes: &mut [Node], in_loop: &[bool], observed: &[bool]) {
    let mut readers = vec![0u32; observed.len()];
    let mut producer: Vec<Option<usize>> = vec![None; observed.len()];
    for (k, node) in nodes.iter().enumerate() {
        if let Node::Table { inputs, output, .. } = node {
            for net in inputs {
                readers[net.index()] += 1;
            }
            if !in_loop[k] && !observed[output.index()] {
                producer[output.index()] = Some(k);
            }
        }
    }
    for k in 0..nodes.len() {
        if in_loop[k] {
            continue;
        }
        let Node::Table { inputs, table, .. } = &nodes[k] else {
            continue;
        };
        let (mut inputs, mut table) = (inputs.clone(), *table);
        loop {
            // The input whose own inputs add least.
            let best = inputs
                .iter()
                .enumerate()
                .filter(|(_, net)| readers[net.index()] <= MAX_COPIES)
                .filter_map(|(place, net)| {
                    let Some(Node::Table { inputs: below, .. }) =
                        producer[net.index()].map(|p| &nodes[p])
                    else {
                        return None;
                    };
                    let added = below.iter().filter(|net| !inputs.contains(net)).count();
                    let total = inputs.len() - 1 + added;
                    (total <= MAX_INPUTS).then_some((total, place))
                })
                .min();
            let Some((_, place)) = best else { break };
            let Some(Node::Table { inputs: below, table: below_table, .. }) =
                producer[inputs[place].index()].map(|p| &nodes[p])
            else {
                break;
            };
            (inputs, table) = substitute(&inputs, &table, place, below, below_table);
        }
        if let Node::Table { inputs: old, table: old_table, .. } = &mut nodes[k] {
            (*old, *old_table) = (inputs, table);
        }
    }
}

/// The table with input `place` replaced by the function `below`.
fn substitute(
    inputs: &[Net],
    table: &Table,
    place: usize,
    below: &[Net],
    below_table: &Table,
) -> (Vec<Net>, Table) {
    let mut union: Vec<Net> =
        inputs.iter().enumerate().filter(|&(k, _)| k != place).map(|(_, &net)| net).collect();
    for &net in below {
        if !union.contains(&net) {
            union.push(net);
        }
    }
    union.sort_unstable();
    let position = |net: &Net| union.iter().position(|n| n == net).unwrap_or(0);
    let below_at: Vec<usize> = below.iter().map(position).collect();
    let inputs_at: Vec<usize> = inputs.iter().map(position).collect();
    let mut result = [0; 4];
    for value in 0..1usize << union.len() {
        let pick = |at: &[usize]| {
            at.iter().enumerate().fold(0, |index, (k, &p)| index | (value >> p & 1) << k)
        };
        let inner = usize::from(entry(below_table, pick(&below_at)));
        let index = pick(&inputs_at) & !(1 << place) | inner << place;
        result[value >> 6] |= u64::from(entry(table, index)) << (value & 63);
    }
    (union, result)
}

/// Drops the tables that nothing reads any more.
fn sweep_dead(
    nodes: &mut Vec<Node>,
    in_loop: &mut Vec<bool>,
    netlist: &Netlist,
    observed: Vec<bool>,
) {
    let mut live = observed;
    let mut keep = vec![false; nodes.len()];
    // Drivers precede, except within loops: repeat until nothing is added.
    loop {
        let mut grown = false;
        for (k, node) in nodes.iter().enumerate().rev() {
            let Node::Table { inputs, output, .. } = node else {
                keep[k] = true;
                continue;
            };
            if !keep[k] && live[output.index()] {
                keep[k] = true;
                grown |= in_loop[k];
                for net in inputs {
                    live[net.index()] = true;
                }
            }
        }
        if !grown {
            break;
        }
    }
    debug_assert!(live.len() == netlist.net_count);
    let mut kept = keep.iter();
    nodes.retain(|_| kept.next().copied().unwrap_or(false));
    let mut kept = keep.iter();
    in_loop.retain(|_| kept.next().copied().unwrap_or(false));
}

/// Where the loops' nodes have come to lie.
fn loop_ranges(ranks: &[Rank], nodes: &[Node], netlist: &Netlist) -> Vec<Range<usize>> {
    let luts = netlist.luts.len() as u32;
    let mut place: HashMap<u32, usize> = HashMap::new();
    for (k, node) in nodes.iter().enumerate() {
        let id = match node {
            Node::Table { lut, .. } => *lut,
            Node::Mac(mac) => luts + mac,
        };
        place.insert(id, k);
    }
    ranks
        .iter()
        .filter_map(|rank| {
            let Rank::Loop(members) = rank else {
                return None;
            };
            let places = || members.iter().filter_map(|m| place.get(m).copied());
            Some(places().min()?..places().max()? + 1)
        })
        .collect()
}

/// The nodes by level, which is one more than that of what they read, and
/// where the loops have come to lie. A loop counts as one node.
fn by_level(
    nodes: &[Node],
    loops: &[Range<usize>],
    netlist: &Netlist,
    stands_for: &[Net],
) -> (Vec<Node>, Vec<Range<usize>>) {
    let mut level_of = vec![0u32; netlist.net_count];
    let mut units: Vec<(u32, bool, Range<usize>)> = Vec::new();
    let mut loops = loops.iter().peekable();
    let mut next = 0;
    while next < nodes.len() {
        let looped = loops.next_if(|range| range.start == next);
        let unit = looped.cloned().unwrap_or(next..next + 1);
        next = unit.end;
        let members = &nodes[unit.clone()];
        let inputs = members.iter().flat_map(|node| node.inputs(netlist));
        // A MAC16 still names the nets of the netlist.
        let levels = inputs.map(|net| level_of[stands_for[net.index()].index()]);
        let level = levels.max().unwrap_or(0) + 1;
        for net in members.iter().flat_map(|node| node.outputs(netlist)) {
            level_of[net.index()] = level;
        }
        units.push((level, looped.is_some(), unit));
    }
    units.sort_by_key(|&(level, ..)| level);
    let mut sorted: Vec<Node> = Vec::with_capacity(nodes.len());
    let mut loops = Vec::new();
    for (_, looped, unit) in units {
        let first = sorted.len();
        sorted.extend_from_slice(&nodes[unit]);
        if looped {
            loops.push(first..sorted.len());
        }
    }
    (sorted, loops)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lut(table: u16, inputs: [u32; 4], output: u32) -> Lut {
        Lut { table, inputs: inputs.map(Net), output: Net(output), at: None }
    }

    #[test]
    fn reduction_keeps_the_function() {
        let stands_for: Vec<Net> = (0..16).map(Net).collect();
        let mut table = 1u16;
        for k in 0..2000u32 {
            table = table.rotate_left(3).wrapping_mul(0x6255) ^ k as u16;
            let inputs = [k % 5, k / 5 % 5, k / 25 % 5, k / 125 % 5];
            let full = lut(table, inputs, 9);
            let (kept, reduced) = reduce(&full, &stands_for);
            for value in 0..32u32 {
                let bit = |net: u32| match net {
                    0 => 0,
                    1 => 1,
                    net => value >> net & 1,
                };
                let index = (0..4).fold(0, |i, k| i | bit(inputs[k]) << k);
                let small = kept.iter().enumerate().fold(0, |i, (k, net)| i | bit(net.0) << k);
                assert_eq!(table >> index & 1, reduced >> small & 1);
            }
        }
    }

    #[test]
    fn substitution_keeps_the_function() {
        let upper: Table = [0x1234_5678_9abc_def0, 0, 0, 0];
        let lower: Table = [0xbeef, 0, 0, 0];
        let inputs = [2, 3, 4, 5, 6, 7].map(Net);
        let below = [3, 8, 9, 10].map(Net);
        let (union, merged) = substitute(&inputs, &upper, 2, &below, &lower);
        assert_eq!(union.len(), 8);
        for value in 0..1usize << 11 {
            let bits = |nets: &[Net]| {
                nets.iter().enumerate().fold(0, |i, (k, net)| i | (value >> net.0 & 1) << k)
            };
            let inner = usize::from(entry(&lower, bits(&below)));
            let index = bits(&inputs) & !(1 << 2) | inner << 2;
            assert_eq!(entry(&merged, bits(&union)), entry(&upper, index));
        }
    }
}
