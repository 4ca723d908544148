//! A board: a netlist with its pins in a package, a clock, and a serial line.

use std::collections::HashMap;
use std::sync::Arc;

use crate::chipdb::{ChipDb, ChipDbError};
use crate::device::{Device, TileAt};
use crate::engine::event::EventEngine;
use crate::engine::plain::PlainEngine;
use crate::engine::{Engine, Unsettled};
use crate::netlist::{Net, Netlist, PadOutput};
use crate::oscillators::Oscillators;
use crate::uart::Uart;

/// Which pins of which package the board uses, and how.
#[derive(Clone, Debug)]
pub struct Pins<'a> {
    /// Package, named as in IceStorm (`sg48`, `ct256`, …).
    pub package: &'a str,
    /// Pin of the board's clock.
    pub clock: &'a str,
    /// Pin on which the FPGA receives.
    pub uart_rx: &'a str,
    /// Pin on which the FPGA transmits.
    pub uart_tx: &'a str,
    /// Clock cycles in a bit of the serial line.
    pub uart_divider: u32,
}

/// Which engine runs the netlist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EngineKind {
    /// Evaluates only what changes. (A netlist with hundreds of clocks, for
    /// which it has no room, runs on the plain engine.)
    #[default]
    Event,
    /// Evaluates everything in every round: slow, and the tests' oracle.
    Plain,
}

impl EngineKind {
    /// All engines.
    pub const ALL: [EngineKind; 2] = [EngineKind::Event, EngineKind::Plain];
}

/// Why a board cannot be set up or go on.
#[derive(Debug, thiserror::Error)]
pub enum BoardError {
    /// The device is not sold in that package.
    #[error("the {device} has no package `{package}`; it has {}", known.join(", "))]
    Package {
        /// Device.
        device: Device,
        /// Package asked for.
        package: String,
        /// Packages there are.
        known: Vec<String>,
    },
    /// The package has no such pin.
    #[error("pin `{pin}` is not on package `{package}`; near it are {}", near.join(", "))]
    Pin {
        /// Pin asked for.
        pin: String,
        /// Package.
        package: String,
        /// Pins with similar names.
        near: Vec<String>,
    },
    /// The divider is too small to read a bit in its middle.
    #[error("a UART divider of {0} is too small; use 2 clock cycles a bit or more")]
    Divider(u32),
    /// A PLL runs from something else than the clock pin.
    #[error("the PLL at {at} does not take its reference from clock pin `{clock}`")]
    PllReference {
        /// The PLL.
        at: TileAt,
        /// The clock pin.
        clock: String,
    },
    /// The design oscillates.
    #[error(transparent)]
    Unsettled(#[from] Unsettled),
    /// The embedded chip database is damaged.
    #[error(transparent)]
    ChipDb(#[from] ChipDbError),
}

/// What is known of a pin of the package.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PinNets {
    pub input: Option<Net>,
    pub output: Option<PadOutput>,
    pub pull_up: bool,
}

/// A running board. It powers up configured; its clock starts low.
pub struct VirtualBoard {
    netlist: Arc<Netlist>,
    engine: Box<dyn Engine>,
    package: String,
    pins: HashMap<String, PinNets>,
    clock: Net,
    rx: Option<Net>,
    rx_level: bool,
    tx: Option<PadOutput>,
    uart: Uart,
    oscillators: Option<Oscillators>,
    cycles: u64,
    quiescent: bool,
}

impl VirtualBoard {
    /// Puts a netlist on a board.
    ///
    /// # Errors
    /// When the pins do not fit the device, or the design does not settle.
    pub fn new(
        netlist: Netlist,
        pins: &Pins,
        engine: EngineKind,
    ) -> Result<VirtualBoard, BoardError> {
        VirtualBoard::with_levels(netlist, pins, engine, &[])
    }

