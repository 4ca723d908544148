use super::{CLOCK_DRIVER_PREFIX, DESIGN_PREFIX};
use crate::events::ClockUse;
use crate::fixture::Fixture;
use crate::netlist::{Bit, Cell, Drivers, Entries, Module, Names, NetName, PortDirection, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A look-up table that passes I0 on.
const BUFFER: &str = "1010101010101010";

/// A design and a fixture on the way into one netlist.
pub(super) struct Linker<'a> {
    design: &'a Module,
    module: Module,
    /// The fixture's net of each player output bit.
    outputs: Vec<Bit>,
    /// For each net of the design what it is in the whole; `Zero` for nets that
    /// nothing drives.
    nets: Vec<Bit>,
    next_net: u32,
}

impl<'a> Linker<'a> {
    /// Gives every net of `design` its place; `input_map` says which player bit
    /// each input bit is.
    pub(super) fn new(design: &'a Module, fixture: Fixture, input_map: &[u16]) -> Self {
        let mut next_net = fixture.module.net_count();
        let drivers = Drivers::of(design);
        let mut nets: Vec<Bit> = (0..drivers.net_count() as u32)
            .map(|net| match drivers.get(net) {
                Some(_) => {
                    next_net += 1;
                    Bit::Net(next_net - 1)
                }
                None => Bit::Zero,
            })
            .collect();
        let input_bits = design
            .ports
            .iter()
            .filter(|(_, port)| port.direction == PortDirection::Input)
            .flat_map(|(_, port)| &port.bits);
        for (bit, &player_bit) in input_bits.zip(input_map) {
            if let Bit::Net(net) = *bit {
                nets[net as usize] = fixture.inputs[usize::from(player_bit)];
            }
        }
        Self { design, module: fixture.module, outputs: fixture.outputs, nets, next_net }
    }

    fn translate(&self, bit: Bit) -> Bit {
        match bit {
            Bit::Net(net) => self.nets[net as usize],
            Bit::One => Bit::One,
            // Synthesis was free to choose; everything settles on 0 here.
            Bit::Zero | Bit::X | Bit::Z => Bit::Zero,
        }
    }

    /// Puts a buffer before every input that clocks the design: the seam at
    /// which bursts can be gated, and a net whose name says which clock it is.
    pub(super) fn add_clock_drivers(&mut self, clocks: &[ClockUse]) {
        let mut taken = BTreeSet::new();
        let inputs: Vec<(String, Bit)> = self
            .design
            .ports
            .iter()
            .filter(|(_, port)| port.direction == PortDirection::Input)
            .flat_map(|(name, port)| {
                let width = port.bits.len();
                port.bits.iter().enumerate().map(move |(index, bit)| {
                    let name = if width == 1 { name.clone() } else { format!("{name}[{index}]") };
                    (name, *bit)
                })
            })
            .collect();
        for clock in clocks {
            let (port, bit) = &inputs[clock.input_bit];
            let Bit::Net(net) = *bit else { continue };
            let name = unique(format!("{CLOCK_DRIVER_PREFIX}{}", tidy(port)), &mut taken);
            let output = Bit::Net(self.next_net);
            self.next_net += 1;
            let live = std::mem::replace(&mut self.nets[net as usize], output);
            self.module.netnames.push(
                name.clone(),
                NetName { hide_name: 0, bits: vec![output], attributes: Entries::default() },
            );
            self.module.cells.push(name, buffer(live, output));
        }
    }

    /// Takes the design's cells over; what is Yosys' own by now (`$scopeinfo`) only
    /// describes.
    pub(super) fn add_cells(&mut self) {
        let mut taken = BTreeSet::new();
        for (name, cell) in self.design.cells.iter() {
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
                        let bits: Vec<Bit> = bits.iter().map(|b| self.translate(*b)).collect();
                        (port.clone(), bits)
                    })
                    .collect(),
            };
            let name = unique(format!("{DESIGN_PREFIX}{}", tidy(name)), &mut taken);
            self.module.cells.push(name, linked);
        }
    }

    /// One name for each net inside the design. Its inputs are nets of the
    /// fixture and keep the fixture's names.
    pub(super) fn add_names(&mut self) {
        let netlist = self.design;
        let names = Names::of(netlist);
        let drivers = Drivers::of(netlist);
        let sources = sources_of_nets(netlist);
        let mut taken = BTreeSet::new();
        for net in 0..drivers.net_count() as u32 {
            if drivers.get(net).is_none() {
                continue;
            }
            let name = unique(format!("{DESIGN_PREFIX}{}", tidy(&names.get(net))), &mut taken);
            let attributes = sources[net as usize]
                .map(|text| ("src", Value::Text(text.to_owned())))
                .into_iter()
                .collect();
            self.module.netnames.push(
                name,
                NetName { hide_name: 0, bits: vec![self.nets[net as usize]], attributes },
            );
        }
    }

    /// Ties the design's outputs to the fixture, and what is unused to 0.
    pub(super) fn finish(mut self) -> Module {
        let design_outputs = self
            .design
            .ports
            .iter()
            .filter(|(_, port)| port.direction == PortDirection::Output)
            .flat_map(|(_, port)| port.bits.iter().map(|bit| self.translate(*bit)))
            .chain(std::iter::repeat(Bit::Zero));
        let replaced: BTreeMap<u32, Bit> = self
            .outputs
            .iter()
            .zip(design_outputs)
            .filter_map(|(output, value)| Some((output.net()?, value)))
            .collect();
        for (name, cell) in self.module.cells.iter_mut() {
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
            if !name.starts_with(DESIGN_PREFIX) {
                cell.attributes = Entries::default();
            }
        }
        self.module.netnames.retain(|_, name| {
            name.bits.iter().all(|bit| bit.net().is_none_or(|net| !replaced.contains_key(&net)))
        });
        for (name, net) in self.module.netnames.iter_mut() {
            if !name.starts_with(DESIGN_PREFIX) {
                net.attributes = Entries::default();
            }
        }
        self.module.attributes = std::iter::once(("top", Value::Text("1".into()))).collect();
        tracing::debug!(cells = self.module.cells.len(), "netlist.linked");
        self.module
    }
}

fn buffer(input: Bit, output: Bit) -> Cell {
    let inputs = ["I0", "I1", "I2", "I3"];
    Cell {
        hide_name: 0,
        kind: "SB_LUT4".into(),
        parameters: std::iter::once(("LUT_INIT", Value::Text(BUFFER.into()))).collect(),
        attributes: Entries::default(),
        port_directions: inputs
            .into_iter()
            .map(|port| (port, PortDirection::Input))
            .chain([("O", PortDirection::Output)])
            .collect(),
        connections: inputs
            .into_iter()
            .map(|port| {
                let bit = if port == "I0" { input } else { Bit::Zero };
                (port, vec![bit])
            })
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
    use crate::netlist::Port;
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
        Fixture { module, inputs: nets(0..8), outputs: nets(10..18) }
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
        let mut linker = Linker::new(&design, fixture(), &[0, 1, 2]);
        linker.add_clock_drivers(clocks);
        linker.add_cells();
        linker.add_names();
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
}
