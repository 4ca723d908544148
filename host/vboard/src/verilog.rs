//! A decoded bitstream as Verilog, for other simulators to run the same
//! netlist: two-state, no delays, powered up as the virtual board is.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::board::{BoardError, Pins, pin_of, pins_of};
use crate::netlist::{BlockRam, Clock, Ff, Net, Netlist, RamPort, SetReset};

/// Why a netlist cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum VerilogError {
    /// The pins do not fit the netlist's device.
    #[error(transparent)]
    Pins(#[from] BoardError),
    /// A cell for which there is no text.
    #[error(
        "the netlist has {count} {cell}, which are not written as Verilog; use a design without"
    )]
    Cell {
        /// The kind of cell.
        cell: &'static str,
        /// How many.
        count: usize,
    },
}

/// The netlist as module `name` with the ports `input clk, input rx, output
/// tx`, which are the board's clock and serial line as `pins` says. All other
/// pads are as nothing outside drives them.
///
/// Every look-up table is an expression without the inputs that do not matter;
/// flip-flops with clock and controls in common share a process. The module
/// works in Icarus Verilog and in Verilator.
///
/// # Errors
/// When the pins do not fit, or the netlist has SPRAMs, MAC16s or PLLs.
pub fn verilog(netlist: &Netlist, pins: &Pins, name: &str) -> Result<String, VerilogError> {
    for (cell, count) in [
        ("SPRAMs", netlist.sprams.len()),
        ("MAC16s", netlist.mac16s.len()),
        ("PLLs", netlist.plls.len()),
    ] {
        if count > 0 {
            return Err(VerilogError::Cell { cell, count });
        }
    }
    let nets = pins_of(netlist, pins.package)?;
    let pin = |name: &str| pin_of(&nets, name, pins.package);
    let (clock, rx, tx) = (pin(pins.clock)?, pin(pins.uart_rx)?, pin(pins.uart_tx)?);

    let mut writer = Writer { declared: vec![false; netlist.net_count], text: String::new() };
    writer.line(&format!("module {name} (input wire clk, input wire rx, output wire tx);"));
    for (input, port) in [(clock.input, "clk"), (rx.input, "rx")] {
        if let Some(net) = input {
            writer.wire(net, port);
        }
    }
    for pad in &netlist.pads {
        if let Some(net) = pad.input
            && !writer.declared[net.index()]
        {
            writer.wire(net, if pad.pull_up { "1'b1" } else { "1'b0" });
        }
    }
    let registers: Vec<Net> = netlist.ffs.iter().map(|ff| ff.q).collect();
    for net in registers {
        writer.declared[net.index()] = true;
        writer.line(&format!("reg {net} = 1'b0;", net = text(net)));
    }
    for (index, ram) in netlist.block_rams.iter().enumerate() {
        writer.line(&format!("reg [15:0] read{index} = 16'h0;"));
        for (line, &net) in ram.read_data.iter().enumerate() {
            writer.wire(net, &format!("read{index}[{line}]"));
        }
    }
    // Declared before they are used, whatever the order of the tables.
    for lut in &netlist.luts {
        writer.declared[lut.output.index()] = true;
        writer.line(&format!("wire {};", text(lut.output)));
    }
    writer.declare_the_rest(netlist);
    for lut in &netlist.luts {
        let function = expression(lut.table, &lut.inputs);
        writer.line(&format!("assign {} = {function};", text(lut.output)));
    }
    writer.flip_flops(&netlist.ffs);
    for (index, ram) in netlist.block_rams.iter().enumerate() {
        writer.block_ram(index, ram);
    }
    match tx.output {
        // An undriven line is idle.
        Some(tx) => {
            writer.line(&format!("assign tx = !{} | {};", text(tx.enable), text(tx.value)));
        }
        None => writer.line("assign tx = 1'b1;"),
    }
    writer.line("endmodule");
    Ok(writer.text)
}

/// A net in an expression.
fn text(net: Net) -> String {
    match net {
        Net::ZERO => "1'b0".into(),
        Net::ONE => "1'b1".into(),
        Net(number) => format!("n{number}"),
    }
}

/// The nets as one vector, the first being bit 0.
fn vector(nets: &[Net]) -> String {
    let bits: Vec<String> = nets.iter().rev().map(|&net| text(net)).collect();
    format!("{{{}}}", bits.join(", "))
}

