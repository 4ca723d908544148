//! The Verilog around a golden: the stub that records, the bench that replays.
//!
//! All names are written escaped, which is the same name and also covers keywords; our own
//! begin with a prefix with which no port begins.

use crate::Analysis;
use crate::analysis::ActiveEdge;
use filbench_model::{Bits, Direction, Interface, Port};
use std::fmt::Write as _;

/// What the stub writes.
pub(crate) const RECORD_FILE: &str = "filbench_record.txt";
/// The module that holds the stub's file; a second root beside the bench.
pub(crate) const RECORD_TOP: &str = "filbench_record";

/// How the replay's bench and its files are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReplayNames {
    /// The bench's module.
    pub(crate) top: String,
    /// How all names inside the bench begin.
    pub(crate) prefix: String,
    /// The bench's source.
    pub(crate) bench_file: String,
    /// What the bench reads, a step a line.
    pub(crate) steps_file: String,
    /// What it writes, a response a line.
    pub(crate) responses_file: String,
}

impl ReplayNames {
    /// For a design that has no reason to meddle with them.
    pub(crate) fn plain() -> Self {
        Self {
            top: "filbench_replay".to_owned(),
            prefix: "fb_".to_owned(),
            bench_file: "filbench_replay.sv".to_owned(),
            steps_file: "filbench_steps.txt".to_owned(),
            responses_file: "filbench_responses.txt".to_owned(),
        }
    }
}

/// What the playing stub reads: a line for each wake, in order, with its kind, whether what
/// the outputs change to is to be driven behind an event, the inputs and the outputs.
pub(crate) const PLAYBACK_FILE: &str = "filbench_playback.txt";
/// What the playing stub writes where the bench does not do what it did when it was recorded:
/// the number of wakes before.
pub(crate) const DIVERGED_FILE: &str = "filbench_diverged.txt";
/// The module that holds the playing stub's files; a second root beside the bench.
pub(crate) const PLAYBACK_TOP: &str = "filbench_playback";

/// What the stub tells the bench.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answers {
    /// What the golden says.
    Golden,
    /// Its complement: a bench whose stimulus then changes is reactive.
    Inverted,
}

/// The module `top` with the golden's ports, the golden inside, and a record of what
/// happens at its inputs.
///
/// Lines of the record (bit 0 is the last character of a vector):
///
/// - `I`: an instance of the stub starts.
/// - `E<index> <inputs>`: this active edge (index into the analysis' active edges). A
///   process of its own waits for each, so that it wakes by the same event as the golden's
///   processes, and sees what they see.
/// - `D <inputs>`: any other change.
/// - `S <inputs> <outputs>`: the end of a time step in which a port changed.
/// - `L`: woken `lines_max` times; the simulation ends.
///
/// A recording process does nothing that gives up its turn, such as calling a task: the
/// golden's process and it wait for the same event, side by side, and if it came back to
/// waiting later, a process of the bench could get between the two.
pub(crate) fn stub(
    top: &str,
    golden: &str,
    analysis: &Analysis,
    answers: Answers,
    lines_max: usize,
) -> String {
    let interface = &analysis.interface;
    let fb = prefix(interface);
    let (mut ports, mut wires, mut connections) = (Vec::new(), String::new(), Vec::new());
    for port in &interface.ports {
        let (name, range) = (identifier(&port.name), range(port.width));
        ports.push(format!("{} wire {range}{name}", direction(port)));
        if answers == Answers::Inverted && !is_input(port) {
            let own = identifier(&format!("{fb}of_{}", port.name));
            let _ = writeln!(wires, "  wire {range}{own};\n  assign {name} = ~{own};");
            connections.push(format!(".{name}({own})"));
        } else {
            connections.push(format!(".{name}({name})"));
        }
    }
    let inputs = concatenation(interface.inputs().map(|(port, _)| port.name.clone()));
    let outputs = concatenation(interface.outputs().map(|(port, _)| match answers {
        Answers::Golden => port.name.clone(),
        Answers::Inverted => format!("{fb}of_{}", port.name),
    }));
    let mut processes = String::new();
    let edges = analysis.active_edges();
    for (index, edge) in edges.iter().enumerate() {
        let _ = writeln!(
            processes,
            "  always @({}) begin $fwrite({RECORD_TOP}.file, \"E{index} %b\\n\", {inputs}); -> {fb}woke; end",
            edge_event(interface, *edge),
        );
    }
    let others = other_changes(analysis, &edges);
    if !others.is_empty() {
        let _ = writeln!(
            processes,
            "  always @({}) begin $fwrite({RECORD_TOP}.file, \"D %b\\n\", {inputs}); -> {fb}woke; end",
            others.join(" or "),
        );
    }
    format!(
        "`default_nettype wire\n\
         module {RECORD_TOP};\n  integer file = $fopen(\"{RECORD_FILE}\", \"w\");\nendmodule\n\
         module {top} ({});\n{wires}\
         \x20 wire {}{fb}inputs = {inputs};\n  wire {}{fb}outputs = {outputs};\n\
         \x20 integer {fb}lines = 0;\n  event {fb}woke;\n  reg [63:0] {fb}last;\n\
         \x20 initial begin\n\
         \x20   $fwrite({RECORD_TOP}.file, \"I\\n\");\n\
         \x20   {fb}last = ~64'd0;\n\
         \x20   forever begin\n\
         \x20     if ({fb}last != $simtime) begin\n\
         \x20       {fb}last = $simtime;\n\
         \x20       $fstrobe({RECORD_TOP}.file, \"S %b %b\", {fb}inputs, {fb}outputs);\n\
         \x20     end\n\
         \x20     {fb}lines = {fb}lines + 1;\n\
         \x20     if ({fb}lines > {lines_max}) begin\n\
         \x20       $fwrite({RECORD_TOP}.file, \"L\\n\");\n        $finish;\n      end\n\
         \x20     @({fb}woke or {fb}inputs or {fb}outputs);\n\
         \x20   end\n  end\n\
         {processes}  {golden} {fb}golden ({});\nendmodule\n",
        ports.join(", "),
        range(interface.input_bits().max(1)),
        range(interface.output_bits().max(1)),
        connections.join(", "),
    )
}

