//! The parts that random designs are made of.

use super::{Builder, ClockEdge, Moments, Signal, Target};

/// A flip-flop whose output is known and whose inputs are not yet.
struct OpenFlipFlop {
    q: Signal,
    edge: ClockEdge,
    enabled: bool,
    control: Control,
}

/// Set and reset of a flip-flop.
enum Control {
    None,
    Synchronous { set: bool },
    Asynchronous { set: bool, source: Signal },
}

/// A block RAM whose read data are known and whose ports are not yet.
struct OpenRam {
    name: String,
    read: ClockEdge,
    write: ClockEdge,
}

impl Builder {
    /// Writes the whole body but for the outputs.
    pub(super) fn blocks(&mut self) {
        self.clocks();
        let flip_flops: Vec<OpenFlipFlop> =
            (0..self.rng.between(20, 50)).map(|_| self.open_flip_flop()).collect();
        let rams: Vec<OpenRam> = (0..self.rng.between(0, 3)).map(|_| self.open_ram()).collect();
        let spram = (self.target == Target::Up5k && self.rng.chance(35)).then(|| self.open_spram());
        self.io_blocks();
        // Combinational parts only use what stands before them.
        for _ in 0..self.rng.between(15, 35) {
            match self.rng.below(12) {
                0 | 1 => self.adder(),
                2 if self.rng.chance(60) => self.latch(),
                3 if self.target == Target::Up5k && self.rng.chance(40) => self.mac16(),
                _ => self.logic(),
            }
        }
        for flip_flop in flip_flops {
            self.close_flip_flop(&flip_flop);
        }
        for ram in rams {
            self.close_ram(&ram);
        }
        if let Some((name, edge)) = spram {
            self.close_spram(&name, edge);
        }
        self.io_outputs();
    }

    /// `gclk`, gated by a falling-edge flip-flop, and `dclk`, divided.
    fn clocks(&mut self) {
        self.line("wire gate, gclk, gclk_logic, dclk, dclk_logic;");
        let gate = self.data(Moments::NEVER).name;
        let enable = self.data(Moments::NEVER).name;
        self.line(format!("SB_DFFN gate_ff (.Q(gate), .C(clk), .D({gate}));"));
        self.line("assign gclk_logic = clk & ~gate;");
        self.line(format!(
            "SB_DFFE divider_ff (.Q(dclk_logic), .C(clk), .E({enable}), .D(~dclk_logic));"
        ));
        for clock in ["gclk", "dclk"] {
            if self.rng.chance(50) {
                self.line(format!(
                    "SB_GB {clock}_buffer (.USER_SIGNAL_TO_GLOBAL_BUFFER({clock}_logic), \
                     .GLOBAL_BUFFER_OUTPUT({clock}));"
                ));
            } else {
                self.line(format!("assign {clock} = {clock}_logic;"));
            }
        }
    }

    /// Something that may set and reset asynchronously: the pin, or a
    /// flip-flop's output. `forbidden` keeps off what changes with the clock.
    fn asynchronous_source(&mut self, forbidden: Moments) -> Signal {
        let allowed: Vec<Signal> =
            self.flip_flops.iter().filter(|ff| !ff.changes.meets(forbidden)).cloned().collect();
        if allowed.is_empty() || self.rng.chance(65) {
            return Signal { name: "rst".into(), changes: Moments::RESET };
        }
        let k = self.rng.below(allowed.len());
        allowed[k].clone()
    }

    fn open_flip_flop(&mut self) -> OpenFlipFlop {
        let edge = self.clock_edge();
        let mut changes = edge.moment();
        let control = match self.rng.below(5) {
            0 | 1 => Control::None,
            2 | 3 => Control::Synchronous { set: self.rng.chance(50) },
            _ => {
                let source = self.asynchronous_source(edge.forbids());
                changes = changes.or(source.changes);
                Control::Asynchronous { set: self.rng.chance(50), source }
            }
        };
        let name = self.fresh("q");
        self.line(format!("wire {name};"));
        let q = Signal { name, changes };
        self.signals.push(q.clone());
        // One that another flip-flop sets or resets can pulse within a moment, clocked to one
        // value and overruled at once. Whom it sets or resets sees that.
        self.flip_flops.push(q.clone());
        OpenFlipFlop { q, edge, enabled: self.rng.chance(45), control }
    }

