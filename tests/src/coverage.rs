//! Which of the modelled cells and modes the random designs have exercised.

use std::collections::BTreeMap;
use std::fmt;

use filbench_vboard::VirtualBoard;
use filbench_vboard::netlist::{Ff, Mac16, Net, Netlist, SetReset};

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

    /// Counts pads and buffers, of which a netlist shows LUTs and flip-flops only. Whatever
    /// pads take in is in some output.
    pub(crate) fn count_text(&mut self, verilog: &str) {
        let all = PIN_TYPES.map(pin_type).into_iter().chain([NEG_TRIGGER.into(), BUFFER.into()]);
        for what in all.filter(|what| verilog.contains(what)) {
            self.count(what);
        }
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
const NEG_TRIGGER: &str = ".NEG_TRIGGER(1'b1)) pad";
/// A clock of the fabric on a global net.
const BUFFER: &str = "SB_GB";

fn pin_type(bits: &str) -> String {
    format!("SB_IO #(.PIN_TYPE(6'b{bits})")
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
    all.extend(PIN_TYPES.map(pin_type));
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
            if mac.is_none() || selected == value {
                modes.push(format!("MAC16 {name} {value}"));
            }
        }
    }
    modes
}

/// Watches what changes on a board.
pub(crate) struct Watcher {
    start: State,
    flip_flops: Vec<bool>,
    block_rams: Vec<bool>,
    sprams: Vec<bool>,
    mac16s: Vec<bool>,
}

struct State {
    flip_flops: Vec<bool>,
    block_rams: Vec<Vec<u16>>,
    sprams: Vec<Vec<u16>>,
    mac16s: Vec<[u32; 6]>,
}

fn state(board: &VirtualBoard) -> State {
    let (netlist, engine) = (board.netlist(), board.engine());
    State {
        flip_flops: engine.flip_flops(),
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
    pub fn new(board: &VirtualBoard) -> Watcher {
        let start = state(board);
        Watcher {
            flip_flops: vec![false; start.flip_flops.len()],
            block_rams: vec![false; start.block_rams.len()],
            sprams: vec![false; start.sprams.len()],
            mac16s: vec![false; start.mac16s.len()],
            start,
        }
    }

    pub fn observe(&mut self, board: &VirtualBoard) {
        let now = state(board);
        mark_changes(&mut self.flip_flops, &self.start.flip_flops, &now.flip_flops);
        mark_changes(&mut self.block_rams, &self.start.block_rams, &now.block_rams);
        mark_changes(&mut self.sprams, &self.start.sprams, &now.sprams);
        mark_changes(&mut self.mac16s, &self.start.mac16s, &now.mac16s);
    }

    /// What the design has, of what changed at least once.
    pub fn coverage(&self, board: &VirtualBoard) -> Coverage {
        let netlist = board.netlist();
        let mut coverage = Coverage::default();
        coverage.count(netlist.device.icestorm_name());
        count_logic(&mut coverage, netlist);
        for (ff, _) in netlist.ffs.iter().zip(&self.flip_flops).filter(|f| *f.1) {
            coverage.count(flip_flop_form(ff));
            let from_flip_flop = netlist.ffs.iter().any(|other| other.q == ff.set_reset);
            if ff.set_reset_kind == SetReset::Asynchronous && from_flip_flop {
                coverage.count("asynchronous set or reset from a flip-flop");
            }
        }
        for (ram, &changed) in netlist.block_rams.iter().zip(&self.block_rams) {
            coverage.count(format!("block RAM READ_MODE {}", ram.read.mode));
            if ram.read.clock.falling {
                coverage.count("block RAM read on falling edge");
            }
            for (net, name) in [(ram.read.enable, "RE"), (ram.read.clock_enable, "RCLKE")] {
                if !is_constant(netlist, net) {
                    coverage.count(format!("block RAM {name}"));
                }
            }
            if !changed {
                continue;
            }
            coverage.count("block RAM changed");
            coverage.count(format!("block RAM WRITE_MODE {}", ram.write.mode));
            if ram.write.clock.falling {
                coverage.count("block RAM write on falling edge");
            }
            for (net, name) in [(ram.write.enable, "WE"), (ram.write.clock_enable, "WCLKE")] {
                if !is_constant(netlist, net) {
                    coverage.count(format!("block RAM {name}"));
                }
            }
            if ram.write.mode == 0 && ram.write_mask.iter().any(|&n| !is_constant(netlist, n)) {
                coverage.count("block RAM write mask");
            }
        }
        for (spram, _) in netlist.sprams.iter().zip(&self.sprams).filter(|s| *s.1) {
            coverage.count("SPRAM changed");
            for (net, name) in [
                (spram.standby, "STANDBY"),
                (spram.sleep, "SLEEP"),
                (spram.power_off_n, "POWEROFF"),
            ] {
                if !is_constant(netlist, net) {
                    coverage.count(format!("SPRAM {name}"));
                }
            }
        }
        for (mac, _) in netlist.mac16s.iter().zip(&self.mac16s).filter(|m| *m.1) {
            coverage.count("MAC16 registers changed");
            for mode in mac16_modes(Some(mac)) {
                coverage.count(mode);
            }
        }
        coverage
    }
}

/// Whether a net is constant: one of the two, or a LUT that does not look.
fn is_constant(netlist: &Netlist, net: Net) -> bool {
    net.is_constant()
        || netlist
            .luts
            .iter()
            .any(|lut| lut.output == net && (lut.table == 0 || lut.table == 0xffff))
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

fn count_logic(coverage: &mut Coverage, netlist: &Netlist) {
    for lut in &netlist.luts {
        coverage.count(if lut.at.is_some() { "LUT" } else { "carry" });
        if lut.inputs.contains(&lut.output) {
            coverage.count("latch loop");
        }
    }
    let mut clocks: Vec<Net> = netlist.ffs.iter().map(|ff| ff.clock.net).collect();
    clocks.sort_unstable();
    clocks.dedup();
    let pads: Vec<Net> = netlist.pads.iter().filter_map(|pad| pad.input).collect();
    if clocks.iter().filter(|clock| pads.contains(clock)).count() > 1 {
        coverage.count("two clocks");
    }
    if clocks.iter().any(|c| !c.is_constant() && !pads.contains(c)) {
        coverage.count("clock from the fabric");
    }
    for pad in &netlist.pads {
        if pad.output.is_some_and(|output| !output.enable.is_constant()) {
            coverage.count("tristate pad");
        }
    }
}