/// A truth table as an expression, expanded input by input from the last on.
fn expression(table: u16, inputs: &[Net; 4]) -> String {
    expand(u32::from(table), inputs)
}

fn expand(table: u32, inputs: &[Net]) -> String {
    let Some((&last, rest)) = inputs.split_last() else {
        return if table & 1 != 0 { "1'b1" } else { "1'b0" }.into();
    };
    let half = 1 << rest.len();
    let all = (1u32 << half) - 1;
    let (low, high) = (table & all, table >> half & all);
    let (low, high) = match last {
        Net::ZERO => (low, low),
        Net::ONE => (high, high),
        _ => (low, high),
    };
    let input = text(last);
    if low == high {
        expand(low, rest)
    } else if low == 0 {
        and(&input, high, all, rest)
    } else if high == 0 {
        and(&format!("!{input}"), low, all, rest)
    } else if low == all {
        format!("(!{input} | {})", expand(high, rest))
    } else if high == all {
        format!("({input} | {})", expand(low, rest))
    } else if low == !high & all {
        format!("({input} ^ {})", expand(low, rest))
    } else {
        format!("({input} ? {} : {})", expand(high, rest), expand(low, rest))
    }
}

/// `input` and the table `other`.
fn and(input: &str, other: u32, all: u32, rest: &[Net]) -> String {
    if other == all {
        return input.into();
    }
    format!("({input} & {})", expand(other, rest))
}

struct Writer {
    declared: Vec<bool>,
    text: String,
}

impl Writer {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Declares a net that always has the value of an expression.
    fn wire(&mut self, net: Net, value: &str) {
        if !net.is_constant() && !std::mem::replace(&mut self.declared[net.index()], true) {
            self.line(&format!("wire {} = {value};", text(net)));
        }
    }

    /// Nets that nothing drives are 0.
    fn declare_the_rest(&mut self, netlist: &Netlist) {
        let outputs = netlist.pads.iter().filter_map(|pad| pad.output);
        let mut used: Vec<Net> = outputs.flat_map(|output| [output.value, output.enable]).collect();
        used.extend(netlist.luts.iter().flat_map(|lut| lut.inputs));
        for ff in &netlist.ffs {
            used.extend([ff.d, ff.enable, ff.set_reset, ff.clock.net]);
        }
        for ram in &netlist.block_rams {
            for port in [&ram.read, &ram.write] {
                used.extend([port.clock.net, port.enable, port.clock_enable]);
                used.extend(port.address);
            }
            used.extend(ram.write_data);
            used.extend(ram.write_mask);
        }
        for net in used {
            self.wire(net, "1'b0");
        }
    }

    fn flip_flops(&mut self, ffs: &[Ff]) {
        type Key = (Clock, Net, Net, SetReset);
        let mut groups: BTreeMap<Key, Vec<&Ff>> = BTreeMap::new();
        for ff in ffs.iter().filter(|ff| !ff.clock.net.is_constant()) {
            let key = (ff.clock, ff.enable, ff.set_reset, ff.set_reset_kind);
            groups.entry(key).or_default().push(ff);
        }
        for ((clock, enable, set_reset, kind), group) in groups {
            let is_reset = set_reset != Net::ZERO;
            let asynchronous = is_reset && kind == SetReset::Asynchronous;
            let also = match asynchronous {
                true => format!(" or posedge {}", text(set_reset)),
                false => String::new(),
            };
            self.line(&format!("always @({}{also})", edge(clock)));
            let mut set = String::new();
            let mut load = String::new();
            for ff in group {
                // Writing to a string does not fail.
                let _ = write!(set, "{} <= 1'b{}; ", text(ff.q), u8::from(ff.set_value));
                let _ = write!(load, "{} <= {}; ", text(ff.q), text(ff.d));
            }
            let (set, load) = (format!("begin {set}end"), format!("begin {load}end"));
            let (enable, set_reset) = (text(enable), text(set_reset));
            self.line(&match (is_reset, asynchronous) {
                (_, true) => format!("  if ({set_reset}) {set} else if ({enable}) {load}"),
                (true, _) => format!("  if ({enable}) if ({set_reset}) {set} else {load}"),
                (false, _) => format!("  if ({enable}) {load}"),
            });
        }
    }

