use super::Slot;
use crate::events::ClockUse;
use crate::fixture::Fixture;
use crate::netlist::{
    Bit, Cell, Drivers, Entries, Module, Names, NetName, Port, PortDirection, Value,
};
use std::collections::{BTreeMap, BTreeSet};

/// A fixture on the way to the whole, taking up designs.
///
/// A design in a slot of its own sees the live inputs through gates: zeros while
/// another slot is selected, so that it stands still, and costs a simulator
/// nothing. The outputs of all slots are merged to the fixture's. A design that
/// is alone is wired as it is.
pub(super) struct Linker {
    module: Module,
    /// The fixture's net of each player input bit.
    inputs: Vec<Bit>,
    /// The fixture's net that is 1 while a slot is selected.
    selected: Vec<Bit>,
    /// The fixture's net of each player output bit.
    outputs: Vec<Bit>,
    /// The output bits of each design, in the whole's nets.
    design_outputs: Vec<Vec<Bit>>,
    next_net: u32,
}

/// A design that is being taken up.
struct Arrival<'a> {
    design: &'a Module,
    drivers: Drivers,
    slot: Slot,
    /// For each net of the design what it is in the whole; `Zero` for nets that
    /// nothing drives.
    nets: Vec<Bit>,
}

impl Linker {
    pub(super) fn new(fixture: Fixture) -> Self {
        let mut module = fixture.module;
        for (_, cell) in module.cells.iter_mut() {
            cell.attributes = Entries::default();
        }
        for (_, net) in module.netnames.iter_mut() {
            net.attributes = Entries::default();
        }
        Self {
            next_net: module.net_count(),
            module,
            inputs: fixture.inputs,
            selected: fixture.selected,
            outputs: fixture.outputs,
            design_outputs: Vec::new(),
        }
    }

    /// Takes up the next slot's design; `input_map` says which player bit each
    /// of its input bits is.
    pub(super) fn add(
        &mut self,
        design: &Module,
        slot: Slot,
        input_map: &[u16],
        clocks: &[ClockUse],
    ) {
        let mut arrival = self.give_nets(design, slot, input_map);
        if let Slot::Shared(number) = slot {
            let selected = self.selected[usize::from(number)];
            self.add_gates(&mut arrival, selected, clocks);
        } else {
            self.add_clock_drivers(&mut arrival, clocks);
        }
        self.add_cells(&arrival);
        self.add_names(&arrival);
        let outputs = design
            .ports
            .iter()
            .filter(|(_, port)| port.direction == PortDirection::Output)
            .flat_map(|(_, port)| port.bits.iter().map(|bit| arrival.translate(*bit)));
        self.design_outputs.push(outputs.collect());
    }

