//! The plain engine: everything is evaluated in every round. It is slow and
//! simple, and the oracle for the fast one.

use std::sync::Arc;

use super::order::{Rank, combinational_ranks};
use super::{Engine, Oscillation, Ran, Unsettled, rounds_max};
use crate::cells::mac16::{Mac16Inputs, Mac16State};
use crate::cells::{block_ram, spram};
use crate::netlist::{BlockRam, Clock, Lut, Mac16, Net, Netlist, RamPort, SetReset, Spram};

/// A netlist and its state.
pub struct PlainEngine {
    netlist: Arc<Netlist>,
    ranks: Vec<Rank>,
    /// Value of each net.
    value: Vec<bool>,
    /// Values before the current round.
    before: Vec<bool>,
    block_rams: Vec<Vec<u16>>,
    sprams: Vec<Vec<u16>>,
    mac16s: Vec<Mac16State>,
}

/// A number from nets, the first being bit 0.
fn gather(value: &[bool], nets: &[Net]) -> u32 {
    nets.iter().enumerate().fold(0, |n, (k, net)| n | u32::from(value[net.index()]) << k)
}

fn scatter(value: &mut [bool], nets: &[Net], number: u64) -> bool {
    let mut changed = false;
    for (k, net) in nets.iter().enumerate() {
        let bit = number >> k & 1 != 0;
        changed |= value[net.index()] != bit;
        value[net.index()] = bit;
    }
    changed
}

fn mac16_inputs(value: &[bool], mac: &Mac16) -> Mac16Inputs {
    let word = |k: usize| gather(value, &mac.inputs[16 * k..16 * k + 16]) as u16;
    Mac16Inputs { a: word(0), b: word(1), c: word(2), d: word(3), control: word(4) }
}

fn lut_output(value: &[bool], lut: &Lut) -> bool {
    lut.table >> gather(value, &lut.inputs) & 1 != 0
}

impl PlainEngine {
    /// Powers the netlist up: flip-flops 0, block RAMs as configured, pads as
    /// `inputs` says.
    ///
    /// # Errors
    /// When the netlist does not settle.
    pub fn new(netlist: Arc<Netlist>, inputs: &[(Net, bool)]) -> Result<PlainEngine, Unsettled> {
        let ranks = combinational_ranks(&netlist);
        let mut value = vec![false; netlist.net_count];
        value[Net::ONE.index()] = true;
        for &(net, bit) in inputs {
            value[net.index()] = bit;
        }
        let mut engine = PlainEngine {
            ranks,
            before: value.clone(),
            value,
            block_rams: netlist.block_rams.iter().map(|r| r.init.clone()).collect(),
            sprams: vec![vec![0; spram::WORDS]; netlist.sprams.len()],
            mac16s: vec![Mac16State::default(); netlist.mac16s.len()],
            netlist,
        };
        engine.settle()?;
        Ok(engine)
    }

    /// Value of any net.
    pub fn value(&self, net: Net) -> bool {
        self.value[net.index()]
    }

    /// Evaluates one combinational node; says whether it changed anything.
    fn evaluate(&mut self, node: u32) -> bool {
        let luts = &self.netlist.luts;
        match luts.get(node as usize) {
            Some(lut) => {
                let output = u64::from(lut_output(&self.value, lut));
                scatter(&mut self.value, &[lut.output], output)
            }
            None => {
                let k = node as usize - luts.len();
                let mac = &self.netlist.mac16s[k];
                let inputs = mac16_inputs(&self.value, mac);
                let output = self.mac16s[k].output(&mac.config, &inputs);
                scatter(&mut self.value, &mac.outputs, output)
            }
        }
    }

    fn settle_combinational(&mut self) -> Result<(), Unsettled> {
        let ranks = std::mem::take(&mut self.ranks);
        let mut result = Ok(());
        for rank in &ranks {
            match rank {
                Rank::Single(node) => {
                    self.evaluate(*node);
                }
                Rank::Loop(nodes) => {
                    if let Err(error) = self.sweep(nodes) {
                        result = Err(error);
                        break;
                    }
                }
            }
        }
        self.ranks = ranks;
        result
    }