/// The kind of a line of [`PLAYBACK_FILE`] for a wake by this active edge or, for `None`, by
/// another change.
pub(crate) fn wake_kind(edge: Option<usize>) -> usize {
    edge.map_or(0, |index| index + 1)
}

/// The kind of the line for the start of the simulation.
pub(crate) fn start_kind(analysis: &Analysis) -> usize {
    analysis.active_edges().len() + 1
}

/// The module `top` with the golden's ports and the recording stub's processes, but no design:
/// each process, when it wakes, takes the next line of [`PLAYBACK_FILE`], makes sure that it
/// stands for this very wake, and drives the outputs that the line gives. So the bench meets
/// a response that came from elsewhere as it met the golden's.
///
/// An output that changes behind an event is driven by a non-blocking assignment, like a
/// register; one that does not, at once, like a gate, unless an assignment to it is still to
/// come. With `from_start` the first line stands for the start of the simulation.
pub(crate) fn playback(top: &str, analysis: &Analysis, from_start: bool) -> String {
    let interface = &analysis.interface;
    let fb = prefix(interface);
    let (outputs_max, inputs_max) = (interface.output_bits().max(1), interface.input_bits().max(1));
    let (mut ports, mut drive, mut declarations) = (Vec::new(), String::new(), String::new());
    for port in &interface.ports {
        let kind = if is_input(port) { "input wire" } else { "output reg" };
        ports.push(format!("{kind} {}{}", range(port.width), identifier(&port.name)));
    }
    for (index, (port, lsb)) in interface.outputs().enumerate() {
        let name = identifier(&port.name);
        let bits = format!("[{}:{lsb}]", lsb + port.width - 1);
        let _ = writeln!(declarations, "  integer {fb}due{index} = 0, {fb}done{index} = 0;",);
        let _ = writeln!(
            drive,
            "      if ({fb}next{bits} !== {fb}last{bits}) begin\n\
             \x20       if ({fb}behind || {fb}due{index} != {fb}done{index}) begin\n\
             \x20         {name} <= {fb}next{bits};\n\
             \x20         {fb}due{index} = {fb}due{index} + 1;\n\
             \x20         {fb}done{index} <= {fb}due{index};\n\
             \x20       end else {name} = {fb}next{bits};\n      end",
        );
    }
    let inputs = concatenation(interface.inputs().map(|(port, _)| port.name.clone()));
    // An exclusive or with zeros turns `z` into `x`, as it stands in the file.
    let take = |kind: usize, check: &str| {
        format!(
            "begin\n\
             \x20   if ($fscanf({PLAYBACK_TOP}.file, \"%d %b %b %b\", {fb}kind, {fb}behind, \
             {fb}seen, {fb}next) != 4 || {fb}kind != {kind}{check}) begin\n\
             \x20     $fwrite({PLAYBACK_TOP}.diverged, \"%0d\\n\", {fb}wakes); $finish;\n\
             \x20   end else begin\n      {fb}wakes = {fb}wakes + 1;\n{drive}\
             \x20     {fb}last = {fb}next;\n    end\n  end\n"
        )
    };
    let check = format!(" || ({inputs} ^ {{{inputs_max}{{1'b0}}}}) !== {fb}seen");
    let mut processes = String::new();
    if from_start {
        let _ = write!(processes, "  initial {}", take(start_kind(analysis), ""));
    }
    let edges = analysis.active_edges();
    for (index, edge) in edges.iter().enumerate() {
        let event = edge_event(interface, *edge);
        let _ = write!(processes, "  always @({event}) {}", take(wake_kind(Some(index)), &check));
    }
    let others = other_changes(analysis, &edges);
    if !others.is_empty() {
        let _ = write!(
            processes,
            "  always @({}) {}",
            others.join(" or "),
            take(wake_kind(None), &check)
        );
    }
    format!(
        "`default_nettype wire\n\
         module {PLAYBACK_TOP};\n\
         \x20 integer file = $fopen(\"{PLAYBACK_FILE}\", \"r\");\n\
         \x20 integer diverged = $fopen(\"{DIVERGED_FILE}\", \"w\");\nendmodule\n\
         module {top} ({});\n{declarations}\
         \x20 integer {fb}wakes = 0, {fb}kind;\n  reg {fb}behind;\n\
         \x20 reg [{}:0] {fb}seen;\n  reg [{}:0] {fb}next, {fb}last;\n{processes}endmodule\n",
        ports.join(", "),
        inputs_max - 1,
        outputs_max - 1,
    )
}

