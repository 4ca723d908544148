//! Which output bits follow which input bits, on the elaborated netlist.
//!
//! Cells are still words there. Taking a word as a whole would see loops where
//! there are none (`carry[7:1] = f(carry[6:0])`, `mask = request | (mask << 1)`),
//! so the cells that work bit by bit, or from low bits to high ones, are taken
//! apart. All others depend as a whole.

use crate::cells::is_output;
use crate::netlist::{Bit, Cell};

/// How state stands between the inputs and outputs of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// None: outputs follow inputs.
    Combinational,
    /// Outputs follow inputs while the latch is open.
    Latch,
    /// Outputs change at events only.
    Sequential,
}

/// The kind of an elaborated `cell`. An asynchronous set or reset is an event:
/// a flip-flop that resets itself is no loop of gates.
pub(crate) fn kind(cell: &Cell) -> Kind {
    match cell.kind.as_str() {
        "$dlatch" | "$adlatch" | "$dlatchsr" => Kind::Latch,
        "$ff" | "$dff" | "$dffe" | "$dffsr" | "$dffsre" | "$adff" | "$adffe" | "$aldff"
        | "$aldffe" | "$sdff" | "$sdffe" | "$sdffce" | "$memwr" | "$memwr_v2" | "$meminit"
        | "$meminit_v2" => Kind::Sequential,
        // Asynchronous until a later pass finds a register to merge with.
        "$memrd" | "$memrd_v2" => Kind::Combinational,
        kind if kind.starts_with('$') => Kind::Combinational,
        _ => match crate::cells::class(cell) {
            crate::cells::Class::Combinational => Kind::Combinational,
            crate::cells::Class::Latch => Kind::Latch,
            crate::cells::Class::Sequential => Kind::Sequential,
        },
    }
}

/// Edges between nets, with further nodes where many bits meet.
pub(crate) struct Edges {
    pub(crate) list: Vec<(u32, u32)>,
    next_node: u32,
}

impl Edges {
    /// None yet, over `net_count` nets.
    pub(crate) fn new(net_count: u32) -> Self {
        Self { list: Vec::new(), next_node: net_count }
    }

    /// Nets and further nodes.
    pub(crate) fn node_count(&self) -> usize {
        self.next_node as usize
    }

    /// Adds what depends on what through `cell`, with a latch open.
    pub(crate) fn add(&mut self, cell: &Cell) {
        let y = cell.bits("Y");
        match cell.kind.as_str() {
            "$not" | "$pos" | "$buf" | "$and" | "$or" | "$xor" | "$xnor" => {
                self.bitwise(y, &[operand(cell, "A"), operand(cell, "B")], &[]);
            }
            "$mux" | "$tribuf" => {
                let select = [cell.bits("S"), cell.bits("EN")].concat();
                self.bitwise(y, &[operand(cell, "A"), operand(cell, "B")], &select);
            }
            "$bwmux" => {
                let ports = ["A", "B", "S"].map(|port| operand(cell, port));
                self.bitwise(y, &ports, &[]);
            }
            "$pmux" => {
                let words = cell.bits("B").chunks(y.len().max(1));
                let operands: Vec<Operand> = words
                    .chain([cell.bits("A")])
                    .map(|bits| Operand { bits, signed: false })
                    .collect();
                self.bitwise(y, &operands, cell.bits("S"));
            }
            "$add" | "$sub" | "$neg" | "$mul" => self.ripple(cell, y),
            "$shl" | "$sshl" | "$shr" | "$sshr" | "$shift" | "$shiftx" => self.shift(cell, y),
            "$dlatch" | "$adlatch" | "$dlatchsr" => {
                let controls = ["EN", "ARST"].map(|port| cell.bits(port)).concat();
                let ports = ["D", "SET", "CLR"].map(|port| operand(cell, port));
                self.bitwise(cell.bits("Q"), &ports, &controls);
            }
            _ => self.whole(cell),
        }
    }