    /// Evaluates the nodes of a loop in order, again and again, until none
    /// changes.
    fn sweep(&mut self, nodes: &[u32]) -> Result<(), Unsettled> {
        let rounds = rounds_max(nodes.len());
        for _ in 0..rounds {
            let mut changed = false;
            for &node in nodes {
                changed |= self.evaluate(node);
            }
            if !changed {
                return Ok(());
            }
        }
        let lut = self.netlist.luts.get(nodes[0] as usize);
        Err(Unsettled { kind: Oscillation::Loop, rounds, near: lut.and_then(|lut| lut.at) })
    }

    /// Applies the sets and resets that act by level, all at the same moment;
    /// says whether that changed anything.
    fn set_and_reset(&mut self) -> bool {
        let mut changed = false;
        let netlist = Arc::clone(&self.netlist);
        let levels = self.value.clone();
        for ff in &netlist.ffs {
            if ff.set_reset_kind == SetReset::Asynchronous && levels[ff.set_reset.index()] {
                changed |= scatter(&mut self.value, &[ff.q], u64::from(ff.set_value));
            }
        }
        for (mac, state) in netlist.mac16s.iter().zip(&mut self.mac16s) {
            let before = *state;
            state.reset(&mac16_inputs(&levels, mac));
            changed |= *state != before;
        }
        for spram in &netlist.sprams {
            if is_off(&levels, spram) {
                changed |= scatter(&mut self.value, &spram.data_out, 0);
            }
        }
        changed
    }

    fn settle(&mut self) -> Result<(), Unsettled> {
        let rounds = rounds_max(self.netlist.ffs.len());
        for _ in 0..rounds {
            self.settle_combinational()?;
            if !self.set_and_reset() {
                return Ok(());
            }
        }
        Err(Unsettled { kind: Oscillation::SetReset, rounds, near: None })
    }

    fn has_edge(&self, clock: Clock) -> bool {
        let k = clock.net.index();
        self.value[k] != self.before[k] && self.value[k] != clock.falling
    }

    /// Clocks whatever has an edge, from the values before the round.
    fn clock_edges(&mut self) -> bool {
        let netlist = Arc::clone(&self.netlist);
        let mut clocked = false;
        // All reads before all writes, of nets and of memories.
        let mut nets: Vec<(Net, bool)> = Vec::new();
        let drive = |nets: &mut Vec<(Net, bool)>, to: &[Net], number: u64| {
            nets.extend(to.iter().enumerate().map(|(k, &net)| (net, number >> k & 1 != 0)));
        };
        let before = |net: Net| self.before[net.index()];
        for ff in &netlist.ffs {
            if !self.has_edge(ff.clock) {
                continue;
            }
            clocked = true;
            if ff.set_reset_kind == SetReset::Asynchronous && self.value(ff.set_reset) {
                nets.push((ff.q, ff.set_value));
            } else if before(ff.enable) {
                let next = if before(ff.set_reset) { ff.set_value } else { before(ff.d) };
                nets.push((ff.q, next));
            }
        }
        for (ram, words) in netlist.block_rams.iter().zip(&self.block_rams) {
            if self.has_edge(ram.read.clock) {
                clocked = true;
                if port_is_enabled(&self.before, &ram.read) {
                    let address = gather(&self.before, &ram.read.address) as u16;
                    let data = block_ram::read(words, ram.read.mode, address);
                    drive(&mut nets, &ram.read_data, u64::from(data));
                }
            }
        }
        for (spram, words) in netlist.sprams.iter().zip(&self.sprams) {
            if self.has_edge(spram.clock) {
                clocked = true;
                if spram_access(&self.before, &self.value, spram) == Some(Access::Read) {
                    let address = gather(&self.before, &spram.address) as usize;
                    drive(&mut nets, &spram.data_out, u64::from(words[address]));
                }
            }
        }
        for k in 0..netlist.block_rams.len() {
            let ram = &netlist.block_rams[k];
            if self.has_edge(ram.write.clock) {
                clocked = true;
                self.write_block_ram(k, ram);
            }
        }
        for (k, spram) in netlist.sprams.iter().enumerate() {
            if self.has_edge(spram.clock)
                && spram_access(&self.before, &self.value, spram) == Some(Access::Write)
            {
                let address = gather(&self.before, &spram.address) as usize;
                let data = gather(&self.before, &spram.data_in) as u16;
                let bits = spram::write_bits(gather(&self.before, &spram.mask) as u8);
                let word = &mut self.sprams[k][address];
                *word = *word & !bits | data & bits;
            }
        }
        for (k, mac) in netlist.mac16s.iter().enumerate() {
            if self.has_edge(mac.clock) {
                clocked = true;
                let inputs = mac16_inputs(&self.before, mac);
                let mut next = self.mac16s[k].clocked(&mac.config, &inputs);
                // As a flip-flop, it is still reset by what was let go in this round.
                next.reset(&inputs);
                next.reset(&mac16_inputs(&self.value, mac));
                self.mac16s[k] = next;
            }
        }
        self.before.copy_from_slice(&self.value);
        for (net, bit) in nets {
            self.value[net.index()] = bit;
        }
        clocked
    }

