//! Random designs for the virtual board: from a seed to Verilog, pins and
//! stimulus, so that every cell and mode that is modelled is exercised.
//!
//! A design is worth comparing only if its behaviour is defined: a simulator
//! without delays and an engine must not be free to differ. So each signal
//! carries the set of `Moment`s at which it can change, and nothing samples a
//! signal that changes *before* it within the same moment:
//!
//! - flip-flops on a pin's clock (or on that clock behind a gate) take anything:
//!   all others of the moment change after they have sampled;
//! - flip-flops on a clock that is itself a flip-flop's output do not take what
//!   changes with the clock's own clock;
//! - a latch's data do not change at the moment at which it closes;
//! - whatever clocks, enables a latch, sets or resets asynchronously comes from
//!   a pin of its own, or straight from a flip-flop that no other one sets or
//!   resets: it cannot glitch.
//!
//! The stimulus changes one such *event input* at a time, and no other input
//! with it.

mod blocks;
mod rng;
mod stimulus;

use std::fmt::Write as _;

use rng::Rng;
pub use stimulus::Step;

/// What a random design is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// UP5K in the SG48 package.
    Up5k,
    /// HX8K in the CT256 package.
    Hx8k,
}

impl Target {
    /// nextpnr-ice40's options.
    pub fn place_options(self) -> [&'static str; 3] {
        match self {
            Target::Up5k => ["--up5k", "--package", "sg48"],
            Target::Hx8k => ["--hx8k", "--package", "ct256"],
        }
    }

    /// The package.
    pub fn package(self) -> &'static str {
        self.place_options()[2]
    }

    /// Pins for ports, in the order in which they are handed out. The first
    /// two reach global networks; the UART's pins are not among them.
    fn pins(self) -> &'static [&'static str] {
        match self {
            Target::Up5k => &[
                "35", "37", "20", "44", "3", "4", "11", "12", "13", "14", "15", "16", "17", "18",
                "19", "21", "25", "26", "27", "28", "31", "32", "34", "36", "38", "42", "43", "45",
                "47", "48",
            ],
            Target::Hx8k => &[
                "J3", "K9", "G1", "F7", "A1", "A2", "A5", "A6", "A10", "A11", "B1", "B2", "B3",
                "B5", "B6", "B7", "B9", "B11", "C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8",
                "C9", "C10", "D3", "D4",
            ],
        }
    }

    /// Pins whose IO blocks have their tile for themselves, for registered pads:
    /// the blocks of a tile share clocks and enable.
    fn lone_pins(self) -> &'static [&'static str] {
        match self {
            Target::Up5k => &["46", "2", "9", "10"],
            Target::Hx8k => &["B4", "A7", "B8", "A9"],
        }
    }

    /// Pins for the board's UART, which no design uses.
    pub fn uart_pins(self) -> (&'static str, &'static str) {
        match self {
            Target::Up5k => ("6", "23"),
            Target::Hx8k => ("B10", "B12"),
        }
    }
}

/// A port of the design and the pin it is on.
#[derive(Clone, Debug)]
pub struct PinnedPort {
    /// Name in the Verilog.
    pub name: String,
    /// Pin of the package.
    pub pin: &'static str,
}

/// A random design.
#[derive(Clone, Debug)]
pub struct RandomDesign {
    /// What it was made from.
    pub seed: u64,
    /// Device and package.
    pub target: Target,
    /// Source; the top module is `top`.
    pub verilog: String,
    /// Ports that the stimulus drives; the first is the clock.
    pub inputs: Vec<PinnedPort>,
    /// Ports that are compared.
    pub outputs: Vec<PinnedPort>,
    /// Levels of the inputs when the design powers up.
    pub initial: Vec<bool>,
    /// What happens then.
    pub steps: Vec<Step>,
    /// Further options for nextpnr.
    pub place_options: Vec<String>,
    /// Which signals each output port is the parity of.
    parities: Vec<(String, Vec<String>)>,
}

impl RandomDesign {
    /// The design with the parities' ports showing one signal each of those
    /// that `port` is the parity of: to find the signal that differs.
    pub fn narrowed(&self, port: &str) -> RandomDesign {
        let mut narrowed = self.clone();
        let Some((_, signals)) = self.parities.iter().find(|(name, _)| name == port) else {
            return narrowed;
        };
        let shown = signals.iter().map(|s| vec![s.clone()]).chain(std::iter::repeat(Vec::new()));
        for ((port, parity), signal) in narrowed.parities.iter_mut().zip(shown) {
            let [old, new] = [&*parity, &signal].map(|signals| assignment(port, signals));
            narrowed.verilog = narrowed.verilog.replace(&old, &new);
            *parity = signal;
        }
        narrowed
    }

    /// The signals that a port is the parity of.
    pub fn parity_of(&self, port: &str) -> &[String] {
        let found = self.parities.iter().find(|(name, _)| name == port);
        found.map_or(&[], |(_, signals)| signals.as_slice())
    }

