//! The event-driven engine: only what changes is evaluated.
//!
//! In a design that does anything sensible some five in a hundred LUTs see an
//! input change in a cycle. So nothing is evaluated because it is there: a
//! signal that toggles inverts one bit in the word of each of its readers
//! (`tables.rs`) and marks the word dirty, and only dirty words are looked at.
//!
//! What clocks sample is what stood before the round: at the start of a round
//! the words of clocked cells that have changed since are copied to `held`,
//! and edges read them there. A copied word stays `pending` for its own clock
//! until that has an edge; a clocked cell none of whose words is pending would
//! take what it already has.
//!
//! If a cycle of the clock finds nothing pending, no further one will: time
//! may jump to the next change of a pin.

mod build;
mod edge;
mod settle;
mod simplify;
mod tables;

use std::sync::Arc;

use self::build::{Built, build};
use self::edge::Edge;
use self::settle::mark;
use self::simplify::simplify;
use self::tables::{
    Asynchronous, ClockWord, DIRTY, Group, MacUnit, SpramPort, Tables, WORDS, WideRead, zeroed,
};
use super::{Engine, Oscillation, Ran, Unsettled, rounds_max};
use crate::cells::mac16::Mac16State;
use crate::cells::spram;
use crate::netlist::{Net, Netlist};

/// A netlist and its state.
pub struct EventEngine {
    t: Tables,
    words: Box<[u64; WORDS]>,
    /// Words of clocked cells as they stood before the round.
    held: Box<[u64; WORDS]>,
    /// Words that have changed and were not looked at.
    dirty: Box<[u64; DIRTY]>,
    /// Each table's output.
    outputs: Box<[u64; DIRTY]>,
    /// Words in `held` that their clock has not seen.
    pending: Box<[u64; DIRTY]>,
    groups: Vec<Group>,
    wide_reads: Vec<WideRead>,
    block_rams: Vec<Vec<u16>>,
    write_modes: Vec<u8>,
    spram_ports: Vec<SpramPort>,
    sprams: Vec<Vec<u16>>,
    mac_units: Vec<MacUnit>,
    mac_states: Vec<Mac16State>,
    clocks: Vec<ClockWord>,
    edge: Edge,
    /// Sets and resets that have changed, with their words; empty between two
    /// passes.
    levels: Vec<(Asynchronous, u64)>,
}

impl EventEngine {
    /// Powers the netlist up: flip-flops 0, block RAMs as configured, pads as
    /// `inputs` says. `None` when the netlist has more clocks than the engine
    /// can number; the plain engine runs it.
    ///
    /// # Errors
    /// When the netlist does not settle.
    pub fn new(
        netlist: &Arc<Netlist>,
        inputs: &[(Net, bool)],
    ) -> Result<Option<EventEngine>, Unsettled> {
        let simplified = simplify(netlist);
        let Ok(built) = build(netlist, &simplified) else {
            return Ok(None);
        };
        let Built { tables, groups, wide_reads, spram_ports, mac_units, clocks, one } = built;
        let edge = Edge::new(groups.len());
        let mut engine = EventEngine {
            t: tables,
            words: zeroed(),
            held: zeroed(),
            dirty: zeroed(),
            outputs: zeroed(),
            pending: zeroed(),
            groups,
            wide_reads,
            block_rams: netlist.block_rams.iter().map(|r| r.init.clone()).collect(),
            write_modes: netlist.block_rams.iter().map(|r| r.write.mode).collect(),
            spram_ports,
            sprams: vec![vec![0; spram::WORDS]; netlist.sprams.len()],
            mac_units,
            mac_states: vec![Mac16State::default(); netlist.mac16s.len()],
            clocks,
            edge,
            levels: Vec::new(),
        };
        engine.toggle(one);
        for &(net, level) in inputs {
            if level != engine.pad_value(net)
                && let Some(signal) = engine.t.input_signals[net.index()]
            {
                engine.toggle(signal);
            }
        }
        let combinational = engine.t.word_kinds.len();
        let first = engine.t.first_asynchronous;
        let asynchronous = first..first + engine.t.asynchronous.len();
        let clocked = engine.t.domains.iter().flat_map(|domain| {
            (domain.data..domain.data + domain.groups)
                .chain(domain.control..domain.control + domain.groups)
                .chain(domain.others..domain.others + domain.items.len())
        });
        for word in (0..combinational).chain(asynchronous).chain(clocked) {
            mark(&mut engine.dirty, word as u16);
        }
        engine.settle()?;
        for clock in &mut engine.clocks {
            clock.level = engine.words[usize::from(clock.word)] & 1 != 0;
        }
        engine.clear_clocks();
        Ok(Some(engine))
    }

    fn clear_clocks(&mut self) {
        let first = self.t.first_clock / 64;
        for block in first..first + self.clocks.len().div_ceil(64) {
            self.dirty[block] = 0;
        }
    }