    /// Gives every net of `design` its place.
    fn give_nets<'a>(&mut self, design: &'a Module, slot: Slot, input_map: &[u16]) -> Arrival<'a> {
        let drivers = Drivers::of(design);
        let mut nets: Vec<Bit> = (0..drivers.net_count() as u32)
            .map(|net| match drivers.get(net) {
                Some(_) => self.new_net(),
                None => Bit::Zero,
            })
            .collect();
        let input_bits = inputs_of(design).flat_map(|(_, port)| &port.bits);
        for (bit, &player_bit) in input_bits.zip(input_map) {
            if let Bit::Net(net) = *bit {
                nets[net as usize] = self.inputs[usize::from(player_bit)];
            }
        }
        Arrival { design, drivers, slot, nets }
    }

    fn new_net(&mut self) -> Bit {
        self.next_net += 1;
        Bit::Net(self.next_net - 1)
    }

    /// A look-up table named `name`, and its output net of the same name.
    fn add_lut(&mut self, name: String, function: Function, inputs: &[Bit]) -> Bit {
        let output = self.new_net();
        self.module.netnames.push(
            name.clone(),
            NetName { hide_name: 0, bits: vec![output], attributes: Entries::default() },
        );
        self.module.cells.push(name, lut(function, inputs, output));
        output
    }

    /// Puts a buffer before every input that clocks the design: the seam at
    /// which bursts can be gated, and a net whose name says which clock it is.
    fn add_clock_drivers(&mut self, arrival: &mut Arrival<'_>, clocks: &[ClockUse]) {
        let mut taken = BTreeSet::new();
        let inputs = input_bits(arrival.design);
        let prefix = arrival.slot.clock_prefix();
        for clock in clocks {
            let (port, bit) = &inputs[clock.input_bit];
            let Bit::Net(net) = *bit else { continue };
            let name = unique(format!("{prefix}{}", tidy(port)), &mut taken);
            let live = arrival.nets[net as usize];
            arrival.nets[net as usize] = self.add_lut(name, PASS, &[live]);
        }
    }

    /// Puts a gate before every input that the design uses; those of clocks are
    /// their drivers.
    fn add_gates(&mut self, arrival: &mut Arrival<'_>, selected: Bit, clocks: &[ClockUse]) {
        let mut taken = BTreeSet::new();
        let used = used_nets(arrival.design);
        let (clock_prefix, gate_prefix) = (arrival.slot.clock_prefix(), arrival.slot.gate_prefix());
        for (index, (port, bit)) in input_bits(arrival.design).into_iter().enumerate() {
            let Bit::Net(net) = bit else { continue };
            if !used.contains(&net) {
                continue;
            }
            let is_clock = clocks.iter().any(|clock| clock.input_bit == index);
            let prefix = if is_clock { &clock_prefix } else { &gate_prefix };
            let name = unique(format!("{prefix}{}", tidy(&port)), &mut taken);
            let live = arrival.nets[net as usize];
            arrival.nets[net as usize] = self.add_lut(name, BOTH, &[live, selected]);
        }
    }

    /// Takes the design's cells over; what is Yosys' own by now (`$scopeinfo`) only
    /// describes.
    fn add_cells(&mut self, arrival: &Arrival<'_>) {
        let mut taken = BTreeSet::new();
        let prefix = arrival.slot.design_prefix();
        for (name, cell) in arrival.design.cells.iter() {
            if cell.kind.starts_with('$') {
                continue;
            }
            let linked = Cell {
                hide_name: 0,
                kind: cell.kind.clone(),
                parameters: cell.parameters.clone(),
                attributes: source_only(&cell.attributes),
                port_directions: cell.port_directions.clone(),
                connections: cell
                    .connections
                    .iter()
                    .map(|(port, bits)| {
                        let bits: Vec<Bit> = bits.iter().map(|b| arrival.translate(*b)).collect();
                        (port.clone(), bits)
                    })
                    .collect(),
            };
            let name = unique(format!("{prefix}{}", tidy(name)), &mut taken);
            self.module.cells.push(name, linked);
        }
    }

    /// One name for each net inside the design. Its inputs are nets of the
    /// fixture and keep the fixture's names.
    fn add_names(&mut self, arrival: &Arrival<'_>) {
        let design = arrival.design;
        let names = Names::of(design);
        let sources = sources_of_nets(design);
        let prefix = arrival.slot.design_prefix();
        let mut taken = BTreeSet::new();
        for net in 0..arrival.drivers.net_count() as u32 {
            if arrival.drivers.get(net).is_none() {
                continue;
            }
            let name = unique(format!("{prefix}{}", tidy(&names.get(net))), &mut taken);
            let attributes = sources[net as usize]
                .map(|text| ("src", Value::Text(text.to_owned())))
                .into_iter()
                .collect();
            let bits = vec![arrival.nets[net as usize]];
            self.module.netnames.push(name, NetName { hide_name: 0, bits, attributes });
        }
    }

    /// Ties the designs' outputs to the fixture, and what is unused to 0.
    pub(super) fn finish(mut self) -> Module {
        let replaced: BTreeMap<u32, Bit> = self
            .outputs
            .clone()
            .into_iter()
            .enumerate()
            .filter_map(|(index, output)| Some((output.net()?, self.player_output(index))))
            .collect();
        for (_, cell) in self.module.cells.iter_mut() {
            for (_, bits) in cell.connections.iter_mut() {
                for bit in bits {
                    *bit = match *bit {
                        Bit::Net(net) => replaced.get(&net).copied().unwrap_or(Bit::Net(net)),
                        // In the fixture, too, x is a choice.
                        Bit::X | Bit::Z => Bit::Zero,
                        constant => constant,
                    };
                }
            }
        }
        self.module.netnames.retain(|_, name| {
            name.bits.iter().all(|bit| bit.net().is_none_or(|net| !replaced.contains_key(&net)))
        });
        self.module.attributes = std::iter::once(("top", Value::Text("1".into()))).collect();
        tracing::debug!(cells = self.module.cells.len(), "netlist.linked");
        self.module
    }

    /// What the fixture captures as output bit `index`: the only design's, or
    /// that of the selected one.
    fn player_output(&mut self, index: usize) -> Bit {
        let bit = |outputs: &Vec<Bit>| outputs.get(index).copied().unwrap_or(Bit::Zero);
        if self.selected.is_empty() {
            return self.design_outputs.first().map_or(Bit::Zero, bit);
        }
        // Each bit beside the net that says whether it counts.
        let products: Vec<[Bit; 2]> = self
            .design_outputs
            .iter()
            .map(bit)
            .zip(&self.selected)
            .filter(|(bit, _)| *bit != Bit::Zero)
            .map(|(bit, selected)| [bit, *selected])
            .collect();
        let mut number = 0;
        let mut merge = |linker: &mut Self, function: Function, inputs: &[Bit]| {
            number += 1;
            linker.add_lut(format!("merge.{index}.{number}"), function, inputs)
        };
        let mut bits: Vec<Bit> = products
            .chunks(2)
            .map(|pair| {
                let function = if pair.len() == 1 { BOTH } else { EITHER_PRODUCT };
                merge(self, function, pair.as_flattened())
            })
            .collect();
        while bits.len() > 1 {
            bits = bits.chunks(4).map(|some| merge(self, ANY, some)).collect();
        }
        bits.first().copied().unwrap_or(Bit::Zero)
    }
}

