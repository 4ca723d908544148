//! What the event engine runs on: words, the signals that change them, and
//! what happens when a word has changed.
//!
//! A *signal* is a net that can change; a *word* belongs to what reads it, and
//! holds the values it reads. When a signal toggles, one bit is inverted in
//! each word that reads it, and the word is marked dirty: nothing is ever
//! gathered. Words are numbered so that the dirty bits, scanned upwards, come
//! in the right order:
//!
//! - combinational words by level, so that what they read comes first; a
//!   table's word is the index into its truth table, and its output is the
//!   signal of the same number;
//! - for each clock and edge, the words of what it clocks;
//! - asynchronous sets and resets, clocks, pads.
//!
//! Words, signals and readers are numbered by `u16`, and the arrays have 65,536
//! entries: an index then needs no bounds check, and what is not used costs no
//! memory.

use std::ops::Range;

use super::simplify::Table;
use crate::cells::mac16::{Mac16Config, Mac16Inputs};
use crate::netlist::{LogicCellAt, Net};

/// Number of words, of signals, and of their readers.
pub(super) const WORDS: usize = 1 << 16;

/// Words of dirty bits.
pub(super) const DIRTY: usize = WORDS / 64;

/// An array of which most is never touched. The allocator gives zeroed pages
/// on first use.
pub(super) fn zeroed<T: Clone + Default, const N: usize>() -> Box<[T; N]> {
    match vec![T::default(); N].into_boxed_slice().try_into() {
        Ok(array) => array,
        Err(_) => unreachable!("the vector has N elements"),
    }
}

/// A reader of a signal: its word, and the bit there.
#[derive(Clone, Copy, Default)]
pub(super) struct Reader {
    word: u16,
    bit: u8,
}

impl Reader {
    pub fn new(word: u16, bit: u8) -> Reader {
        Reader { word, bit }
    }

    #[inline(always)]
    pub fn word(self) -> u16 {
        self.word
    }

    #[inline(always)]
    pub fn mask(self) -> u64 {
        1 << (self.bit & 63)
    }
}

/// A stretch of combinational words.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub words: Range<usize>,
    pub kind: SegmentKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SegmentKind {
    /// Truth tables, drivers first.
    Tables,
    /// The two words of a MAC16.
    Mac(usize),
    /// Nodes that depend on each other.
    Loop,
}

/// What a combinational word belongs to, where it is no table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WordKind {
    Table,
    Mac(usize),
}

/// What one edge of one clock does. Words of flip-flop groups come first: the
/// data word of group `k` is `data + k`, its control word `control + k`, both
/// starting a word of dirty bits.
#[derive(Clone, Debug, Default)]
pub(super) struct Domain {
    /// First group in `Groups`.
    pub first_group: usize,
    pub groups: usize,
    pub data: usize,
    pub control: usize,
    /// Words of everything else, starting a word of dirty bits, and what each
    /// belongs to.
    pub others: usize,
    pub items: Vec<Item>,
}

/// What else than flip-flops is clocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// A group of block RAM read ports; see [`read_port`].
    Read(usize),
    /// A block RAM write port; see [`write_port`].
    Write(usize),
    /// An SPRAM; see [`spram_port`].
    Spram(usize),
    /// Data or control word of a MAC16; the data word comes first.
    MacData(usize),
    MacControl(usize),
}

/// Bits of a group's control word.
pub(super) mod control {
    pub const ENABLE: u64 = 1;
    pub const SET_RESET: u64 = 2;
}

/// Bits of a block RAM read port's word: the address from 0.
pub(super) mod read_port {
    pub const ENABLES: u64 = 3 << 16;
    pub const ENABLE_BIT: u8 = 16;
    pub const CLOCK_ENABLE_BIT: u8 = 17;
}

/// Bits of a block RAM write port's word: the address from 0.
pub(super) mod write_port {
    pub const DATA: u8 = 16;
    pub const MASK: u8 = 32;
    pub const ENABLES: u64 = 3 << 48;
    pub const ENABLE_BIT: u8 = 48;
    pub const CLOCK_ENABLE_BIT: u8 = 49;
}

/// Bits of an SPRAM's word: the address from 0.
pub(super) mod spram_port {
    pub const DATA: u8 = 16;
    pub const MASK: u8 = 32;
    pub const WRITE_BIT: u8 = 36;
    pub const SELECT_BIT: u8 = 37;
    pub const STANDBY_BIT: u8 = 38;

    /// Whether the SPRAM, which is on, is read or written.
    pub fn is_accessed(word: u64) -> bool {
        word >> SELECT_BIT & 1 != 0 && word >> STANDBY_BIT & 1 == 0
    }
}

