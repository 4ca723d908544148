//! Which of the modelled cells and modes the random designs have exercised.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use filbench_vboard::VirtualBoard;
use filbench_vboard::netlist::{Clock, Ff, Mac16, Net, Netlist, RamPort, SetReset};

use crate::random_design::RandomDesign;

/// How many designs exercised each cell and mode.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    seen: BTreeMap<String, u64>,
}

/// Bits of `PIN_TYPE` that are modelled, but for plain inputs and outputs: registered and
/// latched inputs; outputs that are registered, registered and inverted, and driven now and
/// then, with the value or the enable registered.
const PIN_TYPES: [&str; 8] =
    ["000000", "000011", "010101", "011101", "101001", "100101", "111001", "110101"];

impl Coverage {
    fn count(&mut self, what: impl Into<String>) {
        *self.seen.entry(what.into()).or_default() = 1;
    }

    /// Adds another design's.
    pub fn add(&mut self, other: &Coverage) {
        for (what, count) in &other.seen {
            *self.seen.entry(what.clone()).or_default() += count;
        }
    }

    /// What is modelled and was never exercised.
    pub fn missing(&self) -> Vec<String> {
        modelled().into_iter().filter(|what| !self.seen.contains_key(what)).collect()
    }
}

/// Of a pad's registers.
const NEG_TRIGGER: &str = "SB_IO NEG_TRIGGER";
/// A clock of the fabric on a global net.
const BUFFER: &str = "SB_GB";

fn pad_mode(pin_type: &str) -> String {
    format!("SB_IO PIN_TYPE {pin_type}")
}

/// A pad with a register, a latch or an enable.
struct SpecialPad {
    pin: &'static str,
    /// One of [`PIN_TYPES`].
    pin_type: &'static str,
    falling: bool,
}

/// The special pads of a design, from its source, where each is one line.
fn special_pads(design: &RandomDesign) -> Vec<SpecialPad> {
    let lines = design.verilog.lines().filter(|line| line.contains("SB_IO #("));
    let ports = || design.inputs.iter().chain(&design.outputs);
    lines
        .filter_map(|line| {
            let pin_type =
                PIN_TYPES.into_iter().find(|bits| line.contains(&format!("'b{bits}")))?;
            let port =
                ports().find(|port| line.contains(&format!("PACKAGE_PIN({})", port.name)))?;
            let falling = line.contains(".NEG_TRIGGER(1'b1)");
            Some(SpecialPad { pin: port.pin, pin_type, falling })
        })
        .collect()
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for what in modelled() {
            let count = self.seen.get(&what).copied().unwrap_or(0);
            writeln!(f, "{count:>6}  {what}")?;
        }
        Ok(())
    }
}

/// Every cell and mode that the virtual board models and random designs can
/// reach. (PLLs have no model in `cells_sim.v`; `tests/e2e/foreign.rs` runs from them.)
fn modelled() -> Vec<String> {
    let mut all: Vec<String> = [
        "5k",
        "8k",
        "LUT",
        "carry",
        "latch loop",
        "clock from the fabric",
        "asynchronous set or reset from a flip-flop",
        "two clocks",
        "block RAM on a clock from the fabric",
        "MAC16 on a clock from the fabric",
        "block RAM read on falling edge",
        "block RAM write on falling edge",
        "block RAM write mask",
        "block RAM RE",
        "block RAM RCLKE",
        "block RAM WE",
        "block RAM WCLKE",
        "block RAM changed",
        "SPRAM changed",
        "SPRAM STANDBY",
        "SPRAM SLEEP",
        "SPRAM POWEROFF",
        "MAC16 registers changed",
        "tristate pad",
    ]
    .map(str::to_owned)
    .to_vec();
    all.extend(PIN_TYPES.map(pad_mode));
    all.extend([NEG_TRIGGER, BUFFER].map(String::from));
    for edge in ["SB_DFF", "SB_DFFN"] {
        for enable in ["", "E"] {
            for control in ["", "SR", "SS", "R", "S"] {
                all.push(format!("{edge}{enable}{control}"));
            }
        }
    }
    for mode in 0..4 {
        all.push(format!("block RAM READ_MODE {mode}"));
        all.push(format!("block RAM WRITE_MODE {mode}"));
    }
    all.extend(mac16_modes(None));
    all
}