    fn edge(&mut self, from: Bit, to: Bit) {
        if let (Bit::Net(from), Bit::Net(to)) = (from, to) {
            self.list.push((from, to));
        }
    }

    /// A node on which all of `bits` act.
    fn join(&mut self, bits: impl IntoIterator<Item = Bit>) -> Bit {
        let node = Bit::Net(self.next_node);
        self.next_node += 1;
        for bit in bits {
            self.edge(bit, node);
        }
        node
    }

    /// Bit i of the output follows bit i of every operand, and all of `common`.
    fn bitwise(&mut self, output: &[Bit], operands: &[Operand<'_>], common: &[Bit]) {
        let common = match common {
            [] => Bit::Zero,
            [bit] => *bit,
            bits => self.join(bits.iter().copied()),
        };
        for (index, to) in output.iter().enumerate() {
            for operand in operands {
                self.edge(operand.bit(index as i64), *to);
            }
            self.edge(common, *to);
        }
    }

    /// Bit i of the output follows bits i to 0 of the operands.
    fn ripple(&mut self, cell: &Cell, output: &[Bit]) {
        let operands = [operand(cell, "A"), operand(cell, "B")];
        let mut carry = Bit::Zero;
        for (index, to) in output.iter().enumerate() {
            let bits = operands.map(|operand| operand.bit(index as i64));
            carry = self.join([carry, bits[0], bits[1]]);
            self.edge(carry, *to);
        }
    }

    /// A shift by a constant is wiring.
    fn shift(&mut self, cell: &Cell, output: &[Bit]) {
        let signed = is_signed(cell, "B");
        let Some(amount) = constant(cell.bits("B"), signed) else {
            return self.whole(cell);
        };
        let distance = if cell.kind.ends_with('l') { -amount } else { amount };
        let operand = operand(cell, "A");
        for (index, to) in output.iter().enumerate() {
            self.edge(operand.bit(index as i64 + distance), *to);
        }
    }

    /// Every output bit follows every input bit.
    fn whole(&mut self, cell: &Cell) {
        let inputs = cell
            .connections
            .iter()
            .filter(|(port, _)| !is_output(cell, port))
            .flat_map(|(_, bits)| bits.iter().copied());
        let node = self.join(inputs);
        for (_, bits) in cell.connections.iter().filter(|(port, _)| is_output(cell, port)) {
            for bit in bits {
                self.edge(node, *bit);
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Operand<'a> {
    bits: &'a [Bit],
    signed: bool,
}

impl Operand<'_> {
    /// Bit `index`, beyond the end its extension.
    fn bit(&self, index: i64) -> Bit {
        match usize::try_from(index).ok().map(|index| self.bits.get(index)) {
            None => Bit::Zero,
            Some(Some(bit)) => *bit,
            Some(None) if self.signed => self.bits.last().copied().unwrap_or(Bit::Zero),
            Some(None) => Bit::Zero,
        }
    }
}

fn operand<'a>(cell: &'a Cell, port: &str) -> Operand<'a> {
    Operand { bits: cell.bits(port), signed: is_signed(cell, port) }
}

fn is_signed(cell: &Cell, port: &str) -> bool {
    cell.parameter(&format!("{port}_SIGNED")).is_some_and(|value| value.ends_with('1'))
}

/// The value of constant bits; `None` if they are not, or not of use as a
/// distance.
fn constant(bits: &[Bit], signed: bool) -> Option<i64> {
    const BITS_MAX: usize = 32;
    let ones: Option<Vec<bool>> = bits
        .iter()
        .map(|bit| match bit {
            Bit::Zero => Some(false),
            Bit::One => Some(true),
            _ => None,
        })
        .collect();
    let mut ones = ones?;
    let negative = signed && ones.last() == Some(&true);
    while ones.len() > 1 && ones.last() == Some(&negative) {
        ones.pop();
    }
    if ones.len() > BITS_MAX {
        return None;
    }
    let magnitude = ones.iter().rev().fold(0, |value, &one| 2 * value + i64::from(one));
    Some(if negative { magnitude - (1 << ones.len()) } else { magnitude })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlist::{PortDirection, Value};

    fn cell(kind: &str, inputs: &[(&str, Vec<Bit>)], output: Vec<Bit>) -> Cell {
        Cell {
            hide_name: 0,
            kind: kind.into(),
            parameters: Default::default(),
            attributes: Default::default(),
            port_directions: inputs
                .iter()
                .map(|(port, _)| (*port, PortDirection::Input))
                .chain([("Y", PortDirection::Output)])
                .collect(),
            connections: inputs.iter().cloned().chain([("Y", output)]).collect(),
        }
    }

    fn nets(range: std::ops::Range<u32>) -> Vec<Bit> {
        range.map(Bit::Net).collect()
    }

    /// Whether net `to` follows net `from`, through any number of nodes.
    fn follows(cell: &Cell, to: u32, from: u32) -> bool {
        let mut edges = Edges::new(100);
        edges.add(cell);
        let mut reached = vec![from];
        let mut next = 0;
        while let Some(&at) = reached.get(next) {
            next += 1;
            for &(a, b) in &edges.list {
                if a == at && !reached.contains(&b) {
                    reached.push(b);
                }
            }
        }
        reached.contains(&to)
    }

    #[test]
    fn bitwise_cells_are_taken_apart_and_selects_act_on_all() {
        let mux = cell(
            "$mux",
            &[("A", nets(0..4)), ("B", nets(10..14)), ("S", nets(20..21))],
            nets(30..34),
        );
        assert!(follows(&mux, 31, 1) && follows(&mux, 31, 11) && follows(&mux, 33, 20));
        assert!(!follows(&mux, 31, 2) && !follows(&mux, 30, 13));
        let pmux = cell(
            "$pmux",
            &[("A", nets(0..2)), ("B", nets(10..14)), ("S", nets(20..22))],
            nets(30..32),
        );
        assert!(follows(&pmux, 31, 13) && follows(&pmux, 31, 11) && follows(&pmux, 30, 21));
        assert!(!follows(&pmux, 31, 12) && !follows(&pmux, 30, 1));
    }

    #[test]
    fn sums_depend_on_lower_bits_only() {
        let mut add = cell("$add", &[("A", nets(0..3)), ("B", nets(10..14))], nets(30..34));
        assert!(follows(&add, 32, 0) && follows(&add, 33, 13) && !follows(&add, 30, 1));
        assert!(!follows(&add, 33, 4), "beyond the end there is nothing");
        add.parameters.push("A_SIGNED", Value::Text("1".into()));
        assert!(follows(&add, 33, 2));
    }

    #[test]
    fn a_shift_by_a_constant_is_wiring() {
        let by_one = ("B", vec![Bit::One, Bit::Zero]);
        let left = cell("$shl", &[("A", nets(0..4)), by_one.clone()], nets(30..34));
        assert!(follows(&left, 31, 0) && !follows(&left, 31, 1) && !follows(&left, 30, 0));
        let right = cell("$shr", &[("A", nets(0..4)), by_one], nets(30..34));
        assert!(follows(&right, 30, 1) && !follows(&right, 30, 0));
        let by_net = cell("$shl", &[("A", nets(0..4)), ("B", nets(20..21))], nets(30..34));
        assert!(follows(&by_net, 30, 3) && follows(&by_net, 31, 20));
    }

    #[test]
    fn constants_may_be_negative() {
        let bits = |text: &str| -> Vec<Bit> {
            text.bytes().rev().map(|b| if b == b'1' { Bit::One } else { Bit::Zero }).collect()
        };
        assert_eq!(constant(&bits("0101"), true), Some(5));
        assert_eq!(constant(&bits("1101"), true), Some(-3));
        assert_eq!(constant(&bits("1101"), false), Some(13));
        assert_eq!(constant(&[Bit::Net(1)], false), None);
    }
}
