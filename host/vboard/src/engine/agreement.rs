//! Both engines on netlists at random, which no synthesis would make: clocks, resets and
//! memories hang on whatever there is, and loops go through everything.

use super::event::EventEngine;
use super::plain::PlainEngine;
use super::{Engine, Unsettled};
use crate::cells::mac16::Mac16Config;
use crate::device::{Device, TileAt};
use crate::netlist::{
    BlockRam, Clock, Ff, Lut, Mac16, Net, Netlist, Pad, PadOutput, RamPort, SetReset, Spram,
};
use fastrand::Rng;
use std::sync::Arc;

const NETLISTS: u64 = 20_000;
const STEPS: usize = 40;
/// The first is a clock that only flip-flops and memories may have.
const PINS: usize = 10;
const AT: TileAt = TileAt { x: 1, y: 1 };

fn chance(rng: &mut Rng, percent: usize) -> bool {
    rng.usize(..100) < percent
}

struct Maker {
    rng: Rng,
    /// Nets that have a driver, or will have one.
    nets: usize,
    /// Those that are pins or come from registers.
    state: usize,
    /// What share of inputs may close a loop.
    loops: usize,
}

impl Maker {
    fn outputs<const N: usize>(&mut self) -> [Net; N] {
        let first = self.nets;
        self.nets += N;
        std::array::from_fn(|k| Net((first + k) as u32))
    }

    /// Any net, but for the clock pin.
    fn any(&mut self) -> Net {
        match self.rng.usize(..self.nets - 1) {
            constant @ 0..2 => Net(constant as u32),
            other => Net(other as u32 + 1),
        }
    }

    fn any_of<const N: usize>(&mut self) -> [Net; N] {
        std::array::from_fn(|_| self.any())
    }

    /// An input of a combinational cell with outputs from `first` on.
    fn below(&mut self, first: Net) -> Net {
        if chance(&mut self.rng, self.loops) {
            return self.any();
        }
        let known = if chance(&mut self.rng, 50) { self.state } else { first.index() };
        match self.rng.usize(..known - 1) {
            constant @ 0..2 => Net(constant as u32),
            other => Net(other as u32 + 1),
        }
    }

    fn clock(&mut self) -> Clock {
        let net = match self.rng.usize(..10) {
            0..=5 => Net(2),
            6 | 7 => Net(3),
            _ => self.any(),
        };
        Clock { net, falling: chance(&mut self.rng, 30) }
    }

    /// Mostly `usual`.
    fn control(&mut self, usual: Net) -> Net {
        if chance(&mut self.rng, 60) { usual } else { self.any() }
    }

    fn ram_port(&mut self) -> RamPort {
        // Few words are used often.
        let mut address = [Net::ZERO; 11];
        for net in address.iter_mut().take(3) {
            *net = self.any();
        }
        RamPort {
            clock: self.clock(),
            enable: self.control(Net::ONE),
            clock_enable: self.control(Net::ONE),
            address,
            mode: self.rng.u8(..4),
        }
    }

    fn mac16(&mut self, outputs: [Net; 33]) -> Mac16 {
        let flag = |maker: &mut Self| chance(&mut maker.rng, 50);
        let config = Mac16Config {
            c_reg: flag(self),
            a_reg: flag(self),
            b_reg: flag(self),
            d_reg: flag(self),
            top_8x8_mult_reg: flag(self),
            bot_8x8_mult_reg: flag(self),
            pipeline_16x16_mult_reg1: flag(self),
            pipeline_16x16_mult_reg2: flag(self),
            topoutput_select: self.rng.u8(..4),
            topaddsub_lowerinput: self.rng.u8(..4),
            topaddsub_upperinput: flag(self),
            topaddsub_carryselect: self.rng.u8(..4),
            botoutput_select: self.rng.u8(..4),
            botaddsub_lowerinput: self.rng.u8(..3),
            botaddsub_upperinput: flag(self),
            botaddsub_carryselect: [0, 1, 3][self.rng.usize(..3)],
            mode_8x8: flag(self),
            a_signed: flag(self),
            b_signed: flag(self),
        };
        let clock = Clock { falling: false, ..self.clock() };
        let inputs = (0..Mac16::INPUT_COUNT)
            .map(|k| match k {
                // The data, and then a clock enable that is mostly on, and the rest.
                0..64 => self.below(outputs[0]),
                64 if chance(&mut self.rng, 70) => Net::ONE,
                _ if chance(&mut self.rng, 60) => Net::ZERO,
                _ => self.below(outputs[0]),
            })
            .collect();
        Mac16 { at: AT, config, clock, inputs, outputs }
    }