/// The modes of a MAC16: those that it has, or all there are.
fn mac16_modes(mac: Option<&Mac16>) -> Vec<String> {
    let config = mac.map(|mac| mac.config).unwrap_or_default();
    let mut modes = Vec::new();
    for (name, is_set) in [
        ("C_REG", config.c_reg),
        ("A_REG", config.a_reg),
        ("B_REG", config.b_reg),
        ("D_REG", config.d_reg),
        ("TOP_8x8_MULT_REG", config.top_8x8_mult_reg),
        ("BOT_8x8_MULT_REG", config.bot_8x8_mult_reg),
        ("PIPELINE_16x16_MULT_REG1", config.pipeline_16x16_mult_reg1),
        ("PIPELINE_16x16_MULT_REG2", config.pipeline_16x16_mult_reg2),
        ("TOPADDSUB_UPPERINPUT", config.topaddsub_upperinput),
        ("BOTADDSUB_UPPERINPUT", config.botaddsub_upperinput),
        ("MODE_8x8", config.mode_8x8),
        ("A_SIGNED", config.a_signed),
        ("B_SIGNED", config.b_signed),
    ] {
        for value in [false, true] {
            if mac.is_none() || is_set == value {
                modes.push(format!("MAC16 {name} {}", u8::from(value)));
            }
        }
    }
    for (name, selected) in [
        ("TOPOUTPUT_SELECT", config.topoutput_select),
        ("TOPADDSUB_LOWERINPUT", config.topaddsub_lowerinput),
        ("TOPADDSUB_CARRYSELECT", config.topaddsub_carryselect),
        ("BOTOUTPUT_SELECT", config.botoutput_select),
        ("BOTADDSUB_LOWERINPUT", config.botaddsub_lowerinput),
        ("BOTADDSUB_CARRYSELECT", config.botaddsub_carryselect),
    ] {
        for value in 0..4 {
            let cascade =
                matches!((name, value), ("BOTADDSUB_LOWERINPUT", 3) | ("BOTADDSUB_CARRYSELECT", 2));
            let is_there = mac.map_or(!cascade, |_| selected == value);
            if is_there {
                modes.push(format!("MAC16 {name} {value}"));
            }
        }
    }
    modes
}

/// Watches what changes on a board with the plain engine, which keeps every net.
pub(crate) struct Watcher {
    start: State,
    /// By net.
    nets: Vec<bool>,
    block_rams: Vec<bool>,
    sprams: Vec<bool>,
    mac16s: Vec<bool>,
    /// Levels seen at each pad that is not a plain one.
    pads: Vec<(SpecialPad, BTreeSet<Option<bool>>)>,
    /// Whether clocks made in the fabric are on a global net.
    buffered: bool,
}

struct State {
    nets: Vec<bool>,
    block_rams: Vec<Vec<u16>>,
    sprams: Vec<Vec<u16>>,
    mac16s: Vec<[u32; 6]>,
}

fn state(board: &VirtualBoard) -> State {
    let (netlist, engine) = (board.netlist(), board.engine());
    let nets = 0..u32::try_from(netlist.net_count).unwrap_or(u32::MAX);
    State {
        nets: nets.map(|net| engine.net_value(Net(net)).unwrap_or(false)).collect(),
        block_rams: (0..netlist.block_rams.len()).map(|k| engine.block_ram(k).to_vec()).collect(),
        sprams: (0..netlist.sprams.len()).map(|k| engine.spram(k).to_vec()).collect(),
        mac16s: (0..netlist.mac16s.len()).map(|k| engine.mac16(k)).collect(),
    }
}

fn mark_changes<T: PartialEq>(changed: &mut [bool], before: &[T], now: &[T]) {
    for (changed, (before, now)) in changed.iter_mut().zip(before.iter().zip(now)) {
        *changed |= before != now;
    }
}

impl Watcher {
    pub fn new(board: &VirtualBoard, design: &RandomDesign) -> Watcher {
        let start = state(board);
        let pads = special_pads(design).into_iter().map(|pad| (pad, BTreeSet::new())).collect();
        let mut watcher = Watcher {
            nets: vec![false; start.nets.len()],
            block_rams: vec![false; start.block_rams.len()],
            sprams: vec![false; start.sprams.len()],
            mac16s: vec![false; start.mac16s.len()],
            start,
            pads,
            buffered: design.verilog.contains(BUFFER),
        };
        watcher.observe(board);
        watcher
    }

    pub fn observe(&mut self, board: &VirtualBoard) {
        let now = state(board);
        mark_changes(&mut self.nets, &self.start.nets, &now.nets);
        mark_changes(&mut self.block_rams, &self.start.block_rams, &now.block_rams);
        mark_changes(&mut self.sprams, &self.start.sprams, &now.sprams);
        mark_changes(&mut self.mac16s, &self.start.mac16s, &now.mac16s);
        for (pad, levels) in &mut self.pads {
            levels.extend(board.pin(pad.pin));
        }
    }

    fn changed(&self, net: Net) -> bool {
        self.nets[net.0 as usize]
    }