impl Arrival<'_> {
    fn translate(&self, bit: Bit) -> Bit {
        match bit {
            Bit::Net(net) => self.nets[net as usize],
            Bit::One => Bit::One,
            // Synthesis was free to choose; everything settles on 0 here.
            Bit::Zero | Bit::X | Bit::Z => Bit::Zero,
        }
    }
}

fn inputs_of(design: &Module) -> impl Iterator<Item = &(String, Port)> {
    design.ports.iter().filter(|(_, port)| port.direction == PortDirection::Input)
}

/// The design's input bits with their names, such as `d[3]`.
fn input_bits(design: &Module) -> Vec<(String, Bit)> {
    inputs_of(design)
        .flat_map(|(name, port)| {
            let width = port.bits.len();
            port.bits.iter().enumerate().map(move |(index, bit)| {
                let name = if width == 1 { name.clone() } else { format!("{name}[{index}]") };
                (name, *bit)
            })
        })
        .collect()
}

/// Nets that something reads.
fn used_nets(design: &Module) -> BTreeSet<u32> {
    let pins = design
        .cells
        .iter()
        .filter(|(_, cell)| !cell.kind.starts_with('$'))
        .flat_map(|(_, cell)| cell.ports(PortDirection::Input))
        .flat_map(|(_, bits)| bits);
    let outputs = design
        .ports
        .iter()
        .filter(|(_, port)| port.direction == PortDirection::Output)
        .flat_map(|(_, port)| &port.bits);
    pins.chain(outputs).filter_map(|bit| bit.net()).collect()
}

/// What a look-up table answers to I0, I1, I2, I3; inputs that are not there
/// are 0.
type Function = fn([bool; 4]) -> bool;

const PASS: Function = |[a, ..]| a;
const BOTH: Function = |[a, b, ..]| a & b;
const EITHER_PRODUCT: Function = |[a, b, c, d]| a & b | c & d;
const ANY: Function = |[a, b, c, d]| a | b | c | d;

fn lut(function: Function, inputs: &[Bit], output: Bit) -> Cell {
    let ports = ["I0", "I1", "I2", "I3"];
    // Most significant bit first, which is the answer to all ones.
    let known = |row: usize| std::array::from_fn(|i| row >> i & 1 == 1);
    let table: String =
        (0..16).rev().map(|row| if function(known(row)) { '1' } else { '0' }).collect();
    Cell {
        hide_name: 0,
        kind: "SB_LUT4".into(),
        parameters: std::iter::once(("LUT_INIT", Value::Text(table))).collect(),
        attributes: Entries::default(),
        port_directions: ports
            .into_iter()
            .map(|port| (port, PortDirection::Input))
            .chain([("O", PortDirection::Output)])
            .collect(),
        connections: ports
            .into_iter()
            .enumerate()
            .map(|(index, port)| (port, vec![inputs.get(index).copied().unwrap_or(Bit::Zero)]))
            .chain([("O", vec![output])])
            .collect(),
    }
}