/// A bench that applies the steps to module `design`, each settled, and writes its
/// responses.
///
/// As on the board, event inputs are 0 before the first step. The others are unknown, so
/// that whatever waits for a change of them sees one.
pub(crate) fn replay(
    design: &str,
    interface: &Interface,
    events: &Bits,
    names: &ReplayNames,
) -> String {
    let ReplayNames { top, prefix: fb, steps_file, responses_file, .. } = names;
    // No name of ours begins like those of the ports.
    let own = |port: &Port| format!("{fb}port_{}", port.name);
    let mut declarations = String::new();
    for (port, lsb) in interface.inputs() {
        let bits = (lsb..lsb + port.width).rev();
        let initial: String = bits.map(|b| if events.get(b) { '0' } else { 'x' }).collect();
        let _ = writeln!(
            declarations,
            "  reg {}{} = {}'b{initial};",
            range(port.width),
            identifier(&own(port)),
            port.width
        );
    }
    for (port, _) in interface.outputs() {
        let _ = writeln!(declarations, "  wire {}{};", range(port.width), identifier(&own(port)));
    }
    let apply = if interface.input_bits() == 0 {
        ";".to_owned()
    } else {
        format!("{} = {fb}next;", concatenation(interface.inputs().map(|(port, _)| own(port))))
    };
    let outputs = concatenation(interface.outputs().map(|(port, _)| own(port)));
    let connections: Vec<String> = interface
        .ports
        .iter()
        .map(|port| format!(".{}({})", identifier(&port.name), identifier(&own(port))))
        .collect();
    // A step takes 20 us, so that delays in the RTL, which silicon does not have, are over.
    format!(
        "`timescale 1ns/1ps\n`default_nettype wire\nmodule {top};\n{declarations}\
         \x20 reg {}{fb}next;\n  integer {fb}steps, {fb}responses, {fb}got;\n\
         \x20 {design} {fb}design ({});\n\
         \x20 initial begin\n    {fb}steps = $fopen(\"{steps_file}\", \"r\");\n\
         \x20   {fb}responses = $fopen(\"{responses_file}\", \"w\");\n\
         \x20   {fb}got = $fscanf({fb}steps, \"%b\", {fb}next);\n\
         \x20   while ({fb}got == 1) begin\n      #10000 {apply}\n\
         \x20     #10000 $fwrite({fb}responses, \"%b\\n\", {outputs});\n\
         \x20     {fb}got = $fscanf({fb}steps, \"%b\", {fb}next);\n    end\n\
         \x20   $finish;\n  end\nendmodule\n",
        range(interface.input_bits().max(1)),
        connections.join(", "),
    )
}

