//! What the edges of a clock do: collected from the held words, then done at once.

use std::ops::Range;

use super::EventEngine;
use super::settle::mark;
use super::tables::{
    DIRTY, Item, WORDS, control, mac16_inputs, read_port, spram_port, spram_power, write_port,
};
use crate::cells::mac16::Mac16State;
use crate::cells::{block_ram, spram};

/// What the edges of a round do, collected before any of it is done.
#[derive(Default)]
pub(super) struct Edge {
    /// Group, and which of its outputs toggle: the first `group_count` count.
    groups: Vec<(u32, u64)>,
    group_count: usize,
    /// Wide memory, and which of its outputs toggle.
    reads: Vec<(u32, u64)>,
    /// Block RAM and the word of its write port.
    writes: Vec<(u32, u64)>,
    /// SPRAM that is accessed, and its word.
    sprams: Vec<(u32, u64)>,
    /// MAC16 and what its registers become.
    macs: Vec<(u32, Mac16State)>,
}

impl Edge {
    pub fn new(groups: usize) -> Edge {
        // One more: what does not toggle is written behind those that do.
        Edge { groups: vec![(0, 0); groups + 1], ..Edge::default() }
    }
}

impl EventEngine {
    /// Copies the clocked cells' words that have changed.
    #[inline(always)]
    pub(super) fn sample(&mut self) {
        self.sample_words(self.t.clocked.clone());
    }

    /// Copies the words that have changed, but for those of the groups of `domain`, which
    /// [`EventEngine::collect`] shall copy.
    #[inline(always)]
    pub(super) fn sample_beside(&mut self, domain: usize) {
        let Range { start, end } = self.t.clocked;
        let domain = &self.t.domains[domain];
        let (first, behind) = (domain.data, domain.others);
        self.sample_words(start..first);
        self.sample_words(behind..end);
    }

    #[inline(always)]
    fn sample_words(&mut self, words: Range<usize>) {
        for block in words.start / 64..words.end / 64 {
            let block = block & (DIRTY - 1);
            let mut dirty = self.dirty[block];
            if dirty == 0 {
                continue;
            }
            self.dirty[block] = 0;
            self.pending[block] |= dirty;
            while dirty != 0 {
                let word = (block * 64 + dirty.trailing_zeros() as usize) & (WORDS - 1);
                dirty &= dirty - 1;
                self.held[word] = self.words[word];
            }
        }
    }

    /// Collects what an edge does, from the held words. Says whether anything was pending.
    ///
    /// `FRESH`: nothing has changed since the edge, and the groups' words are still to be
    /// copied.
    #[inline(always)]
    pub(super) fn collect<const FRESH: bool>(&mut self, domain: usize) -> bool {
        let domain = &self.t.domains[domain];
        let groups = &self.groups[domain.first_group..domain.first_group + domain.groups];
        let mut count = self.edge.group_count;
        let mut any = 0;
        for block in 0..domain.groups.div_ceil(64) {
            let mut pending = 0;
            for first in [domain.data, domain.control] {
                let block = (first / 64 + block) & (DIRTY - 1);
                pending |= std::mem::take(&mut self.pending[block]);
                if FRESH {
                    pending |= std::mem::take(&mut self.dirty[block]);
                }
            }
            any |= pending;
            while pending != 0 {
                let k = block * 64 + pending.trailing_zeros() as usize;
                pending &= pending - 1;
                let [data, controls] = [domain.data, domain.control].map(|first| {
                    let word = (first + k) & (WORDS - 1);
                    if FRESH {
                        self.held[word] = self.words[word];
                    }
                    self.held[word]
                });
                let group = &groups[k];
                let next = if controls & control::SET_RESET != 0 { group.set } else { data };
                let overruled = group
                    .asynchronous
                    .is_some_and(|(_, word)| self.words[usize::from(word)] & 1 != 0);
                let moves = (controls & control::ENABLE != 0) & !overruled;
                let toggles = if moves { next ^ group.q } else { 0 };
                // Whether they toggle is as good as random: counted, not asked.
                self.edge.groups[count] = ((domain.first_group + k) as u32, toggles);
                count += usize::from(toggles != 0);
            }
        }
        self.edge.group_count = count;
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
                    Item::Spram(spram) => {
                        let power = self.words[usize::from(self.spram_ports[spram].power)];
                        if !spram_power::is_off(power) && spram_port::is_accessed(word) {
                            self.edge.sprams.push((spram as u32, word));
                        }
                    }
                    Item::MacData(mac) | Item::MacControl(mac) => {
                        let known = self.edge.macs.last().map(|&(last, _)| last);
                        if known != Some(mac as u32) {
                            let next = self.next_mac_state(mac);
                            self.edge.macs.push((mac as u32, next));
                        }
                    }
                }
            }
        }
        any != 0
    }

    /// Does what was collected.
    #[inline(always)]
    pub(super) fn apply(&mut self) {
        for k in 0..std::mem::take(&mut self.edge.group_count) {
            let (group, toggles) = self.edge.groups[k];
            let group = &mut self.groups[group as usize];
            group.q ^= toggles;
            let first = group.first_signal;
            self.toggle_all(first, toggles);
        }
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
    pub(super) fn store(&mut self, ram: usize, place: usize, value: u16) {
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
            let cell = &mut self.sprams[k as usize][word as usize & (spram::WORDS - 1)];
            if word >> spram_port::WRITE_BIT & 1 != 0 {
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

    /// A MAC16's registers after an edge: clocked with what stood before the round, and reset by
    /// what was 1 then or is now.
    fn next_mac_state(&self, mac: usize) -> Mac16State {
        let unit = &self.mac_units[mac];
        let (before, now) = (usize::from(unit.clocked_word), usize::from(unit.word));
        let inputs = mac16_inputs(self.held[before], self.held[before + 1]);
        let mut next = self.mac_states[mac].clocked(&unit.config, &inputs);
        next.reset(&inputs);
        next.reset(&mac16_inputs(0, self.words[now + 1]));
        next
    }

    fn apply_macs(&mut self) {
        for (k, next) in std::mem::take(&mut self.edge.macs) {
            let k = k as usize;
            let unit = &self.mac_units[k];
            if next != self.mac_states[k] {
                self.mac_states[k] = next;
                // What it holds may make a difference again next time.
                mark(&mut self.pending, unit.clocked_word);
                mark(&mut self.dirty, unit.word);
            }
        }
    }
}