    fn close_flip_flop(&mut self, open: &OpenFlipFlop) {
        let forbidden = open.edge.forbids();
        let data = self.data(forbidden).name;
        let mut cell = String::from("SB_DFF");
        let mut ports = format!(".Q({}), .C({}), .D({data})", open.q.name, open.edge.net());
        if open.edge.falling() {
            cell.push('N');
        }
        if open.enabled {
            cell.push('E');
            let enable = self.data(forbidden).name;
            ports += &format!(", .E({enable})");
        }
        match &open.control {
            Control::None => {}
            Control::Synchronous { set } => {
                let (suffix, port) = if *set { ("SS", "S") } else { ("SR", "R") };
                cell += suffix;
                let source = self.data(forbidden).name;
                ports += &format!(", .{port}({source})");
            }
            Control::Asynchronous { set, source } => {
                let port = if *set { "S" } else { "R" };
                cell += port;
                ports += &format!(", .{port}({})", source.name);
            }
        }
        self.line(format!("{cell} ff_{} ({ports});", open.q.name));
    }

    /// A function of two to five signals.
    fn logic(&mut self) {
        let width = self.rng.between(2, 5);
        let inputs: Vec<Signal> = (0..width).map(|_| self.data(Moments::NEVER)).collect();
        let changes = inputs.iter().fold(Moments::NEVER, |all, s| all.or(s.changes));
        let names: Vec<&str> = inputs.iter().map(|s| s.name.as_str()).collect();
        let table = self.rng.bits() as u32;
        let name = self.fresh("f");
        self.line(format!(
            "wire [31:0] {name}_table = 32'h{table:08x}; wire {name} = {name}_table[{{{}}}];",
            names.join(", ")
        ));
        self.signals.push(Signal { name, changes });
    }

    /// A sum, for carries.
    fn adder(&mut self) {
        let width = self.rng.between(3, 10);
        let a = self.bus(width, Moments::NEVER);
        let b = self.bus(width, Moments::NEVER);
        let carry = self.data(Moments::NEVER);
        let changes = a.changes.or(b.changes).or(carry.changes);
        let name = self.fresh("s");
        let operation = self.rng.pick(&["+", "-"]);
        let tail = if self.rng.chance(50) { format!(" + {}", carry.name) } else { String::new() };
        self.line(format!("wire [{width}:0] {name} = {} {operation} {}{tail};", a.name, b.name));
        for bit in 0..=width {
            self.signals.push(Signal { name: format!("{name}[{bit}]"), changes });
        }
    }

    /// A latch, made of logic that feeds itself. It is open when the design
    /// powers up. Its data input is kept, so that the latch is one LUT: of
    /// several, it would have a hazard when it closes.
    fn latch(&mut self) {
        let (enable, moment) = if self.rng.chance(60) {
            ("le".to_owned(), Moments::LATCH)
        } else {
            ("~gate".to_owned(), Moments::FALL)
        };
        let data = self.data(moment);
        let name = self.fresh("l");
        self.line(format!(
            "(* keep *) wire {name}_d = {}; \
             reg {name}; always @* if ({enable}) {name} = {name}_d;",
            data.name
        ));
        self.signals.push(Signal { name, changes: data.changes.or(moment) });
    }

    fn ram_edge(&mut self) -> ClockEdge {
        let falling = self.rng.chance(40);
        let edge = if self.rng.chance(70) {
            ClockEdge::Clk { falling }
        } else {
            ClockEdge::Clk2 { falling }
        };
        // Reading on the divided clock what is written on the other one would be a race.
        self.perhaps_gated(edge)
    }

    fn open_ram(&mut self) -> OpenRam {
        let (read, write) = (self.ram_edge(), self.ram_edge());
        let name = self.fresh("ram");
        self.line(format!("wire [15:0] {name}_data;"));
        for bit in 0..16 {
            self.signals
                .push(Signal { name: format!("{name}_data[{bit}]"), changes: read.moment() });
        }
        OpenRam { name, read, write }
    }