fn source_only(attributes: &Entries<Value>) -> Entries<Value> {
    attributes.get("src").map(|source| ("src", source.clone())).into_iter().collect()
}

/// The `src` attribute of each net: of its name in the source.
fn sources_of_nets(module: &Module) -> Vec<Option<&str>> {
    let mut sources = vec![None; module.net_count() as usize];
    for (_, name) in module.netnames.iter() {
        if let Some(source) = name.attributes.get("src").and_then(Value::text) {
            for net in name.bits.iter().filter_map(|bit| bit.net()) {
                let slot = &mut sources[net as usize];
                if slot.is_none() || name.hide_name == 0 {
                    *slot = Some(source);
                }
            }
        }
    }
    sources
}

/// Characters that mean nothing to any tool or file format on the way.
fn tidy(name: &str) -> String {
    name.chars()
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '.' | '[' | ']' | '$' | ':' => c,
            _ => '_',
        })
        .collect()
}

fn unique(name: String, taken: &mut BTreeSet<String>) -> String {
    let mut candidate = name.clone();
    for number in 2.. {
        if taken.insert(candidate.clone()) {
            break;
        }
        candidate = format!("{name}~{number}");
    }
    candidate
}

#[cfg(test)]
mod tests {
    use super::*;
    use PortDirection::{Input, Output};
    use filbench_model::ClockEdge;

    fn port(direction: PortDirection, bits: &[Bit]) -> Port {
        Port { direction, bits: bits.to_vec() }
    }

    /// A cell with one-bit inputs and an output `O`.
    fn cell(kind: &str, inputs: &[(&str, Bit)], output: Bit) -> Cell {
        Cell {
            hide_name: 0,
            kind: kind.into(),
            parameters: Entries::default(),
            attributes: [("src", "design.v:1"), ("keep", "1"), ("module_not_derived", "1")]
                .into_iter()
                .map(|(name, value)| (name, Value::Text(value.into())))
                .collect(),
            port_directions: inputs
                .iter()
                .map(|(port, _)| (*port, Input))
                .chain([("O", Output)])
                .collect(),
            connections: inputs
                .iter()
                .map(|(port, bit)| (*port, vec![*bit]))
                .chain([("O", vec![output])])
                .collect(),
        }
    }

    /// Live inputs on nets 0 to 7, outputs on nets 10 to 17, each seen by a cell.
    fn fixture() -> Fixture {
        let nets = |range: std::ops::Range<u32>| range.map(Bit::Net).collect::<Vec<_>>();
        let mut module = Module::default();
        for (index, net) in nets(10..18).into_iter().enumerate() {
            module.cells.push(
                format!("see{index}"),
                cell("SEE", &[("I", net)], Bit::Net(20 + index as u32)),
            );
        }
        module.netnames.push(
            "outputs",
            NetName { hide_name: 0, bits: nets(10..18), attributes: Entries::default() },
        );
        module.netnames.push(
            "live",
            NetName { hide_name: 0, bits: nets(0..8), attributes: Entries::default() },
        );
        Fixture { module, inputs: nets(0..8), selected: Vec::new(), outputs: nets(10..18) }
    }

    /// `y` = [an inverter of `a`, `b` passed on, constant 1, x, nothing].
    fn design() -> Module {
        let net = Bit::Net;
        let mut module = Module::default();
        module.ports.push("clk", port(Input, &[net(2)]));
        module.ports.push("a", port(Input, &[net(3)]));
        module.ports.push("b", port(Input, &[net(4)]));
        module.ports.push("y", port(Output, &[net(5), net(4), Bit::One, Bit::X, net(6)]));
        module
            .cells
            .push("odd \n\"name", cell("SB_LUT4", &[("I0", net(3)), ("I1", Bit::X)], net(5)));
        module.cells.push("odd_\t'name", cell("SB_DFF", &[("C", net(2)), ("D", net(6))], net(7)));
        module.cells.push("scope", cell("$scopeinfo", &[], Bit::Zero));
        module
    }

