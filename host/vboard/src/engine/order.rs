//! The order in which combinational cells are evaluated: drivers before what
//! they drive, and loops together.

use crate::netlist::{Net, Netlist};

/// A group of nodes in evaluation order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Rank {
    /// A node outside all loops.
    Single(u32),
    /// The nodes of a loop (a strongly connected component), ascending.
    Loop(Vec<u32>),
}

/// The order of a netlist's combinational cells. Node `n` is LUT `n`, or MAC16
/// `n` minus the number of LUTs; a MAC16 counts as one cell, all of whose
/// outputs depend on all of its inputs.
pub(crate) fn combinational_ranks(netlist: &Netlist) -> Vec<Rank> {
    let luts = netlist.luts.len();
    let mut producer = vec![None; netlist.net_count];
    for (k, lut) in netlist.luts.iter().enumerate() {
        producer[lut.output.index()] = Some(k as u32);
    }
    for (k, mac) in netlist.mac16s.iter().enumerate() {
        for net in mac.outputs {
            producer[net.index()] = Some((luts + k) as u32);
        }
    }
    ranks(luts + netlist.mac16s.len(), |node, list| {
        let inputs: &[Net] = match netlist.luts.get(node as usize) {
            Some(lut) => &lut.inputs,
            None => &netlist.mac16s[node as usize - luts].inputs,
        };
        list.extend(inputs.iter().filter_map(|net| producer[net.index()]));
    })
}

/// Groups nodes `0..count` so that each rank depends on earlier ranks only.
/// `inputs(n)` lists the nodes that node `n` depends on.
///
/// This is Tarjan's algorithm, with an explicit stack: fabrics allow chains as
/// long as there are cells.
pub(crate) fn ranks(count: usize, inputs: impl Fn(u32, &mut Vec<u32>)) -> Vec<Rank> {
    const UNSEEN: u32 = u32::MAX;
    struct Frame {
        node: u32,
        inputs: Vec<u32>,
        next: usize,
    }
    let mut ranks = Vec::new();
    let mut index = vec![UNSEEN; count];
    let mut low = vec![0u32; count];
    let mut on_stack = vec![false; count];
    let mut stack: Vec<u32> = Vec::new();
    let mut frames: Vec<Frame> = Vec::new();
    let mut counter = 0;
    let mut spare: Vec<Vec<u32>> = Vec::new();
    for start in 0..count as u32 {
        if index[start as usize] != UNSEEN {
            continue;
        }
        let mut enter = Some(start);
        loop {
            if let Some(node) = enter.take() {
                index[node as usize] = counter;
                low[node as usize] = counter;
                counter += 1;
                stack.push(node);
                on_stack[node as usize] = true;
                let mut list = spare.pop().unwrap_or_default();
                list.clear();
                inputs(node, &mut list);
                frames.push(Frame { node, inputs: list, next: 0 });
            }
            let Some(frame) = frames.last_mut() else { break };
            let node = frame.node as usize;
            if let Some(&input) = frame.inputs.get(frame.next) {
                frame.next += 1;
                if index[input as usize] == UNSEEN {
                    enter = Some(input);
                } else if on_stack[input as usize] {
                    low[node] = low[node].min(index[input as usize]);
                }
                continue;
            }
            let done = frames.pop();
            if let Some(parent) = frames.last() {
                let parent = parent.node as usize;
                low[parent] = low[parent].min(low[node]);
            }
            let list = done.map(|frame| frame.inputs).unwrap_or_default();
            if low[node] == index[node] {
                let first = stack.iter().rposition(|&n| n as usize == node);
                let mut members = stack.split_off(first.unwrap_or(0));
                for &member in &members {
                    on_stack[member as usize] = false;
                }
                let rank = if members.len() > 1 || list.contains(&(node as u32)) {
                    members.sort_unstable();
                    Rank::Loop(members)
                } else {
                    Rank::Single(node as u32)
                };
                ranks.push(rank);
            }
            spare.push(list);
        }
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drivers_come_first_and_loops_stay_together() {
        // 0 <- 1 <- 2, a loop 3 <-> 4 behind 2, 5 feeds itself, 6 behind 3.
        let graph: [&[u32]; 7] = [&[], &[0], &[1], &[4, 2], &[3], &[5], &[3, 5]];
        let ranks = ranks(7, |n, list| list.extend(graph[n as usize]));
        assert_eq!(
            ranks,
            [
                Rank::Single(0),
                Rank::Single(1),
                Rank::Single(2),
                Rank::Loop(vec![3, 4]),
                Rank::Loop(vec![5]),
                Rank::Single(6),
            ]
        );
    }

    #[test]
    fn long_chains_need_no_stack() {
        let count = 200_000;
        let ranks = ranks(count, |n, list| {
            if n + 1 < count as u32 {
                list.push(n + 1);
            }
        });
        assert_eq!(ranks.len(), count);
        assert_eq!(ranks[0], Rank::Single(count as u32 - 1));
    }
}