    fn close_ram(&mut self, open: &OpenRam) {
        let (read_mode, write_mode) = (self.rng.below(4), self.rng.below(4));
        let mut parameters = format!(".READ_MODE({read_mode}), .WRITE_MODE({write_mode})");
        for k in 0..16 {
            let words: Vec<String> = (0..4).map(|_| format!("{:016x}", self.rng.bits())).collect();
            parameters += &format!(", .INIT_{k:X}(256'h{})", words.concat());
        }
        // Few words are used often, so that reads see what was written.
        let address = |builder: &mut Builder, mode: usize| {
            let low = builder.bus(3, Moments::NEVER).name;
            let sub = builder.bus(mode.max(1), Moments::NEVER).name;
            let fixed = builder.rng.below(32);
            let pad = 3 - mode.max(1);
            if pad == 0 {
                format!("{{{sub}, 5'd{fixed}, {low}}}")
            } else {
                format!("{{{pad}'d0, {sub}, 5'd{fixed}, {low}}}")
            }
        };
        let read_address = address(self, read_mode);
        let write_address =
            if self.rng.chance(60) { read_address.clone() } else { address(self, write_mode) };
        let data = self.bus(16, Moments::NEVER).name;
        let mask =
            if self.rng.chance(60) { self.bus(16, Moments::NEVER).name } else { "16'd0".into() };
        let enable = |builder: &mut Builder| {
            if builder.rng.chance(50) { builder.data(Moments::NEVER).name } else { "1'b1".into() }
        };
        let (re, rclke, we, wclke) = (enable(self), enable(self), enable(self), enable(self));
        let negated = |edge: ClockEdge| if edge.falling() { "N" } else { "" };
        let (rn, wn) = (negated(open.read), negated(open.write));
        let variant = match (rn, wn) {
            ("", "") => "",
            ("N", "") => "NR",
            ("", _) => "NW",
            _ => "NRNW",
        };
        let name = &open.name;
        self.line(format!(
            "SB_RAM40_4K{variant} #({parameters}) {name} (.RDATA({name}_data), \
             .RCLK{rn}({}), .RCLKE({rclke}), .RE({re}), .RADDR({read_address}), \
             .WCLK{wn}({}), .WCLKE({wclke}), .WE({we}), .WADDR({write_address}), \
             .MASK({mask}), .WDATA({data}));",
            open.read.net(),
            open.write.net(),
        ));
    }

    fn open_spram(&mut self) -> (String, ClockEdge) {
        let edge = if self.rng.chance(70) {
            ClockEdge::Clk { falling: false }
        } else {
            ClockEdge::Clk2 { falling: false }
        };
        let edge = self.perhaps_derived(edge);
        let name = self.fresh("spram");
        self.line(format!("wire [15:0] {name}_data;"));
        for bit in 0..16 {
            // Sleep is the pin's, if anything's.
            self.signals.push(Signal {
                name: format!("{name}_data[{bit}]"),
                changes: edge.moment().or(Moments::RESET),
            });
        }
        (name, edge)
    }

    fn close_spram(&mut self, name: &str, edge: ClockEdge) {
        let address = self.bus(4, edge.forbids()).name;
        let fixed = self.rng.below(1024);
        let data = self.bus(16, edge.forbids()).name;
        let mask = self.bus(4, edge.forbids()).name;
        // Most signals seldom change; a memory that nobody writes shows nothing.
        let write = self.data_input();
        let select = if self.rng.chance(50) { "1'b1".into() } else { self.data_input() };
        let standby = if self.rng.chance(60) { "1'b0".into() } else { self.data_input() };
        let (sleep, power) = match self.rng.below(3) {
            0 => ("rst", "1'b1"),
            1 => ("1'b0", "~rst"),
            _ => ("1'b0", "1'b1"),
        };
        self.line(format!(
            "SB_SPRAM256KA {name} (.ADDRESS({{10'd{fixed}, {address}}}), .DATAIN({data}), \
             .MASKWREN({mask}), .WREN({write}), .CHIPSELECT({select}), .CLOCK({}), \
             .STANDBY({standby}), .SLEEP({sleep}), .POWEROFF({power}), .DATAOUT({name}_data));",
            edge.net(),
        ));
    }

