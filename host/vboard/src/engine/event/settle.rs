//! What follows from a signal that toggled: tables, loops, sets and resets.

use super::EventEngine;
use super::simplify::Table;
use super::tables::{
    Asynchronous, DIRTY, Reader, SegmentKind, WORDS, WordKind, mac16_inputs, spram_power,
};
use crate::engine::{Oscillation, Unsettled, rounds_max};

#[inline(always)]
pub(super) fn mark(bits: &mut [u64; DIRTY], word: u16) {
    bits[usize::from(word >> 6)] |= 1 << (word & 63);
}

/// Inverts a signal for all its readers.
#[inline(always)]
fn toggle(
    words: &mut [u64; WORDS],
    dirty: &mut [u64; DIRTY],
    readers_of: &[(u16, u16); WORDS],
    readers: &[Reader; WORDS],
    signal: u16,
) {
    let (mut next, end) = readers_of[usize::from(signal)];
    while next != end {
        let reader = readers[usize::from(next)];
        next = next.wrapping_add(1);
        let word = reader.word();
        words[usize::from(word)] ^= reader.mask();
        mark(dirty, word);
    }
}

/// The outputs of the tables `which` of a block of words, from what the words now hold.
#[inline(always)]
fn evaluate(words: &[u64; WORDS], tables: &[Table; WORDS], block: usize, which: u64) -> u64 {
    let mut outputs = 0;
    let mut left = which;
    while left != 0 {
        let bit = left.trailing_zeros();
        left &= left - 1;
        let word = (block * 64 + bit as usize) & (WORDS - 1);
        let value = words[word];
        outputs |= (tables[word][(value >> 6 & 3) as usize] >> (value & 63) & 1) << bit;
    }
    outputs
}

/// Evaluates the dirty tables of a stretch of words, upwards.
///
/// The inner loop of everything. All dirty tables of a block are evaluated before any of their
/// outputs toggles: so none waits for another one, and the processor need not guess which of
/// them toggle. A table that reads another one of its block may then be evaluated once more.
///
/// It has its memory from its arguments, so that the compiler keeps their addresses in
/// registers.
fn settle_tables(
    words: &mut [u64; WORDS],
    dirty: &mut [u64; DIRTY],
    outputs: &mut [u64; DIRTY],
    tables: &[Table; WORDS],
    readers_of: &[(u16, u16); WORDS],
    readers: &[Reader; WORDS],
    (start, end): (usize, usize),
) {
    for block in start / 64..end.div_ceil(64) {
        let block = block & (DIRTY - 1);
        let mut mask = u64::MAX;
        if block * 64 < start {
            mask <<= start & 63;
        }
        if block * 64 + 64 > end {
            mask &= (1 << (end & 63)) - 1;
        }
        loop {
            let found = dirty[block] & mask;
            if found == 0 {
                break;
            }
            dirty[block] &= !mask;
            let mut toggled = (evaluate(words, tables, block, found) ^ outputs[block]) & found;
            outputs[block] ^= toggled;
            while toggled != 0 {
                let word = (block * 64) as u16 | toggled.trailing_zeros() as u16;
                toggled &= toggled - 1;
                toggle(words, dirty, readers_of, readers, word);
            }
        }
    }
}

impl EventEngine {
    /// Inverts a signal for all its readers.
    #[inline(always)]
    pub(super) fn toggle(&mut self, signal: u16) {
        toggle(&mut self.words, &mut self.dirty, &self.t.readers_of, &self.t.readers, signal);
    }

    /// Toggles the signals from `first` whose bits are set.
    #[inline(always)]
    pub(super) fn toggle_all(&mut self, first: u16, mut bits: u64) {
        while bits != 0 {
            self.toggle(first.wrapping_add(bits.trailing_zeros() as u16));
            bits &= bits - 1;
        }
    }

    fn evaluate_table(&mut self, word: usize) {
        let (block, bit) = (word / 64, 1 << (word & 63));
        let output = evaluate(&self.words, &self.t.tables, block, bit);
        if (output ^ self.outputs[block]) & bit != 0 {
            self.outputs[block] ^= bit;
            self.toggle(word as u16);
        }
    }

    /// Looks at both words of a MAC16, whichever was dirty.
    fn evaluate_mac(&mut self, mac: usize) {
        let word = usize::from(self.mac_units[mac].word);
        self.take_dirty(word);
        self.take_dirty(word + 1);
        let unit = &mut self.mac_units[mac];
        let inputs = mac16_inputs(self.words[word], self.words[word + 1]);
        let output = self.mac_states[mac].output(&unit.config, &inputs);
        let changed = output ^ unit.output;
        unit.output = output;
        let first = unit.first_signal;
        self.toggle_all(first, changed);
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
                        WordKind::Table => self.evaluate_table(word),
                        WordKind::Mac(mac) => self.evaluate_mac(mac),
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
                SegmentKind::Tables => settle_tables(
                    &mut self.words,
                    &mut self.dirty,
                    &mut self.outputs,
                    &self.t.tables,
                    &self.t.readers_of,
                    &self.t.readers,
                    (start, end),
                ),
                SegmentKind::Loop => self.settle_loop(start, end)?,
                SegmentKind::Mac(mac) => {
                    if self.take_dirty(start) || self.take_dirty(start + 1) {
                        self.evaluate_mac(mac);
                    }
                }
            }
        }
        Ok(())
    }

    /// Settles what follows from signals and levels.
    #[inline(always)]
    pub(super) fn settle(&mut self) -> Result<(), Unsettled> {
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
                if toggles != 0 {
                    // It has no longer what its last edge gave it, and may be let go before
                    // the next one.
                    mark(&mut self.pending, group.clocked_word);
                }
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
}