    fn block_ram(&mut self, index: usize, ram: &BlockRam) {
        self.line(&format!("reg [15:0] ram{index} [0:255];"));
        self.line("initial begin");
        for (place, word) in ram.init.iter().enumerate() {
            self.line(&format!("  ram{index}[{place}] = 16'h{word:04x};"));
        }
        self.line("end");
        let place = |port: &RamPort| vector(&port.address[..8]);
        let enabled = |port: &RamPort| {
            format!(
                "always @({}) if ({} & {})",
                edge(port.clock),
                text(port.enable),
                text(port.clock_enable)
            )
        };
        if !ram.write.clock.net.is_constant() {
            let (bits, data) = (selected(&ram.write, ram), spread(ram));
            self.line(&format!("wire [7:0] waddr{index} = {};", place(&ram.write)));
            self.line(&format!("wire [15:0] wbits{index} = {bits};"));
            self.line(&enabled(&ram.write));
            self.line(&format!(
                "  ram{index}[waddr{index}] <= ram{index}[waddr{index}] & ~wbits{index} | {data} & wbits{index};"
            ));
        }
        if !ram.read.clock.net.is_constant() {
            self.line(&format!("wire [7:0] raddr{index} = {};", place(&ram.read)));
            self.line(&format!(
                "wire [15:0] word{index} = ram{index}[raddr{index}] & {};",
                selected_by(&ram.read)
            ));
            self.line(&enabled(&ram.read));
            self.line(&format!("  read{index} <= {};", gathered(index, ram.read.mode)));
        }
    }
}

fn edge(clock: Clock) -> String {
    format!("{} {}", if clock.falling { "negedge" } else { "posedge" }, text(clock.net))
}

/// Bits of a group of a word in mode `mode`, and the group's data line.
fn group(mode: u8) -> (usize, usize) {
    match mode {
        0 => (1, 0),
        1 => (2, 0),
        2 => (4, 1),
        _ => (8, 3),
    }
}

/// The bits of a word that a port's address selects.
fn selected_by(port: &RamPort) -> String {
    let ones = match port.mode {
        0 => return "16'hffff".into(),
        1 => "16'h5555",
        2 => "16'h1111",
        _ => "16'h0101",
    };
    format!("({ones} << {})", vector(&port.address[8..8 + usize::from(port.mode)]))
}

/// The bits of a word that are written.
fn selected(port: &RamPort, ram: &BlockRam) -> String {
    match port.mode {
        0 => format!("~{}", vector(&ram.write_mask)),
        _ => selected_by(port),
    }
}

/// The data of each bit of a word.
fn spread(ram: &BlockRam) -> String {
    let (width, line) = group(ram.write.mode);
    let data: Vec<Net> = (0..16).map(|bit| ram.write_data[bit / width * width + line]).collect();
    vector(&data)
}

/// `RDATA` from the selected bits of a word.
fn gathered(index: usize, mode: u8) -> String {
    let (width, line) = group(mode);
    let bits: Vec<String> = (0..16)
        .rev()
        .map(|bit| match bit % width == line {
            true if width == 1 => format!("word{index}[{bit}]"),
            true => format!("|word{index}[{}:{}]", bit - line + width - 1, bit - line),
            false => "1'b0".into(),
        })
        .collect();
    format!("{{{}}}", bits.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_says_what_the_table_says() {
        let inputs = [Net(5), Net(6), Net(7), Net(8)];
        assert_eq!(expression(0xaaaa, &inputs), "n5");
        assert_eq!(expression(0x5555, &inputs), "!n5");
        assert_eq!(expression(0x8000, &inputs), "(n8 & (n7 & (n6 & n5)))");
        assert_eq!(expression(0x6666, &inputs), "(n6 ^ n5)");
        assert_eq!(expression(0xcaca, &inputs), "(n7 ? n6 : n5)");
        assert_eq!(expression(0x0000, &inputs), "1'b0");
        assert_eq!(expression(0xfffe, &[Net::ZERO; 4]), "1'b0");
        assert_eq!(expression(0xfffe, &[Net(9), Net::ZERO, Net::ZERO, Net::ZERO]), "n9");
    }
}