/// Bits of an SPRAM's asynchronous word.
pub(super) mod spram_power {
    pub const SLEEP_BIT: u8 = 0;
    pub const POWER_OFF_N_BIT: u8 = 1;

    pub fn is_off(word: u64) -> bool {
        word & 1 != 0 || word & 2 == 0
    }
}

/// A group of up to 64 flip-flops with all controls in common.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// Outputs.
    pub q: u64,
    /// What set/reset makes of them.
    pub set: u64,
    /// Signal of the first output; the others follow.
    pub first_signal: u16,
    /// Its clocked data word.
    pub clocked_word: u16,
    /// Its asynchronous set/reset, if it has one: net and word.
    pub asynchronous: Option<(Net, u16)>,
}

/// Block RAM read ports with address, enables, clock and mode in common: one
/// memory of up to 64 bits a word.
#[derive(Clone, Debug)]
pub(super) struct WideRead {
    /// Its word.
    pub word: u16,
    pub mode: u8,
    /// The first of its block RAMs.
    pub port: usize,
    /// What each address reads.
    pub words: Vec<u64>,
    /// What stands at the outputs.
    pub current: u64,
    /// Signal of each output bit.
    pub signals: Vec<u16>,
    /// Its block RAMs and their parts of it.
    pub slices: Vec<(usize, ReadSlice)>,
}

impl WideRead {
    /// Bits in use.
    pub fn lines(&self) -> usize {
        self.signals.len()
    }
}

/// Where a block RAM is read.
#[derive(Clone, Debug)]
pub(super) struct ReadSlice {
    pub wide: usize,
    /// `RDATA` lines in use, and their first bit in the wide memory.
    pub lines: Vec<u8>,
    pub first_bit: u32,
}

impl ReadSlice {
    /// The lines in use of `RDATA`, as the bits of the wide memory.
    pub fn pick(&self, rdata: u16) -> u64 {
        self.lines
            .iter()
            .enumerate()
            .fold(0, |bits, (k, &line)| bits | u64::from(rdata >> line & 1) << k)
            << self.first_bit
    }

    /// The bits of the wide memory that are this RAM's.
    pub fn mask(&self) -> u64 {
        ((1u128 << self.lines.len()) - 1) as u64 * (1 << self.first_bit)
    }
}

#[derive(Clone, Debug)]
pub(super) struct SpramPort {
    pub current: u16,
    pub first_signal: u16,
    /// Its asynchronous word.
    pub power: u16,
    /// Its clocked word.
    pub clocked_word: u16,
}

#[derive(Clone, Debug)]
pub(super) struct MacUnit {
    pub config: Mac16Config,
    /// Combinational words: data, and control after it.
    pub word: u16,
    /// Clocked words, likewise.
    pub clocked_word: u16,
    /// `O` and `CO` as they stand.
    pub output: u64,
    pub first_signal: u16,
}

/// A MAC16's inputs from its data and its control word.
pub(super) fn mac16_inputs(data: u64, control: u64) -> Mac16Inputs {
    Mac16Inputs {
        a: data as u16,
        b: (data >> 16) as u16,
        c: (data >> 32) as u16,
        d: (data >> 48) as u16,
        control: control as u16,
    }
}

/// A clock net's word, its level when last looked at, and its domains.
#[derive(Clone, Debug)]
pub(super) struct ClockWord {
    pub word: u16,
    pub net: Net,
    pub level: bool,
    /// Domain of the falling and of the rising edge.
    pub domains: [Option<usize>; 2],
}

/// What an asynchronous word belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asynchronous {
    Group(usize),
    /// The resets of a MAC16; its word is the control word's bits.
    Mac(usize),
    /// The power control of an SPRAM.
    Spram(usize),
}

/// Everything of the engine that does not change while it runs.
pub(super) struct Tables {
    pub tables: Box<[Table; WORDS]>,
    /// Readers of each signal: a range of `readers`.
    pub readers_of: Box<[(u16, u16); WORDS]>,
    pub readers: Box<[Reader; WORDS]>,
    pub segments: Vec<Segment>,
    pub word_kinds: Vec<WordKind>,
    /// Where each table comes from.
    pub table_at: Vec<Option<LogicCellAt>>,
    pub domains: Vec<Domain>,
    /// All domains' words.
    pub clocked: Range<usize>,
    pub asynchronous: Vec<Asynchronous>,
    pub first_asynchronous: usize,
    pub first_clock: usize,
    /// Where each block RAM is read.
    pub read_slices: Vec<ReadSlice>,
    /// Group and bit of each flip-flop of the netlist.
    pub flip_flops: Vec<(usize, u8)>,
    /// Word of each net that a pad reads, drives or is enabled by.
    pub pad_words: Vec<Option<u16>>,
    /// Signal of each net that the outside sets.
    pub input_signals: Vec<Option<u16>>,
}