    /// Settles, and runs the rounds of the edges that arise.
    #[inline(always)]
    fn run_rounds(&mut self) -> Result<(), Unsettled> {
        let first = self.t.first_clock / 64;
        let blocks = self.clocks.len().div_ceil(64);
        let rounds = rounds_max(self.t.flip_flops.len());
        for _ in 0..rounds {
            self.settle()?;
            let mut edges = false;
            for block in 0..blocks {
                let mut dirty = std::mem::take(&mut self.dirty[(first + block) & (DIRTY - 1)]);
                while dirty != 0 {
                    let k = block * 64 + dirty.trailing_zeros() as usize;
                    dirty &= dirty - 1;
                    let clock = &mut self.clocks[k];
                    let level = self.words[usize::from(clock.word)] & 1 != 0;
                    if level != clock.level {
                        clock.level = level;
                        edges = true;
                        if let Some(domain) = clock.domains[usize::from(level)] {
                            self.collect::<false>(domain);
                        }
                    }
                }
            }
            if !edges {
                return Ok(());
            }
            // What stands now is what the next round's edges sample.
            self.sample();
            self.apply();
        }
        Err(Unsettled { kind: Oscillation::Clock, rounds, near: None })
    }

    /// The domains of `clock`, if nothing but flip-flops and memories reads it
    /// and it is low: then its edges need not run through the fabric.
    fn direct_domains(&self, clock: Net) -> Option<[Option<usize>; 2]> {
        let signal = usize::from(self.t.input_signals[clock.index()]?);
        let (first, end) = self.t.readers_of[signal];
        let pad = self.t.pad_words[clock.index()];
        let mut domains = [None; 2];
        for reader in &self.t.readers[usize::from(first)..usize::from(end)] {
            let word = usize::from(reader.word());
            let place = word.wrapping_sub(self.t.first_clock);
            match self.clocks.get(place) {
                Some(clock) if clock.level => return None,
                Some(clock) => domains = clock.domains,
                None if pad == Some(reader.word()) => {}
                None => return None,
            }
        }
        Some(domains)
    }

    /// One edge that goes straight to its domain. Says whether anything was
    /// pending for it.
    #[inline(always)]
    fn direct_edge(&mut self, domain: Option<usize>) -> Result<bool, Unsettled> {
        let Some(domain) = domain else {
            return Ok(false);
        };
        self.sample_beside(domain);
        if !self.collect::<true>(domain) {
            return Ok(false);
        }
        self.apply();
        self.run_rounds()?;
        Ok(true)
    }
}

impl Engine for EventEngine {
    fn set(&mut self, changes: &[(Net, bool)]) -> Result<(), Unsettled> {
        self.sample();
        for &(net, level) in changes {
            if self.pad_value(net) != level
                && let Some(signal) = self.t.input_signals[net.index()]
            {
                self.toggle(signal);
            }
        }
        self.run_rounds()
    }

    fn run_cycles(&mut self, clock: Net, cycles: u64, watch: [Net; 2]) -> Result<Ran, Unsettled> {
        let Some([falling, rising]) = self.direct_domains(clock) else {
            return super::run_cycles_of_pins(self, clock, cycles, watch);
        };
        let watch = watch.map(|net| usize::from(self.t.pad_words[net.index()].unwrap_or_default()));
        let levels = watch.map(|word| self.words[word] & 1);
        for done in 1..=cycles {
            let rise = self.direct_edge(rising)?;
            let fall = self.direct_edge(falling)?;
            if !rise && !fall {
                return Ok(Ran { cycles, quiescent: true });
            }
            if watch.map(|word| self.words[word] & 1) != levels {
                return Ok(Ran { cycles: done, quiescent: false });
            }
        }
        Ok(Ran { cycles, quiescent: false })
    }

    fn pad_value(&self, net: Net) -> bool {
        self.net_value(net).unwrap_or(false)
    }

    fn net_value(&self, net: Net) -> Option<bool> {
        self.t.pad_words[net.index()].map(|word| self.words[usize::from(word)] & 1 != 0)
    }

    fn flip_flops(&self) -> Vec<bool> {
        self.t.flip_flops.iter().map(|&(group, bit)| self.groups[group].q >> bit & 1 != 0).collect()
    }

    fn block_ram(&self, index: usize) -> &[u16] {
        &self.block_rams[index]
    }

    fn spram(&self, index: usize) -> &[u16] {
        &self.sprams[index]
    }

    fn mac16(&self, index: usize) -> [u32; 6] {
        self.mac_states[index].words()
    }

    fn flip_block_ram(&mut self, index: usize, word: u8, bit: u8) {
        let place = usize::from(word);
        let value = self.block_rams[index][place] ^ 1 << (bit & 15);
        self.store(index, place, value);
    }
}