    /// As [`VirtualBoard::new`], with pins that something outside holds at a
    /// level while the board powers up.
    ///
    /// # Errors
    /// When the pins do not fit the device, or the design does not settle.
    pub fn with_levels(
        netlist: Netlist,
        pins: &Pins,
        engine: EngineKind,
        levels: &[(&str, bool)],
    ) -> Result<VirtualBoard, BoardError> {
        if pins.uart_divider < 2 {
            return Err(BoardError::Divider(pins.uart_divider));
        }
        let nets = pins_of(&netlist, pins.package)?;
        let pin = |name: &str| pin_of(&nets, name, pins.package);
        let clock = pin(pins.clock)?;
        let (rx, tx) = (pin(pins.uart_rx)?, pin(pins.uart_tx)?);
        let clock_net = clock.input.unwrap_or(Net::ZERO);
        let oscillators = Oscillators::new(&netlist, clock_net)
            .map_err(|at| BoardError::PllReference { at, clock: pins.clock.into() })?;
        // Pads that nothing outside drives follow their pull-up.
        let mut inputs: Vec<(Net, bool)> =
            netlist.pads.iter().filter_map(|pad| Some((pad.input?, pad.pull_up))).collect();
        inputs.extend(clock.input.map(|net| (net, false)));
        inputs.extend(rx.input.map(|net| (net, true)));
        for &(name, level) in levels {
            inputs.extend(pin(name)?.input.map(|net| (net, level)));
        }
        let netlist = Arc::new(netlist);
        let fast = match engine {
            EngineKind::Event => EventEngine::new(&netlist, &inputs)?,
            EngineKind::Plain => None,
        };
        let engine: Box<dyn Engine> = match fast {
            Some(fast) => Box::new(fast),
            None => Box::new(PlainEngine::new(Arc::clone(&netlist), &inputs)?),
        };
        Ok(VirtualBoard {
            netlist,
            engine,
            package: pins.package.into(),
            pins: nets,
            clock: clock_net,
            rx: rx.input,
            rx_level: true,
            tx: tx.output,
            uart: Uart::new(pins.uart_divider),
            oscillators,
            cycles: 0,
            quiescent: false,
        })
    }

    /// Clock cycles since configuration.
    pub fn cycles(&self) -> u64 {
        self.cycles
    }

    /// Queues bytes for the FPGA's receive pin.
    pub fn send(&mut self, bytes: &[u8]) {
        self.uart.send(bytes);
    }

    /// Bytes that are queued and not yet received in full by the FPGA.
    pub fn unsent(&self) -> usize {
        self.uart.unsent()
    }

    /// The bytes that the FPGA has transmitted since the last call.
    pub fn take_received(&mut self) -> Vec<u8> {
        self.uart.take_received()
    }

    /// Transmitted frames whose stop bit was wrong.
    pub fn framing_errors(&self) -> u64 {
        self.uart.framing_errors()
    }

    /// Whether time alone changes nothing any more: the clock may run for
    /// ever, until a pin changes all stays as it is.
    pub fn is_quiescent(&self) -> bool {
        self.quiescent && self.uart.is_idle()
    }

    /// Runs the clock for `cycles` cycles.
    ///
    /// # Errors
    /// When the design oscillates.
    pub fn run(&mut self, cycles: u64) -> Result<(), BoardError> {
        let end = self.cycles + cycles;
        while self.cycles < end {
            let level = self.uart.line(self.cycles);
            if level != self.rx_level {
                self.rx_level = level;
                if let Some(rx) = self.rx {
                    self.engine.set(&[(rx, level)])?;
                }
            }
            let next = self.uart.next_event(self.cycles).unwrap_or(end);
            let next = next.clamp(self.cycles + 1, end);
            let budget = next - self.cycles;
            // An open-drain output is all in its enable.
            let watch = self.tx.map_or([Net::ONE; 2], |tx| [tx.value, tx.enable]);
            let ran = match &mut self.oscillators {
                None => self.engine.run_cycles(self.clock, budget, watch)?,
                Some(oscillators) => oscillators.run(self.engine.as_mut(), budget, watch)?,
            };
            self.cycles += ran.cycles;
            self.quiescent = ran.quiescent;
            let level = self.tx_level();
            self.uart.observe(self.cycles, level);
        }
        Ok(())
    }

    /// Level of the transmit pin; an undriven line is idle.
    fn tx_level(&self) -> bool {
        self.tx
            .is_none_or(|tx| !self.engine.pad_value(tx.enable) || self.engine.pad_value(tx.value))
    }

    /// Sets a pin from outside. A pin that the design does not read is not
    /// changed by it.
    ///
    /// # Errors
    /// When there is no such pin, or the design oscillates.
    pub fn set_pin(&mut self, pin: &str, level: bool) -> Result<(), BoardError> {
        self.set_pins(&[(pin, level)])
    }

    /// Sets several pins at the same moment.
    ///
    /// # Errors
    /// When there is no such pin, or the design oscillates.
    pub fn set_pins(&mut self, levels: &[(&str, bool)]) -> Result<(), BoardError> {
        let mut changes = Vec::with_capacity(levels.len());
        for &(pin, level) in levels {
            if let Some(net) = self.pin_nets(pin)?.input {
                changes.push((net, level));
            }
        }
        self.quiescent = false;
        Ok(self.engine.set(&changes)?)
    }