    /// A MAC16 with random parameters. It counts as combinational, since some
    /// of its outputs may be.
    fn mac16(&mut self) {
        let name = self.fresh("mac");
        // nextpnr drops NEG_TRIGGER, so only rising edges.
        let edge = if self.rng.chance(70) {
            ClockEdge::Clk { falling: false }
        } else {
            ClockEdge::Clk2 { falling: false }
        };
        let edge = self.perhaps_derived(edge);
        let mut parameters = String::from(".NEG_TRIGGER(1'b0)");
        for flag in [
            "C_REG",
            "A_REG",
            "B_REG",
            "D_REG",
            "TOP_8x8_MULT_REG",
            "BOT_8x8_MULT_REG",
            "PIPELINE_16x16_MULT_REG1",
            "PIPELINE_16x16_MULT_REG2",
            "TOPADDSUB_UPPERINPUT",
            "BOTADDSUB_UPPERINPUT",
            "MODE_8x8",
            "A_SIGNED",
            "B_SIGNED",
        ] {
            parameters += &format!(", .{flag}(1'b{})", self.rng.below(2));
        }
        for select in [
            "TOPOUTPUT_SELECT",
            "TOPADDSUB_LOWERINPUT",
            "TOPADDSUB_CARRYSELECT",
            "BOTOUTPUT_SELECT",
            "BOTADDSUB_LOWERINPUT",
            "BOTADDSUB_CARRYSELECT",
        ] {
            let value = match (select, self.rng.below(4)) {
                // The cascades from the neighbour, which nothing models.
                ("BOTADDSUB_LOWERINPUT", 3) => 0,
                ("BOTADDSUB_CARRYSELECT", 2) => 1,
                (_, value) => value,
            };
            parameters += &format!(", .{select}(2'd{value})");
        }
        let mut changes = edge.moment().or(Moments::RESET);
        let mut ports = format!(".CLK({})", edge.net());
        for bus in ["A", "B", "C", "D"] {
            let signal = self.bus(16, edge.forbids());
            changes = changes.or(signal.changes);
            ports += &format!(", .{bus}({})", signal.name);
        }
        for control in [
            "CE",
            "AHOLD",
            "BHOLD",
            "CHOLD",
            "DHOLD",
            "OLOADTOP",
            "OLOADBOT",
            "ADDSUBTOP",
            "ADDSUBBOT",
            "OHOLDTOP",
            "OHOLDBOT",
            "CI",
        ] {
            let value = if self.rng.chance(50) {
                let constant = u8::from(control == "CE");
                format!("1'b{constant}")
            } else {
                let signal = self.data(edge.forbids());
                changes = changes.or(signal.changes);
                signal.name
            };
            ports += &format!(", .{control}({value})");
        }
        for reset in ["IRSTTOP", "IRSTBOT", "ORSTTOP", "ORSTBOT"] {
            let value = if self.rng.chance(50) { "rst" } else { "1'b0" };
            ports += &format!(", .{reset}({value})");
        }
        self.line(format!("wire [32:0] {name};"));
        self.line(format!(
            "SB_MAC16 #({parameters}) {name}_cell ({ports}, .O({name}[31:0]), .CO({name}[32]), \
             .ACCUMCI(1'b0), .SIGNEXTIN(1'b0));"
        ));
        for bit in 0..33 {
            self.signals.push(Signal { name: format!("{name}[{bit}]"), changes });
        }
    }

    /// Pads that are read through a register or a latch.
    fn io_blocks(&mut self) {
        if self.rng.chance(40) {
            let edge = ClockEdge::Clk { falling: self.rng.chance(40) };
            let name = self.fresh("pad");
            self.pad(&name, true);
            let enable = if self.rng.chance(50) {
                let signal = self.data(Moments::NEVER).name;
                format!(", .CLOCK_ENABLE({signal})")
            } else {
                String::new()
            };
            self.line(format!(
                "wire {name}_in; SB_IO #(.PIN_TYPE(6'b000000), .NEG_TRIGGER(1'b{})) {name}_io \
                 (.PACKAGE_PIN({name}), .INPUT_CLK({}), .D_IN_0({name}_in){enable});",
                u8::from(edge.falling()),
                edge.net(),
            ));
            self.signals.push(Signal { name: format!("{name}_in"), changes: edge.moment() });
        }
        if self.rng.chance(20) {
            self.latched_pad();
        }
    }

    /// A pad that is read through the latch of its edge. The latch holds while
    /// `le` is 1.
    fn latched_pad(&mut self) {
        let name = self.fresh("pad");
        self.pad(&name, true);
        self.line(format!(
            "wire {name}_in; SB_IO #(.PIN_TYPE(6'b000011)) {name}_io \
             (.PACKAGE_PIN({name}), .LATCH_INPUT_VALUE(le), .D_IN_0({name}_in));",
        ));
        self.signals
            .push(Signal { name: format!("{name}_in"), changes: Moments::DATA.or(Moments::LATCH) });
    }

    /// Pads that are driven through a register, or only now and then.
    fn io_outputs(&mut self) {
        for _ in 0..self.rng.between(0, 2) {
            let edge = ClockEdge::Clk { falling: self.rng.chance(40) };
            let name = self.fresh("pad");
            self.pad(&name, false);
            let kind = self.rng.pick(&["010101", "011101", "101001", "100101", "111001", "110101"]);
            let (value, drive) = (self.data(Moments::NEVER).name, self.data(Moments::NEVER).name);
            self.line(format!(
                "SB_IO #(.PIN_TYPE(6'b{kind}), .NEG_TRIGGER(1'b{})) {name}_io \
                 (.PACKAGE_PIN({name}), .OUTPUT_CLK({}), .D_OUT_0({value}), \
                 .OUTPUT_ENABLE({drive}));",
                u8::from(edge.falling()),
                edge.net(),
            ));
        }
    }
}