    /// The constraint file.
    pub fn pcf(&self) -> String {
        let ports = self.inputs.iter().chain(&self.outputs);
        ports.fold(String::new(), |mut text, port| {
            let _ = writeln!(text, "set_io {} {}", port.name, port.pin);
            text
        })
    }
}

/// When a signal can change: a set of moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Moments(u8);

impl Moments {
    const NEVER: Moments = Moments(0);
    /// A data input changes.
    const DATA: Moments = Moments(1);
    /// `clk` rises.
    const RISE: Moments = Moments(2);
    /// `clk` falls.
    const FALL: Moments = Moments(4);
    /// `clk2` rises.
    const RISE2: Moments = Moments(8);
    /// `clk2` falls.
    const FALL2: Moments = Moments(16);
    /// `rst` changes.
    const RESET: Moments = Moments(32);
    /// `le` changes.
    const LATCH: Moments = Moments(64);
    /// `clk` rises, and with it the divided clock changes.
    const DIVIDED: Moments = Moments(128);

    fn or(self, other: Moments) -> Moments {
        Moments(self.0 | other.0)
    }

    fn meets(self, other: Moments) -> bool {
        self.0 & other.0 != 0
    }
}

#[derive(Clone, Debug)]
struct Signal {
    name: String,
    changes: Moments,
}

/// A clock edge that flip-flops and memories can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ClockEdge {
    /// Pin `clk`.
    Clk { falling: bool },
    /// Pin `clk2`.
    Clk2 { falling: bool },
    /// `clk` behind a gate that a falling-edge flip-flop opens.
    Gated { falling: bool },
    /// A flip-flop on `clk` that toggles.
    Divided { falling: bool },
}

impl ClockEdge {
    fn falling(self) -> bool {
        let (ClockEdge::Clk { falling }
        | ClockEdge::Clk2 { falling }
        | ClockEdge::Gated { falling }
        | ClockEdge::Divided { falling }) = self;
        falling
    }

    fn net(self) -> &'static str {
        match self {
            ClockEdge::Clk { .. } => "clk",
            ClockEdge::Clk2 { .. } => "clk2",
            ClockEdge::Gated { .. } => "gclk",
            ClockEdge::Divided { .. } => "dclk",
        }
    }

    /// When what it clocks changes.
    fn moment(self) -> Moments {
        match self {
            ClockEdge::Clk { falling: false } | ClockEdge::Gated { falling: false } => {
                Moments::RISE
            }
            ClockEdge::Clk { falling: true } | ClockEdge::Gated { falling: true } => Moments::FALL,
            ClockEdge::Clk2 { falling: false } => Moments::RISE2,
            ClockEdge::Clk2 { falling: true } => Moments::FALL2,
            ClockEdge::Divided { .. } => Moments::DIVIDED,
        }
    }

    /// What it must not sample.
    fn forbids(self) -> Moments {
        match self {
            ClockEdge::Divided { .. } => Moments::RISE,
            _ => Moments::NEVER,
        }
    }
}

/// A design under construction.
struct Builder {
    rng: Rng,
    /// Decides what few designs have, so that the others stay as they are.
    seldom: Rng,
    target: Target,
    body: String,
    /// Everything that data may be taken from.
    signals: Vec<Signal>,
    /// Outputs of flip-flops, which may set and reset others.
    flip_flops: Vec<Signal>,
    /// Flip-flops that still need their inputs: instance text follows once all
    /// signals are known.
    inputs: Vec<PinnedPort>,
    outputs: Vec<PinnedPort>,
    /// Ports as they stand in the module's header.
    ports: Vec<String>,
    parities: Vec<(String, Vec<String>)>,
    pins: std::slice::Iter<'static, &'static str>,
    lone_pins: std::slice::Iter<'static, &'static str>,
    counter: usize,
}

/// Makes the design of a seed.
pub fn random_design(seed: u64) -> RandomDesign {
    let mut rng = Rng::new(seed);
    let target = if rng.chance(70) { Target::Up5k } else { Target::Hx8k };
    let mut builder = Builder {
        rng,
        seldom: Rng::new(!seed),
        target,
        body: String::new(),
        signals: Vec::new(),
        flip_flops: Vec::new(),
        inputs: Vec::new(),
        outputs: Vec::new(),
        ports: Vec::new(),
        parities: Vec::new(),
        pins: target.pins().iter(),
        lone_pins: target.lone_pins().iter(),
        counter: 0,
    };
    for event in ["clk", "clk2", "rst", "le"] {
        builder.input(event);
    }
    for k in 0..builder.rng.between(6, 9) {
        let name = format!("d{k}");
        builder.input(&name);
        builder.signals.push(Signal { name, changes: Moments::DATA });
    }
    builder.blocks();
    builder.output_pins();
    // Nothing here is about timing: nextpnr takes paths between unrelated
    // clocks for hold violations.
    let mut place_options = vec!["--ignore-loops".to_owned(), "--timing-allow-fail".to_owned()];
    place_options.extend(["--seed".to_owned(), format!("{}", builder.rng.between(1, 9999))]);
    if builder.rng.chance(25) {
        place_options.push("--no-promote-globals".into());
    }
    let (initial, steps) = stimulus::stimulus(&mut builder.rng, &builder.inputs);
    let verilog =
        format!("module top ({});\n{}endmodule\n", builder.ports.join(", "), builder.body);
    RandomDesign {
        seed,
        target,
        verilog,
        inputs: builder.inputs,
        outputs: builder.outputs,
        initial,
        steps,
        place_options,
        parities: builder.parities,
    }
}