    fn write_block_ram(&mut self, k: usize, ram: &BlockRam) {
        if !port_is_enabled(&self.before, &ram.write) {
            return;
        }
        let word = |nets: &[Net]| gather(&self.before, nets) as u16;
        let (place, value) = block_ram::written(
            &self.block_rams[k],
            ram.write.mode,
            word(&ram.write.address),
            word(&ram.write_data),
            word(&ram.write_mask),
        );
        self.block_rams[k][place] = value;
    }
}

fn port_is_enabled(value: &[bool], port: &RamPort) -> bool {
    value[port.enable.index()] && value[port.clock_enable.index()]
}

/// `off` of the cell model.
fn is_off(value: &[bool], spram: &Spram) -> bool {
    value[spram.sleep.index()] || !value[spram.power_off_n.index()]
}

#[derive(PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

fn spram_access(before: &[bool], now: &[bool], spram: &Spram) -> Option<Access> {
    if is_off(now, spram) || before[spram.standby.index()] || !before[spram.chip_select.index()] {
        None
    } else if before[spram.write_enable.index()] {
        Some(Access::Write)
    } else {
        Some(Access::Read)
    }
}

impl Engine for PlainEngine {
    fn set(&mut self, changes: &[(Net, bool)]) -> Result<(), Unsettled> {
        self.before.copy_from_slice(&self.value);
        for &(net, bit) in changes {
            self.value[net.index()] = bit;
        }
        let rounds = rounds_max(self.netlist.ffs.len());
        for _ in 0..rounds {
            self.settle()?;
            if !self.clock_edges() {
                return Ok(());
            }
        }
        Err(Unsettled { kind: Oscillation::Clock, rounds, near: None })
    }

    fn run_cycles(&mut self, clock: Net, cycles: u64, watch: [Net; 2]) -> Result<Ran, Unsettled> {
        super::run_cycles_of_pins(self, clock, cycles, watch)
    }

    fn pad_value(&self, net: Net) -> bool {
        self.value(net)
    }

    fn net_value(&self, net: Net) -> Option<bool> {
        Some(self.value(net))
    }

    fn flip_flops(&self) -> Vec<bool> {
        self.netlist.ffs.iter().map(|ff| self.value(ff.q)).collect()
    }

    fn block_ram(&self, index: usize) -> &[u16] {
        &self.block_rams[index]
    }

    fn spram(&self, index: usize) -> &[u16] {
        &self.sprams[index]
    }

    fn mac16(&self, index: usize) -> [u32; 6] {
        self.mac16s[index].words()
    }

    fn flip_block_ram(&mut self, index: usize, word: u8, bit: u8) {
        self.block_rams[index][usize::from(word)] ^= 1 << (bit & 15);
    }
}