    fn linked(clocks: &[ClockUse]) -> Module {
        let design = design();
        let mut linker = Linker::new(fixture());
        linker.add(&design, Slot::Alone, &[0, 1, 2], clocks);
        linker.finish()
    }

    fn seen(module: &Module) -> Vec<Bit> {
        (0..8).map(|i| module.cells.get(&format!("see{i}")).unwrap().bits("I")[0]).collect()
    }

    #[test]
    fn outputs_of_every_kind_reach_the_fixture() {
        let module = linked(&[]);
        let inverter = module.cells.get("dut.odd___name").unwrap();
        let [Bit::Net(inverted)] = inverter.bits("O") else { panic!("{inverter:?}") };
        assert!(*inverted >= 28, "a net of its own");
        assert_eq!(inverter.bits("I0"), [Bit::Net(1)], "the live input `a`");
        assert_eq!(inverter.bits("I1"), [Bit::Zero], "x is 0");
        let zero = Bit::Zero;
        assert_eq!(
            seen(&module),
            [Bit::Net(*inverted), Bit::Net(2), Bit::One, zero, zero, zero, zero, zero]
        );
    }

    #[test]
    fn nothing_of_the_designs_own_making_is_left() {
        let module = linked(&[]);
        let names: Vec<&str> = module
            .cells
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|n| !n.starts_with("see"))
            .collect();
        assert_eq!(names, ["dut.odd___name", "dut.odd___name~2"]);
        for (_, cell) in module.cells.iter() {
            let attributes: Vec<&str> = cell.attributes.iter().map(|(n, _)| n.as_str()).collect();
            let expected: &[&str] = if cell.kind == "SEE" { &[] } else { &["src"] };
            assert_eq!(attributes, expected);
        }
        // The undriven data input is 0; nets of the design have one name each.
        assert_eq!(module.cells.get("dut.odd___name~2").unwrap().bits("D"), [Bit::Zero]);
        let names: Vec<&str> = module.netnames.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["live", "dut.net_5", "dut.net_7"]);
    }

    #[test]
    fn clocks_go_through_a_driver() {
        let module = linked(&[ClockUse { input_bit: 0, edge: ClockEdge::Rising }]);
        let driver = module.cells.get("clock_driver.clk").unwrap();
        assert_eq!((driver.kind.as_str(), driver.bits("I0")), ("SB_LUT4", &[Bit::Net(0)][..]));
        let clocked = module.cells.get("dut.odd___name~2").unwrap();
        assert_eq!(clocked.bits("C"), driver.bits("O"));
        assert_eq!(module.netnames.get("clock_driver.clk").unwrap().bits, driver.bits("O"));
    }

    #[test]
    fn a_pass_through_of_a_clock_comes_from_its_driver() {
        let module = linked(&[ClockUse { input_bit: 2, edge: ClockEdge::Both }]);
        let driver = module.cells.get("clock_driver.b").unwrap();
        assert_eq!(seen(&module)[1..2], *driver.bits("O"));
    }

    /// Live inputs on nets 0 and 1, three slots on nets 2 to 4, outputs on nets 5 and 6.
    fn shared_fixture() -> Fixture {
        let mut module = Module::default();
        for net in 5..7 {
            module
                .cells
                .push(format!("see{net}"), cell("SEE", &[("I", Bit::Net(net))], Bit::Net(net + 2)));
        }
        let nets = |range: std::ops::Range<u32>| range.map(Bit::Net).collect::<Vec<_>>();
        module.netnames.push(
            "all",
            NetName { hide_name: 0, bits: nets(0..5), attributes: Entries::default() },
        );
        Fixture { module, inputs: nets(0..2), selected: nets(2..5), outputs: nets(5..7) }
    }

    /// Inputs `a` (player bit 1) and `clk` (player bit 0); `y` is as stated.
    fn small(y: &[Bit]) -> Module {
        let net = Bit::Net;
        let mut module = Module::default();
        module.ports.push("a", port(Input, &[net(2)]));
        module.ports.push("clk", port(Input, &[net(3)]));
        module.ports.push("y", port(Output, y));
        module.cells.push("not", lut(|[a, ..]| !a, &[net(2)], net(4)));
        module.cells.push("q", cell("SB_DFF", &[("C", net(3)), ("D", net(4))], net(5)));
        module
    }

    fn shared() -> Module {
        let net = Bit::Net;
        let mut linker = Linker::new(shared_fixture());
        let clocks = [ClockUse { input_bit: 1, edge: ClockEdge::Rising }];
        let designs =
            [small(&[net(4), net(2)]), small(&[net(2), Bit::One]), small(&[Bit::One, net(4)])];
        for (number, design) in designs.iter().enumerate() {
            linker.add(design, Slot::Shared(number as u8), &[1, 0], &clocks);
        }
        linker.finish()
    }

    /// What every net is when the fixture's nets 0 to 4 are as stated and flip-flops
    /// hold 0.
    fn settle(module: &Module, known: [bool; 5]) -> Vec<bool> {
        let mut nets = vec![false; module.net_count() as usize];
        nets[..5].copy_from_slice(&known);
        let value = |bit: Bit, nets: &[bool]| match bit {
            Bit::Net(net) => nets[net as usize],
            bit => bit == Bit::One,
        };
        // As many rounds as a chain through all cells would need.
        for _ in 0..module.cells.len() {
            for (_, cell) in module.cells.iter().filter(|(_, cell)| cell.kind == "SB_LUT4") {
                let row = ["I0", "I1", "I2", "I3"]
                    .iter()
                    .enumerate()
                    .map(|(i, port)| usize::from(value(cell.bits(port)[0], &nets)) << i)
                    .sum::<usize>();
                let table = cell.parameter("LUT_INIT").unwrap();
                let [Bit::Net(output)] = cell.bits("O") else { panic!("{cell:?}") };
                nets[*output as usize] = table.as_bytes()[15 - row] == b'1';
            }
        }
        nets
    }

    #[test]
    fn the_selected_design_is_seen_and_the_others_see_zeros() {
        let module = shared();
        let names = |name: &str| module.netnames.get(name).unwrap().bits[0].net().unwrap() as usize;
        for inputs in 0..4 {
            let (clk, a) = (inputs & 1 == 1, inputs & 2 == 2);
            for slot in 0..3 {
                let nets = settle(&module, [clk, a, slot == 0, slot == 1, slot == 2]);
                let seen = [5, 6].map(|net| {
                    match module.cells.get(&format!("see{net}")).unwrap().bits("I")[0] {
                        Bit::Net(net) => nets[net as usize],
                        bit => bit == Bit::One,
                    }
                });
                assert_eq!(seen, [[!a, a], [a, true], [true, !a]][slot], "slot {slot}");
                for number in 0..3 {
                    let chosen = number == slot;
                    assert_eq!(nets[names(&format!("gate.{number}.a"))], a && chosen);
                    assert_eq!(nets[names(&format!("clock_driver.{number}.clk"))], clk && chosen);
                }
            }
        }
    }

    #[test]
    fn slots_have_names_of_their_own_and_no_live_input() {
        let module = shared();
        for number in 0..3 {
            let flip_flop = module.cells.get(&format!("dut{number}.q")).unwrap();
            let driver = module.cells.get(&format!("clock_driver.{number}.clk")).unwrap();
            assert_eq!(flip_flop.bits("C"), driver.bits("O"));
            assert_eq!(driver.bits("I1"), [Bit::Net(2 + number)]);
        }
        for (name, cell) in module.cells.iter().filter(|(name, _)| name.starts_with("dut")) {
            for (_, bits) in cell.ports(Input) {
                assert!(bits.iter().all(|bit| bit.net().is_none_or(|net| net > 1)), "{name}");
            }
        }
        // An input that nothing reads has no gate.
        let unused = |y: &[Bit]| {
            let mut linker = Linker::new(shared_fixture());
            let mut design = small(y);
            design.cells.retain(|name, _| name != "not");
            linker.add(&design, Slot::Shared(0), &[1, 0], &[]);
            let module = linker.finish();
            (module.cells.get("gate.0.a").is_none(), module.cells.get("gate.0.clk").is_some())
        };
        assert_eq!(unused(&[Bit::Net(5)]), (true, true));
        assert_eq!(unused(&[Bit::Net(2)]), (false, true));
    }
}