    /// What the design has, of what changed at least once.
    pub fn coverage(&self, board: &VirtualBoard) -> Coverage {
        let netlist = board.netlist();
        let mut coverage = Coverage::default();
        coverage.count(netlist.device.icestorm_name());
        self.count_logic(&mut coverage, netlist);
        self.count_pads(&mut coverage, netlist);
        self.count_block_rams(&mut coverage, netlist);
        for (spram, _) in netlist.sprams.iter().zip(&self.sprams).filter(|s| *s.1) {
            coverage.count("SPRAM changed");
            for (net, name) in [
                (spram.standby, "STANDBY"),
                (spram.sleep, "SLEEP"),
                (spram.power_off_n, "POWEROFF"),
            ] {
                if self.changed(net) {
                    coverage.count(format!("SPRAM {name}"));
                }
            }
        }
        for (mac, &registers) in netlist.mac16s.iter().zip(&self.mac16s) {
            if registers {
                coverage.count("MAC16 registers changed");
                if is_of_fabric(netlist, mac.clock) {
                    coverage.count("MAC16 on a clock from the fabric");
                }
            }
            if mac.outputs.iter().any(|&net| self.changed(net)) {
                for mode in mac16_modes(Some(mac)) {
                    coverage.count(mode);
                }
            }
        }
        coverage
    }

    fn count_logic(&self, coverage: &mut Coverage, netlist: &Netlist) {
        for lut in netlist.luts.iter().filter(|lut| self.changed(lut.output)) {
            coverage.count(if lut.at.is_some() { "LUT" } else { "carry" });
            if lut.inputs.contains(&lut.output) {
                coverage.count("latch loop");
            }
        }
        let mut clocks_of_pads = BTreeSet::new();
        for ff in netlist.ffs.iter().filter(|ff| self.changed(ff.q)) {
            coverage.count(flip_flop_form(ff));
            let from_flip_flop = netlist.ffs.iter().any(|other| other.q == ff.set_reset);
            if ff.set_reset_kind == SetReset::Asynchronous
                && from_flip_flop
                && self.changed(ff.set_reset)
            {
                coverage.count("asynchronous set or reset from a flip-flop");
            }
            if is_of_fabric(netlist, ff.clock) {
                coverage.count("clock from the fabric");
                if self.buffered {
                    coverage.count(BUFFER);
                }
            } else {
                clocks_of_pads.insert(ff.clock.net);
            }
        }
        if clocks_of_pads.len() > 1 {
            coverage.count("two clocks");
        }
    }

    /// What a netlist shows of pads' registers are flip-flops and LUTs like any other: which
    /// pads have them is in the source.
    fn count_pads(&self, coverage: &mut Coverage, netlist: &Netlist) {
        for pad in &netlist.pads {
            if pad.output.is_some_and(|output| self.changed(output.enable)) {
                coverage.count("tristate pad");
            }
        }
        for (pad, levels) in &self.pads {
            // Of an input, whatever takes it in is in some output, which is compared.
            if levels.len() > 1 {
                coverage.count(pad_mode(pad.pin_type));
                if pad.falling {
                    coverage.count(NEG_TRIGGER);
                }
            }
        }
    }

    fn count_block_rams(&self, coverage: &mut Coverage, netlist: &Netlist) {
        for (ram, &written) in netlist.block_rams.iter().zip(&self.block_rams) {
            let enables = |port: &RamPort| [port.enable, port.clock_enable];
            let mut count = |port: &RamPort, kind: &str, way: &str, names: [&str; 2]| {
                coverage.count(format!("block RAM {kind} {}", port.mode));
                if port.clock.falling {
                    coverage.count(format!("block RAM {way} on falling edge"));
                }
                for (net, name) in enables(port).into_iter().zip(names) {
                    if self.changed(net) {
                        coverage.count(format!("block RAM {name}"));
                    }
                }
            };
            if ram.read_data.iter().any(|&net| self.changed(net)) {
                count(&ram.read, "READ_MODE", "read", ["RE", "RCLKE"]);
            }
            if written {
                count(&ram.write, "WRITE_MODE", "write", ["WE", "WCLKE"]);
                coverage.count("block RAM changed");
                if is_of_fabric(netlist, ram.write.clock) {
                    coverage.count("block RAM on a clock from the fabric");
                }
                if ram.write.mode == 0 && ram.write_mask.iter().any(|&net| self.changed(net)) {
                    coverage.count("block RAM write mask");
                }
            }
        }
    }
}

/// Whether no pad is the clock.
fn is_of_fabric(netlist: &Netlist, clock: Clock) -> bool {
    netlist.pads.iter().all(|pad| pad.input != Some(clock.net))
}

fn flip_flop_form(ff: &Ff) -> String {
    let edge = if ff.clock.falling { "N" } else { "" };
    let enable = if ff.enable == Net::ONE { "" } else { "E" };
    let control = match (ff.set_reset, ff.set_reset_kind, ff.set_value) {
        (Net::ZERO, ..) => "",
        (_, SetReset::Synchronous, false) => "SR",
        (_, SetReset::Synchronous, true) => "SS",
        (_, SetReset::Asynchronous, false) => "R",
        (_, SetReset::Asynchronous, true) => "S",
    };
    format!("SB_DFF{edge}{enable}{control}")
}