    fn spram(&mut self, data_out: [Net; 16]) -> Spram {
        let mut address = [Net::ZERO; 14];
        for net in address.iter_mut().take(3) {
            *net = self.any();
        }
        Spram {
            at: AT,
            clock: Clock { falling: false, ..self.clock() },
            address,
            data_in: self.any_of(),
            mask: self.any_of(),
            write_enable: self.any(),
            chip_select: self.control(Net::ONE),
            standby: self.control(Net::ZERO),
            sleep: self.control(Net::ZERO),
            power_off_n: self.control(Net::ONE),
            data_out,
        }
    }
}

/// A netlist, and the nets that are looked at.
fn netlist(seed: u64) -> (Netlist, Vec<Net>) {
    let mut maker = Maker {
        rng: Rng::with_seed(seed),
        nets: 2 + PINS,
        state: 0,
        loops: if seed.is_multiple_of(2) { 0 } else { 4 },
    };
    let ffs: Vec<[Net; 1]> = (0..maker.rng.usize(..16)).map(|_| maker.outputs()).collect();
    let rams: Vec<[Net; 16]> = (0..maker.rng.usize(..3)).map(|_| maker.outputs()).collect();
    let sprams: Vec<[Net; 16]> = (0..maker.rng.usize(..2)).map(|_| maker.outputs()).collect();
    maker.state = maker.nets;
    // LUTs and multipliers behind one another, in any order.
    let mut luts: Vec<[Net; 1]> = Vec::new();
    let mut macs: Vec<[Net; 33]> = Vec::new();
    for _ in 0..maker.rng.usize(..24) {
        if macs.len() < 3 && chance(&mut maker.rng, 12) {
            macs.push(maker.outputs());
        } else {
            luts.push(maker.outputs());
        }
    }
    let ffs = ffs.into_iter().map(|[q]| Ff {
        d: maker.any(),
        q,
        clock: maker.clock(),
        enable: maker.control(Net::ONE),
        set_reset: maker.control(Net::ZERO),
        set_reset_kind: if chance(&mut maker.rng, 30) {
            SetReset::Asynchronous
        } else {
            SetReset::Synchronous
        },
        set_value: chance(&mut maker.rng, 50),
    });
    let ffs = ffs.collect();
    let block_rams = rams.into_iter().map(|read_data| BlockRam {
        at: AT,
        read: maker.ram_port(),
        read_data,
        write: maker.ram_port(),
        write_data: maker.any_of(),
        write_mask: std::array::from_fn(|_| maker.control(Net::ZERO)),
        init: (0..256).map(|_| maker.rng.u16(..)).collect(),
    });
    let block_rams = block_rams.collect();
    let sprams = sprams.into_iter().map(|data_out| maker.spram(data_out)).collect();
    let luts = luts.into_iter().map(|[output]| Lut {
        // Every fourth is a buffer, for which its input stands.
        table: if maker.rng.u8(..4) == 0 { 0xaaaa } else { maker.rng.u16(..) },
        inputs: std::array::from_fn(|_| maker.below(output)),
        output,
        at: None,
    });
    let luts = luts.collect();
    let mac16s = macs.into_iter().map(|outputs| maker.mac16(outputs)).collect();
    let pin = |k: usize| Pad {
        tile: AT,
        block: 0,
        input: Some(Net((2 + k) as u32)),
        output: None,
        pull_up: false,
    };
    let mut pads: Vec<Pad> = (0..PINS).map(pin).collect();
    // The event engine merges what nobody looks at, and does not run loops that nobody sees.
    let watched: Vec<Net> = match maker.loops {
        0 => (0..16).map(|_| maker.any()).collect(),
        _ => (2..maker.nets as u32).map(Net).collect(),
    };
    pads.extend(watched.iter().map(|&value| Pad {
        tile: AT,
        block: 1,
        input: None,
        output: Some(PadOutput { value, enable: Net::ONE }),
        pull_up: false,
    }));
    let netlist = Netlist {
        device: Device::Up5k,
        net_count: maker.nets,
        luts,
        ffs,
        block_rams,
        sprams,
        mac16s,
        pads,
        plls: Vec::new(),
    };
    (netlist, watched)
}

