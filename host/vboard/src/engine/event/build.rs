//! Lays a simplified netlist out as words and signals.

use std::collections::HashMap;

use super::simplify::{Node, Simplified};
use super::tables::{
    Asynchronous, ClockWord, Domain, Group, Item, MacUnit, ReadSlice, Reader, Segment, SegmentKind,
    SpramPort, Tables, WORDS, WideRead, WordKind, control, read_port, spram_port, spram_power,
    write_port, zeroed,
};
use crate::cells::block_ram;
use crate::cells::mac16::control as mac_control;
use crate::netlist::{Clock, Net, Netlist, RamPort, SetReset};

/// The netlist has more words, signals or readers than the engine can number. (Only a
/// bitstream with hundreds of clocks gets there, or one that uses every table of an HX8K in
/// full.)
#[derive(Debug)]
pub(super) struct TooLarge;

/// The engine's tables and the state that starts with them.
pub(super) struct Built {
    pub tables: Tables,
    pub groups: Vec<Group>,
    pub wide_reads: Vec<WideRead>,
    pub spram_ports: Vec<SpramPort>,
    pub mac_units: Vec<MacUnit>,
    pub clocks: Vec<ClockWord>,
    /// The signal of constant 1, to be toggled once.
    pub one: u16,
}

/// What flip-flops of one group have in common.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct GroupKey {
    enable: Net,
    set_reset: Net,
    asynchronous: bool,
}

/// What one clock edge moves, while it is collected.
#[derive(Default)]
struct DomainParts {
    group_of: HashMap<GroupKey, usize>,
    groups: Vec<(GroupKey, Vec<usize>)>,
    items: Vec<Item>,
}

struct Builder<'a> {
    netlist: &'a Netlist,
    simplified: &'a Simplified,
    next_word: usize,
    next_signal: usize,
    signal_of: Vec<Option<u16>>,
    readers: Vec<Vec<Reader>>,
    clock_order: Vec<Clock>,
    parts: HashMap<Clock, DomainParts>,
}

fn aligned(word: usize) -> usize {
    word.next_multiple_of(64)
}

pub(super) fn build(netlist: &Netlist, simplified: &Simplified) -> Result<Built, TooLarge> {
    let mut builder = Builder {
        netlist,
        simplified,
        next_word: 0,
        next_signal: 0,
        signal_of: vec![None; netlist.net_count],
        readers: Vec::new(),
        clock_order: Vec::new(),
        parts: HashMap::new(),
    };
    let segments = builder.place_nodes();
    builder.next_signal = aligned(builder.next_word);
    let one = builder.new_signals(&[Net::ONE]);
    let inputs = netlist.pads.iter().filter_map(|pad| pad.input);
    let oscillators = netlist.plls.iter().flat_map(|pll| &pll.outputs);
    let outside: Vec<Net> = inputs.chain(oscillators.map(|output| output.net)).collect();
    for &net in &outside {
        builder.new_signals(&[net]);
    }
    let mut mac_units = builder.mac_units();
    let wide_reads = builder.wide_reads();
    let mut spram_ports = builder.spram_ports();
    builder.collect_domains(&wide_reads);
    let (groups, flip_flops) = builder.groups();
    builder.check()?;

    let (word_kinds, table_at, tables) = builder.connect_nodes(&segments, &mut mac_units);
    let mut wide_reads = wide_reads;
    let mut groups = groups;
    let (domains, clocked) =
        builder.connect_domains(&mut groups, &mut wide_reads, &mut spram_ports, &mut mac_units);
    builder.check()?;
    let (asynchronous, first_asynchronous) =
        builder.connect_asynchronous(&mut groups, &mut spram_ports);
    let (clocks, first_clock) = builder.connect_clocks();
    let (pad_words, input_signals) = builder.connect_pads(&outside);
    builder.check()?;

    let read_slices = builder.read_slices(&wide_reads);
    fill_wide_reads(netlist, &read_slices, &mut wide_reads);
    let (readers_of, readers) = builder.lay_out_readers()?;
    Ok(Built {
        tables: Tables {
            tables,
            readers_of,
            readers,
            segments,
            word_kinds,
            table_at,
            domains,
            clocked,
            asynchronous,
            first_asynchronous,
            first_clock,
            read_slices,
            flip_flops,
            pad_words,
            input_signals,
        },
        groups,
        wide_reads,
        spram_ports,
        mac_units,
        clocks,
        one,
    })
}