    /// Level of a pin: what drives it, or what it was set to; `None` when it
    /// floats without a pull-up.
    ///
    /// # Errors
    /// When there is no such pin.
    pub fn pin(&self, pin: &str) -> Result<Option<bool>, BoardError> {
        let nets = self.pin_nets(pin)?;
        if let Some(output) = nets.output
            && self.engine.pad_value(output.enable)
        {
            return Ok(Some(self.engine.pad_value(output.value)));
        }
        Ok(match nets.input {
            Some(input) => Some(self.engine.pad_value(input)),
            None => nets.pull_up.then_some(true),
        })
    }

    fn pin_nets(&self, pin: &str) -> Result<PinNets, BoardError> {
        pin_of(&self.pins, pin, &self.package)
    }

    /// The netlist that runs.
    pub fn netlist(&self) -> &Netlist {
        &self.netlist
    }

    /// The engine, for looking at its state.
    pub fn engine(&self) -> &dyn Engine {
        self.engine.as_ref()
    }

    /// What differs between the states of two boards that run the same
    /// netlist, if anything: flip-flops, then memories, then MAC registers. Cells are numbered
    /// as in the netlist.
    pub fn first_difference(&self, other: &VirtualBoard) -> Option<String> {
        let (a, b) = (self.engine(), other.engine());
        if let Some((k, _)) =
            a.flip_flops().iter().zip(&b.flip_flops()).enumerate().find(|(_, (a, b))| a != b)
        {
            return Some(format!("flip-flop {k}"));
        }
        if let Some(k) =
            (0..self.netlist.block_rams.len()).find(|&k| a.block_ram(k) != b.block_ram(k))
        {
            return Some(format!("block RAM {k}"));
        }
        if let Some(k) = (0..self.netlist.sprams.len()).find(|&k| a.spram(k) != b.spram(k)) {
            return Some(format!("SPRAM {k}"));
        }
        let k = (0..self.netlist.mac16s.len()).find(|&k| a.mac16(k) != b.mac16(k))?;
        Some(format!(
            "MAC16 {k} at {}, with registers {:x?} and {:x?},",
            self.netlist.mac16s[k].at,
            a.mac16(k),
            b.mac16(k)
        ))
    }

    /// Inverts bit `bit` of word `word` of block RAM `index` of the netlist,
    /// as an upset would.
    pub fn flip_block_ram(&mut self, index: usize, word: u8, bit: u8) {
        self.engine.flip_block_ram(index, word, bit);
        self.quiescent = false;
    }
}

/// The pins of a package, and what the netlist connects to each.
pub(crate) fn pins_of(
    netlist: &Netlist,
    package: &str,
) -> Result<HashMap<String, PinNets>, BoardError> {
    let db = ChipDb::of(netlist.device)?;
    let found = db.package(package).ok_or_else(|| BoardError::Package {
        device: netlist.device,
        package: package.into(),
        known: db.packages.iter().map(|p| p.name.clone()).collect(),
    })?;
    let nets = found.pins.iter().map(|(pin, io)| {
        let pad = netlist.pads.iter().find(|pad| pad.tile == io.tile && pad.block == io.block);
        let known = pad.map_or_else(PinNets::default, |pad| PinNets {
            input: pad.input,
            output: pad.output,
            pull_up: pad.pull_up,
        });
        (pin.clone(), known)
    });
    Ok(nets.collect())
}

/// The nets of pin `name`, which `nets` of `package` must have.
pub(crate) fn pin_of(
    nets: &HashMap<String, PinNets>,
    name: &str,
    package: &str,
) -> Result<PinNets, BoardError> {
    nets.get(name).copied().ok_or_else(|| unknown_pin(name, package, nets.keys()))
}

fn unknown_pin<'a>(
    pin: &str,
    package: &str,
    known: impl Iterator<Item = &'a String>,
) -> BoardError {
    // Names are a number, or a letter and a number: those with the same
    // letter and the nearest number are the neighbours.
    let split = |name: &str| -> (String, i64) {
        let digits = name.trim_start_matches(|c: char| !c.is_ascii_digit());
        let letters = &name[..name.len() - digits.len()];
        (letters.to_owned(), digits.parse().unwrap_or(0))
    };
    let (letters, number) = split(pin);
    let mut near: Vec<(bool, i64, &String)> = known
        .map(|name| {
            let (l, n) = split(name);
            (l != letters, n.abs_diff(number) as i64, name)
        })
        .collect();
    near.sort_unstable();
    BoardError::Pin {
        pin: pin.into(),
        package: package.into(),
        near: near.into_iter().take(3).map(|(_, _, name)| format!("`{name}`")).collect(),
    }
}