/// What both answer, if they answer the same.
fn same<T: PartialEq + std::fmt::Debug>(
    seed: u64,
    event: Result<T, Unsettled>,
    plain: Result<T, Unsettled>,
) -> Option<T> {
    match (event, plain) {
        (Ok(event), Ok(plain)) => {
            assert_eq!(event, plain, "netlist {seed}");
            Some(event)
        }
        (Err(event), Err(plain)) => {
            assert_eq!(event.kind, plain.kind, "netlist {seed}");
            None
        }
        (event, plain) => panic!("netlist {seed}: event {event:?}, plain {plain:?}"),
    }
}

#[test]
fn both_engines_do_the_same() {
    let (mut settled, mut multiplied) = (0, 0);
    'netlists: for seed in 0..NETLISTS {
        let (netlist, watched) = netlist(seed);
        let netlist = Arc::new(netlist);
        let mut rng = Rng::with_seed(!seed);
        let mut levels: Vec<(Net, bool)> =
            (0..PINS).map(|k| (Net((2 + k) as u32), k >= 2 && chance(&mut rng, 50))).collect();
        let event = EventEngine::new(&netlist, &levels).map(|engine| engine.unwrap());
        let plain = PlainEngine::new(Arc::clone(&netlist), &levels);
        let (mut event, mut plain) = match (event, plain) {
            (Ok(event), Ok(plain)) => (event, plain),
            (event, plain) => {
                same(seed, event.map(drop), plain.map(drop));
                continue;
            }
        };
        for step in 0..STEPS {
            let ran = if step % 8 == 7 && !levels[0].1 {
                let cycles = rng.u64(..6);
                let watch = [watched[0], watched[1]];
                // How soon nothing more happens is the event engine's to find out.
                let cycles = |engine: &mut dyn Engine| {
                    engine.run_cycles(Net(2), cycles, watch).map(|ran| ran.cycles)
                };
                same(seed, cycles(&mut event), cycles(&mut plain)).map(drop)
            } else {
                let mut changes: Vec<(Net, bool)> = Vec::new();
                for (k, (net, level)) in levels.iter_mut().enumerate() {
                    if chance(&mut rng, if k < 2 { 50 } else { 20 }) {
                        *level = !*level;
                        changes.push((*net, *level));
                    }
                }
                same(seed, event.set(&changes), plain.set(&changes))
            };
            if ran.is_none() {
                continue 'netlists;
            }
            let when = format!("netlist {seed}, step {step}");
            assert_eq!(event.flip_flops(), plain.flip_flops(), "{when}");
            for &net in &watched {
                assert_eq!(event.pad_value(net), plain.pad_value(net), "{when}, {net:?}");
            }
            for k in 0..netlist.block_rams.len() {
                assert_eq!(event.block_ram(k), plain.block_ram(k), "{when}");
            }
            for k in 0..netlist.sprams.len() {
                assert!(event.spram(k) == plain.spram(k), "{when}");
            }
            for k in 0..netlist.mac16s.len() {
                assert_eq!(event.mac16(k), plain.mac16(k), "{when}");
                multiplied += usize::from(event.mac16(k) != [0; 6]);
            }
        }
        settled += 1;
    }
    // A test in which most oscillate would prove little.
    println!("{settled} of {NETLISTS} netlists settle to the end, {multiplied} looks at registers");
    assert!(settled > NETLISTS / 2 && multiplied > 1000, "{settled}, {multiplied}");
}