impl Builder<'_> {
    fn check(&self) -> Result<(), TooLarge> {
        if self.next_word > WORDS || self.next_signal > WORDS {
            return Err(TooLarge);
        }
        Ok(())
    }

    /// The readers of all signals, one signal's after another's.
    fn lay_out_readers(&self) -> Result<(ReadersOf, Box<[Reader; WORDS]>), TooLarge> {
        let mut readers_of = zeroed::<_, WORDS>();
        let mut readers = zeroed::<Reader, WORDS>();
        let mut end = 0;
        for (signal, list) in self.readers.iter().enumerate() {
            let first = end;
            end += list.len();
            if end >= WORDS {
                return Err(TooLarge);
            }
            readers[first..end].copy_from_slice(list);
            readers_of[signal] = (first as u16, end as u16);
        }
        Ok((readers_of, readers))
    }

    fn new_words(&mut self, count: usize) -> usize {
        let first = self.next_word;
        self.next_word += count;
        first
    }

    fn align(&mut self) {
        self.next_word = aligned(self.next_word);
    }

    /// Numbers the nets as consecutive signals; [`Builder::check`] finds out
    /// if there are too many.
    fn new_signals(&mut self, nets: &[Net]) -> u16 {
        let first = self.next_signal;
        for (k, net) in nets.iter().enumerate() {
            self.signal_of[net.index()] = Some((first + k) as u16);
        }
        self.next_signal += nets.len();
        first as u16
    }

    fn signal(&self, net: Net) -> Option<u16> {
        self.signal_of[self.simplified.net(net).index()]
    }

    /// Lets bit `bit` of `word` follow a net. A net without a signal is 0.
    fn read(&mut self, net: Net, word: usize, bit: u8) {
        if let Some(signal) = self.signal(net) {
            let signal = usize::from(signal);
            if self.readers.len() <= signal {
                self.readers.resize(signal + 1, Vec::new());
            }
            self.readers[signal].push(Reader::new(word as u16, bit));
        }
    }

    fn read_all(&mut self, nets: &[Net], word: usize, first_bit: u8) {
        for (k, &net) in nets.iter().enumerate() {
            self.read(net, word, first_bit + k as u8);
        }
    }

    /// Numbers the combinational words, and the tables' outputs with them.
    fn place_nodes(&mut self) -> Vec<Segment> {
        let mut segments: Vec<Segment> = Vec::new();
        let mut loops = self.simplified.loops.iter().peekable();
        for (k, node) in self.simplified.nodes.iter().enumerate() {
            while loops.peek().is_some_and(|range| range.end <= k) {
                loops.next();
            }
            let in_loop = loops.peek().is_some_and(|range| range.start <= k);
            let opens_loop = loops.peek().is_some_and(|range| range.start == k);
            let (kind, words) = match node {
                Node::Table { output, .. } => {
                    self.signal_of[output.index()] = Some(self.next_word as u16);
                    (SegmentKind::Tables, 1)
                }
                Node::Mac(mac) => (SegmentKind::Mac(*mac as usize), 2),
            };
            let kind = if in_loop { SegmentKind::Loop } else { kind };
            let first = self.new_words(words);
            match segments.last_mut() {
                Some(last)
                    if last.kind == kind && !opens_loop && !matches!(kind, SegmentKind::Mac(_)) =>
                {
                    last.words.end = self.next_word;
                }
                _ => segments.push(Segment { words: first..self.next_word, kind }),
            }
        }
        segments
    }

    fn mac_units(&mut self) -> Vec<MacUnit> {
        let netlist = self.netlist;
        netlist
            .mac16s
            .iter()
            .map(|mac| MacUnit {
                config: mac.config,
                word: 0,
                clocked_word: 0,
                output: 0,
                first_signal: self.new_signals(&mac.outputs),
            })
            .collect()
    }

    fn connect_nodes(&mut self, segments: &[Segment], mac_units: &mut [MacUnit]) -> NodeTables {
        let words = segments.last().map_or(0, |s| s.words.end);
        let mut kinds = vec![WordKind::Table; words];
        let mut at = vec![None; words];
        let mut tables = zeroed::<_, WORDS>();
        let mut word = 0;
        let simplified = self.simplified;
        for node in &simplified.nodes {
            match node {
                Node::Table { inputs, table, lut, .. } => {
                    tables[word] = *table;
                    at[word] = self.netlist.luts[*lut as usize].at;
                    self.read_all(inputs, word, 0);
                    word += 1;
                }
                Node::Mac(mac) => {
                    let mac = *mac as usize;
                    kinds[word] = WordKind::Mac(mac);
                    kinds[word + 1] = WordKind::Mac(mac);
                    mac_units[mac].word = word as u16;
                    self.read_mac(mac, word, word + 1);
                    word += 2;
                }
            }
        }
        (kinds, at, tables)
    }

    fn read_mac(&mut self, mac: usize, data: usize, control: usize) {
        let netlist = self.netlist;
        let inputs = &netlist.mac16s[mac].inputs;
        self.read_all(&inputs[..64], data, 0);
        self.read_all(&inputs[64..], control, 0);
    }

    /// Puts block RAMs that are read alike into one wide memory.
    fn wide_reads(&mut self) -> Vec<WideRead> {
        let netlist = self.netlist;
        let mut wide: Vec<WideRead> = Vec::new();
        let mut known: HashMap<(u8, Clock, Vec<Net>), usize> = HashMap::new();
        for (ram, cell) in netlist.block_rams.iter().enumerate() {
            let lines: Vec<u8> =
                (0..16).filter(|&line| line_is_used(cell.read.mode, line)).collect();
            let mut nets = vec![cell.read.enable, cell.read.clock_enable];
            nets.extend(cell.read.address);
            for net in &mut nets {
                *net = self.simplified.net(*net);
            }
            let clock = self.clock(cell.read.clock);
            let key = (cell.read.mode, clock, nets);
            let found = known.get(&key).copied().filter(|&w| wide[w].lines() + lines.len() <= 64);
            let index = found.unwrap_or_else(|| {
                wide.push(WideRead {
                    word: 0,
                    mode: cell.read.mode,
                    port: ram,
                    words: vec![0; 256 << cell.read.mode],
                    current: 0,
                    signals: Vec::new(),
                    slices: Vec::new(),
                });
                wide.len() - 1
            });
            known.insert(key, index);
            let first_bit = wide[index].lines() as u32;
            for &line in &lines {
                let signal = self.new_signals(&[cell.read_data[usize::from(line)]]);
                wide[index].signals.push(signal);
            }
            wide[index].slices.push((ram, ReadSlice { wide: index, lines, first_bit }));
        }
        wide
    }

    fn read_slices(&self, wide_reads: &[WideRead]) -> Vec<ReadSlice> {
        let mut slices: Vec<(usize, ReadSlice)> =
            wide_reads.iter().flat_map(|wide| wide.slices.iter().cloned()).collect();
        slices.sort_unstable_by_key(|&(ram, _)| ram);
        slices.into_iter().map(|(_, slice)| slice).collect()
    }

    fn spram_ports(&mut self) -> Vec<SpramPort> {
        let netlist = self.netlist;
        netlist
            .sprams
            .iter()
            .map(|spram| SpramPort {
                current: 0,
                first_signal: self.new_signals(&spram.data_out),
                power: 0,
                clocked_word: 0,
            })
            .collect()
    }

    /// A clock as what stands for its net.
    fn clock(&self, clock: Clock) -> Clock {
        Clock { net: self.simplified.net(clock.net), ..clock }
    }

    fn domain(&mut self, clock: Clock) -> &mut DomainParts {
        let clock = self.clock(clock);
        if !self.parts.contains_key(&clock) {
            self.clock_order.push(clock);
        }
        self.parts.entry(clock).or_default()
    }

    /// Sorts everything that is clocked by its clock and edge.
    fn collect_domains(&mut self, wide_reads: &[WideRead]) {
        let netlist = self.netlist;
        for (k, ff) in netlist.ffs.iter().enumerate() {
            let set_reset = self.simplified.net(ff.set_reset);
            let key = GroupKey {
                enable: self.simplified.net(ff.enable),
                set_reset,
                asynchronous: ff.set_reset_kind == SetReset::Asynchronous && set_reset != Net::ZERO,
            };
            let parts = self.domain(ff.clock);
            let full = |group: usize| parts.groups[group].1.len() == 64;
            let group = match parts.group_of.get(&key) {
                Some(&group) if !full(group) => group,
                _ => {
                    parts.groups.push((key, Vec::new()));
                    parts.group_of.insert(key, parts.groups.len() - 1);
                    parts.groups.len() - 1
                }
            };
            parts.groups[group].1.push(k);
        }
        for (wide, read) in wide_reads.iter().enumerate() {
            let clock = netlist.block_rams[read.port].read.clock;
            self.domain(clock).items.push(Item::Read(wide));
        }
        for (ram, cell) in netlist.block_rams.iter().enumerate() {
            self.domain(cell.write.clock).items.push(Item::Write(ram));
        }
        for (k, spram) in netlist.sprams.iter().enumerate() {
            self.domain(spram.clock).items.push(Item::Spram(k));
        }
        for (k, mac) in netlist.mac16s.iter().enumerate() {
            let items = &mut self.domain(mac.clock).items;
            items.push(Item::MacData(k));
            items.push(Item::MacControl(k));
        }
    }

    /// Numbers the groups' outputs.
    fn groups(&mut self) -> (Vec<Group>, Vec<(usize, u8)>) {
        let netlist = self.netlist;
        let mut groups = Vec::new();
        let mut flip_flops = vec![(0, 0); netlist.ffs.len()];
        for clock in self.clock_order.clone() {
            let members: Vec<Vec<usize>> =
                self.parts[&clock].groups.iter().map(|(_, members)| members.clone()).collect();
            for members in members {
                let outputs: Vec<Net> = members.iter().map(|&k| netlist.ffs[k].q).collect();
                let mut set = 0;
                for (bit, &k) in members.iter().enumerate() {
                    flip_flops[k] = (groups.len(), bit as u8);
                    set |= u64::from(netlist.ffs[k].set_value) << bit;
                }
                groups.push(Group {
                    q: 0,
                    set,
                    first_signal: self.new_signals(&outputs),
                    clocked_word: 0,
                    asynchronous: None,
                });
            }
        }
        (groups, flip_flops)
    }

    fn connect_domains(
        &mut self,
        groups: &mut [Group],
        wide_reads: &mut [WideRead],
        spram_ports: &mut [SpramPort],
        mac_units: &mut [MacUnit],
    ) -> (Vec<Domain>, std::ops::Range<usize>) {
        let netlist = self.netlist;
        self.align();
        let start = self.next_word;
        let mut domains = Vec::new();
        let mut first_group = 0;
        let order = self.clock_order.clone();
        for clock in &order {
            let parts = self.parts.remove(clock).unwrap_or_default();
            let count = parts.groups.len();
            let data = self.new_words(aligned(count));
            let control_words = self.new_words(aligned(count));
            let others = self.new_words(aligned(parts.items.len()));
            for (k, (key, members)) in parts.groups.iter().enumerate() {
                groups[first_group + k].clocked_word = (data + k) as u16;
                for (bit, &ff) in members.iter().enumerate() {
                    self.read(netlist.ffs[ff].d, data + k, bit as u8);
                }
                let word = control_words + k;
                self.read(key.enable, word, control::ENABLE.trailing_zeros() as u8);
                self.read(key.set_reset, word, control::SET_RESET.trailing_zeros() as u8);
                if key.asynchronous {
                    // The word itself follows in `connect_asynchronous`.
                    groups[first_group + k].asynchronous = Some((key.set_reset, 0));
                }
            }
            for (k, item) in parts.items.iter().enumerate() {
                let word = others + k;
                match *item {
                    Item::Read(wide) => {
                        wide_reads[wide].word = word as u16;
                        let port = &netlist.block_rams[wide_reads[wide].port].read;
                        self.read_port(
                            port,
                            word,
                            read_port::ENABLE_BIT,
                            read_port::CLOCK_ENABLE_BIT,
                        );
                    }
                    Item::Write(ram) => {
                        let ram = &netlist.block_rams[ram];
                        self.read_port(
                            &ram.write,
                            word,
                            write_port::ENABLE_BIT,
                            write_port::CLOCK_ENABLE_BIT,
                        );
                        self.read_all(&ram.write_data, word, write_port::DATA);
                        self.read_all(&ram.write_mask, word, write_port::MASK);
                    }
                    Item::Spram(k) => {
                        spram_ports[k].clocked_word = word as u16;
                        let spram = &netlist.sprams[k];
                        self.read_all(&spram.address, word, 0);
                        self.read_all(&spram.data_in, word, spram_port::DATA);
                        self.read_all(&spram.mask, word, spram_port::MASK);
                        self.read(spram.write_enable, word, spram_port::WRITE_BIT);
                        self.read(spram.chip_select, word, spram_port::SELECT_BIT);
                        self.read(spram.standby, word, spram_port::STANDBY_BIT);
                    }
                    Item::MacData(mac) => {
                        mac_units[mac].clocked_word = word as u16;
                        self.read_mac(mac, word, word + 1);
                    }
                    Item::MacControl(_) => {}
                }
            }
            domains.push(Domain {
                first_group,
                groups: count,
                data,
                control: control_words,
                others,
                items: parts.items,
            });
            first_group += count;
        }
        (domains, start..self.next_word)
    }

    fn read_port(&mut self, port: &RamPort, word: usize, enable: u8, clock_enable: u8) {
        // Address lines beyond the mode's width have no effect.
        self.read_all(&port.address[..8 + usize::from(port.mode)], word, 0);
        self.read(port.enable, word, enable);
        self.read(port.clock_enable, word, clock_enable);
    }

    fn connect_asynchronous(
        &mut self,
        groups: &mut [Group],
        spram_ports: &mut [SpramPort],
    ) -> (Vec<Asynchronous>, usize) {
        let netlist = self.netlist;
        self.align();
        let first = self.next_word;
        let mut asynchronous = Vec::new();
        for (k, group) in groups.iter_mut().enumerate() {
            if let Some((net, word)) = &mut group.asynchronous {
                *word = self.new_words(1) as u16;
                self.read(*net, usize::from(*word), 0);
                asynchronous.push(Asynchronous::Group(k));
            }
        }
        for (k, mac) in netlist.mac16s.iter().enumerate() {
            let word = self.new_words(1);
            for bit in mac_control::IRSTTOP..=mac_control::ORSTBOT {
                self.read(mac.inputs[64 + usize::from(bit)], word, bit as u8);
            }
            asynchronous.push(Asynchronous::Mac(k));
        }
        for (k, spram) in netlist.sprams.iter().enumerate() {
            let word = self.new_words(1);
            spram_ports[k].power = word as u16;
            self.read(spram.sleep, word, spram_power::SLEEP_BIT);
            self.read(spram.power_off_n, word, spram_power::POWER_OFF_N_BIT);
            asynchronous.push(Asynchronous::Spram(k));
        }
        (asynchronous, first)
    }

    fn connect_clocks(&mut self) -> (Vec<ClockWord>, usize) {
        self.align();
        let first = self.next_word;
        let mut clocks: Vec<ClockWord> = Vec::new();
        let mut known: HashMap<Net, usize> = HashMap::new();
        for (domain, clock) in self.clock_order.clone().into_iter().enumerate() {
            if clock.net.is_constant() {
                continue;
            }
            let index = *known.entry(clock.net).or_insert_with(|| {
                clocks.push(ClockWord {
                    word: self.next_word as u16,
                    net: clock.net,
                    level: false,
                    domains: [None; 2],
                });
                self.next_word += 1;
                clocks.len() - 1
            });
            clocks[index].domains[usize::from(!clock.falling)] = Some(domain);
        }
        for clock in &clocks {
            self.read(clock.net, usize::from(clock.word), 0);
        }
        (clocks, first)
    }

    fn connect_pads(&mut self, outside: &[Net]) -> (Vec<Option<u16>>, Vec<Option<u16>>) {
        self.align();
        let netlist = self.netlist;
        let mut words = vec![None; netlist.net_count];
        let outputs = netlist.pads.iter().filter_map(|pad| pad.output);
        let nets: Vec<Net> = [Net::ZERO, Net::ONE]
            .into_iter()
            .chain(outside.iter().copied())
            .chain(outputs.flat_map(|output| [output.value, output.enable]))
            .collect();
        for net in nets {
            if words[net.index()].is_none() {
                let word = self.new_words(1);
                self.read(net, word, 0);
                words[net.index()] = Some(word as u16);
            }
        }
        let mut signals = vec![None; netlist.net_count];
        for &net in outside {
            signals[net.index()] = self.signal_of[net.index()];
        }
        (words, signals)
    }
}

type ReadersOf = Box<[(u16, u16); WORDS]>;

type NodeTables =
    (Vec<WordKind>, Vec<Option<crate::netlist::LogicCellAt>>, Box<[super::simplify::Table; WORDS]>);

/// Whether a read in `mode` ever sets `RDATA[line]`.
fn line_is_used(mode: u8, line: u8) -> bool {
    let ones = vec![0xffff; 256];
    block_ram::read(&ones, mode, 0) >> line & 1 != 0
}

fn fill_wide_reads(netlist: &Netlist, slices: &[ReadSlice], wide_reads: &mut [WideRead]) {
    for (ram, slice) in netlist.block_rams.iter().zip(slices) {
        let wide = &mut wide_reads[slice.wide];
        for (address, word) in wide.words.iter_mut().enumerate() {
            *word |= slice.pick(block_ram::read(&ram.init, wide.mode, address as u16));
        }
    }
}