/// An output as the parity of signals.
fn assignment(port: &str, signals: &[String]) -> String {
    let parity = if signals.is_empty() { "1'b0".to_owned() } else { signals.join(" ^ ") };
    format!("  assign {port} = {parity};\n")
}

impl Builder {
    fn line(&mut self, text: impl AsRef<str>) {
        self.body.push_str("  ");
        self.body.push_str(text.as_ref());
        self.body.push('\n');
    }

    fn fresh(&mut self, prefix: &str) -> String {
        self.counter += 1;
        format!("{prefix}{}", self.counter)
    }

    fn pin(&mut self) -> &'static str {
        self.pins.next().copied().unwrap_or("")
    }

    fn input(&mut self, name: &str) {
        let pin = self.pin();
        self.ports.push(format!("input {name}"));
        self.inputs.push(PinnedPort { name: name.into(), pin });
    }

    /// An `inout` port; whoever uses it says whether it is driven.
    fn pad(&mut self, name: &str, driven_outside: bool) {
        let port =
            PinnedPort { name: name.into(), pin: self.lone_pins.next().copied().unwrap_or("") };
        self.ports.push(format!("inout {name}"));
        if driven_outside {
            self.inputs.push(port);
        } else {
            self.outputs.push(port);
        }
    }

    /// A signal that may be sampled by what forbids `forbidden`; a constant if
    /// there is none.
    fn data(&mut self, forbidden: Moments) -> Signal {
        let allowed: Vec<usize> = (0..self.signals.len())
            .filter(|&k| !self.signals[k].changes.meets(forbidden))
            .collect();
        if allowed.is_empty() {
            return Signal { name: "1'b0".into(), changes: Moments::NEVER };
        }
        let k = self.rng.pick(&allowed);
        self.signals[k].clone()
    }

    /// One of the data inputs `d0`, `d1` and so on.
    fn data_input(&mut self) -> String {
        let inputs: Vec<&PinnedPort> =
            self.inputs.iter().filter(|port| port.name.starts_with('d')).collect();
        self.rng.pick(&inputs).name.clone()
    }

    /// A concatenation of `width` signals, sometimes with constants.
    fn bus(&mut self, width: usize, forbidden: Moments) -> Signal {
        let mut names = Vec::with_capacity(width);
        let mut changes = Moments::NEVER;
        for _ in 0..width {
            if self.rng.chance(8) {
                names.push(format!("1'b{}", self.rng.below(2)));
            } else {
                let signal = self.data(forbidden);
                changes = changes.or(signal.changes);
                names.push(signal.name);
            }
        }
        Signal { name: format!("{{{}}}", names.join(", ")), changes }
    }

    fn clock_edge(&mut self) -> ClockEdge {
        let falling = self.rng.chance(35);
        match self.rng.below(10) {
            0..=4 => ClockEdge::Clk { falling },
            5 | 6 => ClockEdge::Clk2 { falling },
            7 | 8 => ClockEdge::Gated { falling },
            _ => ClockEdge::Divided { falling },
        }
    }

    /// Now and then the gated clock for what `edge` clocks.
    fn perhaps_gated(&mut self, edge: ClockEdge) -> ClockEdge {
        match self.seldom.below(20) {
            0 => ClockEdge::Gated { falling: edge.falling() },
            _ => edge,
        }
    }

    /// Now and then the gated or the divided clock for what `edge` clocks, which then samples
    /// nothing that the divided one [`forbids`](ClockEdge::forbids).
    fn perhaps_derived(&mut self, edge: ClockEdge) -> ClockEdge {
        let falling = edge.falling();
        match self.seldom.below(20) {
            0 => ClockEdge::Gated { falling },
            1 => ClockEdge::Divided { falling },
            _ => edge,
        }
    }

    /// Spreads all signals over output pins, each the parity of some.
    fn output_pins(&mut self) {
        let count = self.pins.len().min(16);
        let mut parts: Vec<Vec<String>> = vec![Vec::new(); count];
        for k in 0..self.signals.len() {
            let at = self.rng.below(count);
            parts[at].push(self.signals[k].name.clone());
        }
        for (k, part) in parts.into_iter().enumerate() {
            let name = format!("o{k}");
            let pin = self.pin();
            self.ports.push(format!("output {name}"));
            self.outputs.push(PinnedPort { name: name.clone(), pin });
            self.body.push_str(&assignment(&name, &part));
            self.parities.push((name, part));
        }
    }
}