/// A module beside the replay's bench.
pub(crate) struct Counter {
    pub(crate) top: &'static str,
    pub(crate) file: &'static str,
    pub(crate) text: String,
}

/// Notes which one-bit wires of the replayed design have been 0 and which 1 whenever a step
/// has settled, and writes to `result`, after the last of `steps`, a character for each: `1`
/// if it has been both.
pub(crate) fn toggle_counter(
    names: &ReplayNames,
    nets: &[String],
    steps: usize,
    result: &str,
) -> Counter {
    const GROUP: usize = 64;
    let (mut declarations, mut look, mut write) = (String::new(), String::new(), String::new());
    for (index, group) in nets.chunks(GROUP).enumerate() {
        let last = group.len() - 1;
        let path = |net: &String| format!("{}.{}design.{net}", names.top, names.prefix);
        let paths: Vec<String> = group.iter().map(path).collect();
        // An unknown bit neither sets a 0 of `one` to 1 nor a 1 of `zero` to 0, and can be
        // followed by a known one that does.
        let _ = writeln!(
            declarations,
            "  reg [{last}:0] now{index}, one{index} = 0, zero{index} = ~0;"
        );
        let _ = writeln!(
            look,
            "      now{index} = {{{}}};\n      one{index} = one{index} | now{index};\n      \
             zero{index} = zero{index} & now{index};",
            paths.join(", ")
        );
        let _ = writeln!(write, "    $fwrite(file, \"%b\\n\", one{index} & ~zero{index});");
    }
    // The bench writes each response at a multiple of 20 us.
    let text = format!(
        "`timescale 1ns/1ps\nmodule filbench_toggles;\n{declarations}  integer file, step;\n\
         \x20 initial begin\n    #19999;\n\
         \x20   for (step = 0; step < {steps}; step = step + 1) begin\n{look}\
         \x20     if (step + 1 < {steps}) #20000;\n    end\n\
         \x20   file = $fopen(\"{result}\", \"w\");\n{write}    $fclose(file);\n  end\nendmodule\n"
    );
    Counter { top: "filbench_toggles", file: "filbench_toggles.sv", text }
}

fn edge_event(interface: &Interface, edge: ActiveEdge) -> String {
    let verb = if edge.rising { "posedge" } else { "negedge" };
    match interface.input_of_bit(edge.bit) {
        Some((port, _)) if port.width == 1 => format!("{verb} {}", identifier(&port.name)),
        Some((port, index)) => format!("{verb} {}[{index}]", identifier(&port.name)),
        // An edge of no input never comes.
        None => format!("{verb} 1'b0"),
    }
}

/// Every change of an input port but the active edges of ports of one bit. Ports of more
/// bits are watched whole: that an active edge is seen here, too, does no harm, since it
/// waits for its own wake.
fn other_changes(analysis: &Analysis, edges: &[ActiveEdge]) -> Vec<String> {
    let mut out = Vec::new();
    for (port, lsb) in analysis.interface.inputs() {
        let name = identifier(&port.name);
        let active = |rising| edges.contains(&ActiveEdge { bit: lsb, rising });
        match (active(true), active(false)) {
            (true, true) if port.width == 1 => {}
            (true, false) if port.width == 1 => out.push(format!("negedge {name}")),
            (false, true) if port.width == 1 => out.push(format!("posedge {name}")),
            _ => out.push(name),
        }
    }
    out
}

/// First port last, so that bit 0 is its least significant bit. Without any port, one
/// constant bit: Verilog has no empty vector.
fn concatenation(names: impl Iterator<Item = String>) -> String {
    let mut names: Vec<String> = names.map(|name| identifier(&name)).collect();
    names.reverse();
    if names.is_empty() { "1'b0".to_owned() } else { format!("{{{}}}", names.join(", ")) }
}

/// A start for our own names with which no port begins.
fn prefix(interface: &Interface) -> String {
    let mut prefix = "fb_".to_owned();
    while interface.ports.iter().any(|port| port.name.starts_with(&prefix)) {
        prefix.push('_');
    }
    prefix
}

fn identifier(name: &str) -> String {
    format!("\\{name} ")
}

fn range(width: usize) -> String {
    if width == 1 { String::new() } else { format!("[{}:0] ", width - 1) }
}

fn is_input(port: &Port) -> bool {
    port.direction == Direction::Input
}

fn direction(port: &Port) -> &'static str {
    if is_input(port) { "input" } else { "output" }
}
