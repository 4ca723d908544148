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
mod simplify;
mod tables;

use std::sync::Arc;

use self::build::{Built, build};
use self::simplify::simplify;
use self::tables::{
    Asynchronous, ClockWord, DIRTY, Group, Item, MacUnit, OUTPUT_BIT, SegmentKind, SpramPort,
    Tables, WORDS, WideRead, WordKind, control, mac16_inputs, read_port, spram_port, spram_power,
    write_port, zeroed,
};
use super::{Engine, Oscillation, Ran, Unsettled, rounds_max};
use crate::cells::mac16::Mac16State;
use crate::cells::{block_ram, spram};
use crate::netlist::{Net, Netlist};

/// A netlist and its state.
pub struct EventEngine {
    t: Tables,
    words: Box<[u64; WORDS]>,
    /// Words of clocked cells as they stood before the round.
    held: Box<[u64; WORDS]>,
    /// Words that have changed and were not looked at.
    dirty: Box<[u64; DIRTY]>,
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

/// What the edges of a round do, collected before any of it is done.
#[derive(Default)]
struct Edge {
    /// Group, and which of its outputs toggle.
    groups: Vec<(u32, u64)>,
    /// Wide memory, and which of its outputs toggle.
    reads: Vec<(u32, u64)>,
    /// Block RAM and the word of its write port.
    writes: Vec<(u32, u64)>,
    /// SPRAM and its word.
    sprams: Vec<(u32, u64)>,
    macs: Vec<u32>,
}

#[inline(always)]
fn mark(bits: &mut [u64; DIRTY], word: u16) {
    bits[usize::from(word >> 6)] |= 1 << (word & 63);
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
        let mut engine = EventEngine {
            t: tables,
            words: zeroed(),
            held: zeroed(),
            dirty: zeroed(),
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
            edge: Edge::default(),
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

    /// Inverts a signal for all its readers.
    #[inline(always)]
    fn toggle(&mut self, signal: u16) {
        let (first, end) = self.t.readers_of[usize::from(signal)];
        for reader in &self.t.readers[first as usize..end as usize] {
            let word = reader.word();
            self.words[usize::from(word)] ^= reader.mask();
            mark(&mut self.dirty, word);
        }
    }

    /// Toggles the signals from `first` whose bits are set.
    #[inline(always)]
    fn toggle_all(&mut self, first: u16, mut bits: u64) {
        while bits != 0 {
            self.toggle(first.wrapping_add(bits.trailing_zeros() as u16));
            bits &= bits - 1;
        }
    }

    #[inline(always)]
    fn evaluate_table(&mut self, word: u16) {
        let k = usize::from(word);
        let value = self.words[k];
        let table = self.t.tables[k][(value >> 6 & 3) as usize] >> (value & 63);
        if (table ^ value >> 8) & 1 != 0 {
            self.words[k] = value ^ OUTPUT_BIT;
            self.toggle(word);
        }
    }

    fn evaluate_mac(&mut self, mac: usize) {
        let unit = &mut self.mac_units[mac];
        let word = usize::from(unit.word);
        let inputs = mac16_inputs(self.words[word], self.words[word + 1]);
        let output = self.mac_states[mac].output(&unit.config, &inputs);
        let changed = output ^ unit.output;
        unit.output = output;
        let first = unit.first_signal;
        self.toggle_all(first, changed);
    }

    /// Evaluates the dirty tables of a stretch of words, upwards.
    #[inline(always)]
    fn settle_tables(&mut self, start: usize, end: usize) {
        for block in start / 64..end.div_ceil(64) {
            let mut mask = u64::MAX;
            if block * 64 < start {
                mask <<= start & 63;
            }
            if block * 64 + 64 > end {
                mask &= (1 << (end & 63)) - 1;
            }
            loop {
                let dirty = self.dirty[block & (DIRTY - 1)] & mask;
                if dirty == 0 {
                    break;
                }
                self.dirty[block & (DIRTY - 1)] &= !(dirty & dirty.wrapping_neg());
                self.evaluate_table((block * 64) as u16 | dirty.trailing_zeros() as u16);
            }
        }
    }

    /// Whether word `word` is dirty; it no longer is.
    fn take_dirty(&mut self, word: usize) -> bool {
        let bit = 1 << (word & 63);
        let block = &mut self.dirty[word / 64];
        let was = *block & bit != 0;
        *block &= !bit;
        was
    }

    fn settle_loop(&mut self, start: usize, end: usize) -> Result<(), Unsettled> {
        let rounds = rounds_max(end - start);
        for _ in 0..rounds {
            let mut any = false;
            for word in start..end {
                if self.take_dirty(word) {
                    any = true;
                    match self.t.word_kinds[word] {
                        WordKind::Table => self.evaluate_table(word as u16),
                        WordKind::Mac(mac) => {
                            self.take_dirty(word + 1);
                            self.evaluate_mac(mac);
                        }
                    }
                }
            }
            if !any {
                return Ok(());
            }
        }
        Err(Unsettled {
            kind: Oscillation::Loop,
            rounds,
            near: self.t.table_at[start..end].iter().find_map(|at| *at),
        })
    }

    #[inline(always)]
    fn settle_combinational(&mut self) -> Result<(), Unsettled> {
        for k in 0..self.t.segments.len() {
            let segment = &self.t.segments[k];
            let (start, end) = (segment.words.start, segment.words.end);
            match segment.kind {
                SegmentKind::Tables => self.settle_tables(start, end),
                SegmentKind::Loop => self.settle_loop(start, end)?,
                SegmentKind::Mac(mac) => {
                    let (data, control) = (self.take_dirty(start), self.take_dirty(start + 1));
                    if data || control {
                        self.evaluate_mac(mac);
                    }
                }
            }
        }
        Ok(())
    }

    /// Settles what follows from signals and levels.
    #[inline(always)]
    fn settle(&mut self) -> Result<(), Unsettled> {
        let rounds = rounds_max(self.t.flip_flops.len());
        for _ in 0..rounds {
            self.settle_combinational()?;
            if !self.set_and_reset() {
                return Ok(());
            }
        }
        Err(Unsettled { kind: Oscillation::SetReset, rounds, near: None })
    }

    /// Applies the sets and resets that have changed, all at the same moment;
    /// says whether that changed anything else.
    #[inline(always)]
    fn set_and_reset(&mut self) -> bool {
        let first = self.t.first_asynchronous;
        let blocks = self.t.asynchronous.len().div_ceil(64);
        for block in 0..blocks {
            let mut dirty = std::mem::take(&mut self.dirty[first / 64 + block]);
            while dirty != 0 {
                let k = block * 64 + dirty.trailing_zeros() as usize;
                dirty &= dirty - 1;
                self.levels.push((self.t.asynchronous[k], self.words[first + k]));
            }
        }
        let mut changed = false;
        for k in 0..self.levels.len() {
            let (what, word) = self.levels[k];
            changed |= self.set_or_reset(what, word);
        }
        self.levels.clear();
        changed
    }

    fn set_or_reset(&mut self, what: Asynchronous, word: u64) -> bool {
        match what {
            Asynchronous::Group(k) => {
                let group = &mut self.groups[k];
                let toggles = if word & 1 != 0 { group.q ^ group.set } else { 0 };
                group.q ^= toggles;
                let first = group.first_signal;
                self.toggle_all(first, toggles);
                toggles != 0
            }
            Asynchronous::Mac(k) => {
                let before = self.mac_states[k];
                self.mac_states[k].reset(&mac16_inputs(0, word));
                let changed = self.mac_states[k] != before;
                if changed {
                    mark(&mut self.dirty, self.mac_units[k].word);
                    mark(&mut self.pending, self.mac_units[k].clocked_word);
                }
                changed
            }
            Asynchronous::Spram(k) => {
                let port = &mut self.spram_ports[k];
                // Once it is on again, it reads anew.
                mark(&mut self.pending, port.clocked_word);
                let toggles =
                    if spram_power::is_off(word) { std::mem::take(&mut port.current) } else { 0 };
                let first = port.first_signal;
                self.toggle_all(first, u64::from(toggles));
                toggles != 0
            }
        }
    }

    /// Copies the clocked cells' words that have changed.
    #[inline(always)]
    fn sample(&mut self) {
        let clocked = &self.t.clocked;
        for block in clocked.start / 64..clocked.end / 64 {
            let block = block & (DIRTY - 1);
            let mut dirty = std::mem::take(&mut self.dirty[block]);
            self.pending[block] |= dirty;
            while dirty != 0 {
                let word = (block * 64 + dirty.trailing_zeros() as usize) & (WORDS - 1);
                dirty &= dirty - 1;
                self.held[word] = self.words[word];
            }
        }
    }

    /// Collects what an edge does, from the held words. Says whether anything
    /// was pending.
    #[inline(always)]
    fn collect(&mut self, domain: usize) -> bool {
        let domain = &self.t.domains[domain];
        let mut any = 0;
        for block in 0..domain.groups.div_ceil(64) {
            let mut pending = std::mem::take(&mut self.pending[domain.data / 64 + block])
                | std::mem::take(&mut self.pending[domain.control / 64 + block]);
            any |= pending;
            while pending != 0 {
                let k = block * 64 + pending.trailing_zeros() as usize;
                pending &= pending - 1;
                let controls = self.held[(domain.control + k) & (WORDS - 1)];
                if controls & control::ENABLE == 0 {
                    continue;
                }
                let group = &self.groups[domain.first_group + k];
                let next = if controls & control::SET_RESET != 0 {
                    group.set
                } else {
                    self.held[(domain.data + k) & (WORDS - 1)]
                };
                let toggles = next ^ group.q;
                let overruled = group
                    .asynchronous
                    .is_some_and(|(_, word)| self.words[usize::from(word)] & 1 != 0);
                if toggles != 0 && !overruled {
                    self.edge.groups.push(((domain.first_group + k) as u32, toggles));
                }
            }
        }
        for block in 0..domain.items.len().div_ceil(64) {
            let mut pending = std::mem::take(&mut self.pending[domain.others / 64 + block]);
            any |= pending;
            while pending != 0 {
                let k = block * 64 + pending.trailing_zeros() as usize;
                pending &= pending - 1;
                let word = self.held[(domain.others + k) & (WORDS - 1)];
                match domain.items[k] {
                    Item::Read(wide) => {
                        if word & read_port::ENABLES == read_port::ENABLES {
                            let read = &self.wide_reads[wide];
                            let address = word as usize & (read.words.len() - 1);
                            let toggles = read.words[address] ^ read.current;
                            if toggles != 0 {
                                self.edge.reads.push((wide as u32, toggles));
                            }
                        }
                    }
                    Item::Write(ram) => {
                        if word & write_port::ENABLES == write_port::ENABLES {
                            self.edge.writes.push((ram as u32, word));
                        }
                    }
                    Item::Spram(k) => self.edge.sprams.push((k as u32, word)),
                    Item::MacData(mac) | Item::MacControl(mac) => {
                        if self.edge.macs.last() != Some(&(mac as u32)) {
                            self.edge.macs.push(mac as u32);
                        }
                    }
                }
            }
        }
        any != 0
    }

    /// Does what was collected.
    #[inline(always)]
    fn apply(&mut self) {
        for k in 0..self.edge.groups.len() {
            let (group, toggles) = self.edge.groups[k];
            let group = &mut self.groups[group as usize];
            group.q ^= toggles;
            let first = group.first_signal;
            self.toggle_all(first, toggles);
        }
        self.edge.groups.clear();
        for k in 0..self.edge.reads.len() {
            let (wide, mut toggles) = self.edge.reads[k];
            self.wide_reads[wide as usize].current ^= toggles;
            while toggles != 0 {
                let bit = toggles.trailing_zeros() as usize;
                toggles &= toggles - 1;
                self.toggle(self.wide_reads[wide as usize].signals[bit]);
            }
        }
        self.edge.reads.clear();
        for k in 0..self.edge.writes.len() {
            let (ram, word) = self.edge.writes[k];
            let ram = ram as usize;
            let (place, value) = block_ram::written(
                &self.block_rams[ram],
                self.write_modes[ram],
                word as u16 & 0x7ff,
                (word >> write_port::DATA) as u16,
                (word >> write_port::MASK) as u16,
            );
            self.store(ram, place, value);
        }
        self.edge.writes.clear();
        if !self.edge.sprams.is_empty() || !self.edge.macs.is_empty() {
            self.apply_sprams();
            self.apply_macs();
        }
    }

    /// Changes a word of a block RAM, here and in the wide memory.
    fn store(&mut self, ram: usize, place: usize, value: u16) {
        if self.block_rams[ram][place] == value {
            return;
        }
        self.block_rams[ram][place] = value;
        let slice = &self.t.read_slices[ram];
        let wide = &mut self.wide_reads[slice.wide];
        for sub in 0..1usize << wide.mode {
            let address = sub << 8 | place;
            let rdata = block_ram::read(&self.block_rams[ram], wide.mode, address as u16);
            wide.words[address] = wide.words[address] & !slice.mask() | slice.pick(rdata);
        }
        mark(&mut self.pending, wide.word);
    }

    fn apply_sprams(&mut self) {
        for (k, word) in std::mem::take(&mut self.edge.sprams) {
            let port = &mut self.spram_ports[k as usize];
            let is = |bit: u8| word >> bit & 1 != 0;
            if spram_power::is_off(self.words[usize::from(port.power)])
                || is(spram_port::STANDBY_BIT)
                || !is(spram_port::SELECT_BIT)
            {
                continue;
            }
            let cell = &mut self.sprams[k as usize][word as usize & (spram::WORDS - 1)];
            if is(spram_port::WRITE_BIT) {
                let bits = spram::write_bits((word >> spram_port::MASK) as u8);
                *cell = *cell & !bits | (word >> spram_port::DATA) as u16 & bits;
            } else {
                let toggles = *cell ^ port.current;
                port.current = *cell;
                let first = port.first_signal;
                self.toggle_all(first, u64::from(toggles));
            }
        }
    }

    fn apply_macs(&mut self) {
        for k in std::mem::take(&mut self.edge.macs) {
            let k = k as usize;
            let unit = &self.mac_units[k];
            let before = usize::from(unit.clocked_word);
            let now = usize::from(unit.word);
            let state = self.mac_states[k];
            let inputs = mac16_inputs(self.held[before], self.held[before + 1]);
            let mut next = state.clocked(&unit.config, &inputs);
            next.reset(&mac16_inputs(0, self.words[now + 1]));
            if next != state {
                self.mac_states[k] = next;
                // What it holds may make a difference again next time.
                mark(&mut self.pending, unit.clocked_word);
                mark(&mut self.dirty, unit.word);
            }
        }
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
                            self.collect(domain);
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
        for reader in &self.t.readers[first as usize..end as usize] {
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
        self.sample();
        if !self.collect(domain) {
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

    fn run_cycles(&mut self, clock: Net, cycles: u64, watch: Net) -> Result<Ran, Unsettled> {
        let Some([falling, rising]) = self.direct_domains(clock) else {
            return super::run_cycles_of_pins(self, clock, cycles, watch);
        };
        let watch = usize::from(self.t.pad_words[watch.index()].unwrap_or(0));
        let level = self.words[watch] & 1;
        for done in 1..=cycles {
            let rise = self.direct_edge(rising)?;
            let fall = self.direct_edge(falling)?;
            if !rise && !fall {
                return Ok(Ran { cycles, quiescent: true });
            }
            if self.words[watch] & 1 != level {
                return Ok(Ran { cycles: done, quiescent: false });
            }
        }
        Ok(Ran { cycles, quiescent: false })
    }

    fn pad_value(&self, net: Net) -> bool {
        match self.t.pad_words[net.index()] {
            Some(word) => self.words[usize::from(word)] & 1 != 0,
            None => false,
        }
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
