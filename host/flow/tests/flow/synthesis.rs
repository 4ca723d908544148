//! Good designs: interface, resources, events.

use crate::support::{accepted, design, files, flow, submission, synthesise};
use filbench_board::Device;
use filbench_flow::{Design, Policy};
use filbench_model::ClockEdge::{Both, Falling, Rising};
use filbench_model::ControlRole::{AsyncReset, Enable, SyncReset};
use filbench_model::{ClockEdge, Direction};

/// The names of a design's event inputs, vectors by bit.
fn events(design: &Design) -> Vec<String> {
    let input = |bit| design.interface.input_of_bit(bit).expect("a bit of the interface");
    design
        .events
        .event_inputs
        .ones_indices()
        .map(input)
        .map(|(port, index)| match port.width {
            1 => port.name.clone(),
            _ => format!("{}[{index}]", port.name),
        })
        .collect()
}

fn clocks(design: &Design) -> Vec<(&str, ClockEdge)> {
    let name = |bit| design.interface.input_of_bit(bit).expect("a bit").0.name.as_str();
    design.events.clocks.iter().map(|c| (name(c.input_bit), c.edge)).collect()
}

#[test]
fn a_register_with_an_asynchronous_reset() {
    let design = design(
        "module top(input clk, input rst_n, input [3:0] d, output logic [3:0] q);
           always_ff @(posedge clk or negedge rst_n)
             if (!rst_n) q <= 0; else q <= q + d;
         endmodule",
    );
    let ports: Vec<_> = design.interface.ports.iter().map(ToString::to_string).collect();
    assert_eq!(ports, ["input clk", "input rst_n", "input [3:0] d", "output [3:0] q"]);
    assert_eq!((design.resources.ff, design.resources.bram), (4, 0));
    assert_eq!(events(&design), ["clk", "rst_n"]);
    assert_eq!(clocks(&design), [("clk", Rising)]);
    assert!(design.events.derived_clocks.is_empty() && !design.has_latches);
}

#[test]
fn what_resets_and_enables_is_known_with_its_level() {
    let design = design(
        "module top(input clk, input rst_n, input clear, input hold, input [3:0] d,
                    output logic [3:0] q, output logic [3:0] r);
           always_ff @(posedge clk or negedge rst_n)
             if (!rst_n) q <= 0; else if (!hold) q <= d;
           always_ff @(posedge clk) if (clear) r <= 0; else if (!hold) r <= r + d;
         endmodule",
    );
    let controls: Vec<_> = design
        .events
        .controls
        .iter()
        .map(|c| {
            let (port, _) = design.interface.input_of_bit(c.input_bit).expect("a bit");
            (port.name.as_str(), c.role, c.active_high)
        })
        .collect();
    assert_eq!(
        controls,
        [("rst_n", AsyncReset, false), ("clear", SyncReset, true), ("hold", Enable, false)]
    );
}

#[test]
fn ranges_are_widths_and_bits_count_from_the_least_significant() {
    let design = design(
        "module top(output [7:4] z, input [0:3] a, input en);
           logic [3:0] held;
           always_latch if (a[0]) held = {4{en}};
           assign z = held;
         endmodule",
    );
    let ports: Vec<_> =
        design.interface.ports.iter().map(|p| (p.name.as_str(), p.direction, p.width)).collect();
    assert_eq!(
        ports,
        [("z", Direction::Output, 4), ("a", Direction::Input, 4), ("en", Direction::Input, 1)]
    );
    // `a[0]` is the most significant bit of `a`. Latched data is no event.
    assert_eq!(events(&design), ["a[3]"]);
    assert!(design.has_latches && clocks(&design).is_empty());
}

#[test]
fn edges_count_from_the_input() {
    let design = design(
        "module top(input up, down, both, turned, input d, output reg [4:0] q);
           wire inverted = ~turned;
           always @(posedge up) q[0] <= d;
           always @(negedge down) q[1] <= d;
           always @(posedge both) q[2] <= d;
           always @(negedge both) q[3] <= d;
           always @(posedge inverted) q[4] <= d;
         endmodule",
    );
    assert_eq!(
        clocks(&design),
        [("up", Rising), ("down", Falling), ("both", Both), ("turned", Falling)]
    );
    assert_eq!(events(&design), ["up", "down", "both", "turned"]);
    assert!(design.events.derived_clocks.is_empty());
}

#[test]
fn cones_of_clocks_resets_and_enables_are_events() {
    let design = design(
        "module top(input clk, gate, clear_a, clear_b, open_a, open_b, input d,
                    output reg q, output reg r, output reg l, output reg divided);
           wire gated = clk & gate;
           wire clear = clear_a | clear_b;
           always @(posedge gated) q <= d;
           always @(posedge clk or posedge clear) if (clear) r <= 0; else r <= d;
           always @* if (open_a ^ open_b) l = d;
           reg half;
           always @(posedge clk) half <= ~half;
           always @(posedge half) divided <= d;
         endmodule",
    );
    assert_eq!(events(&design), ["clk", "gate", "clear_a", "clear_b", "open_a", "open_b"]);
    assert_eq!(clocks(&design), [("clk", Rising)]);
    assert_eq!(design.events.derived_clocks, ["gated", "half"]);
}

#[test]
fn a_clock_gate_with_a_latch_reaches_through_it() {
    let design = design(
        "module top(input clk, enable, d, output reg q);
           reg held;
           always_latch if (!clk) held = enable;
           wire gated = clk & held;
           always_ff @(posedge gated) q <= d;
         endmodule",
    );
    assert_eq!(events(&design), ["clk", "enable"]);
}

#[test]
fn memories_become_block_rams_and_clock_like_registers() {
    let design = design(
        "module top(input clk, we, input [8:0] wa, ra, input [7:0] d, output reg [7:0] q);
           reg [7:0] memory [0:511];
           always @(posedge clk) begin
             if (we) memory[wa] <= d;
             q <= memory[ra];
           end
         endmodule",
    );
    assert_eq!(design.resources.bram, 1);
    assert_eq!(clocks(&design), [("clk", Rising)]);
    assert_eq!(events(&design), ["clk"]);
}

#[test]
fn multipliers_are_dsp_blocks_where_the_device_has_them() {
    let multiplier =
        submission("module top(input [15:0] a, b, output [31:0] y); assign y = a * b; endmodule");
    let on = |device| {
        accepted(flow().synthesise(&multiplier, &Policy::default(), device).expect("no fault"))
    };
    let up5k = on(Device::Up5k);
    assert_eq!((up5k.resources.dsp, up5k.device), (1, Device::Up5k));
    let hx8k = on(Device::Hx8k);
    assert_eq!(hx8k.resources.dsp, 0);
    assert!(hx8k.resources.lut4 > 100);
}

#[test]
fn several_files_with_a_header_a_package_and_a_rom() {
    let submission = files(&[
        ("rtl/defs.vh", "`define WIDTH 4\n"),
        ("rtl/pkg.sv", "package pkg; localparam int STEP = 3; endpackage\n"),
        (
            "rtl/my top.sv",
            "`include \"defs.vh\"\nmodule top(input [1:0] a, output [`WIDTH-1:0] y);\n\
            reg [`WIDTH-1:0] rom [0:3];\n initial $readmemh(\"rom.hex\", rom);\n\
            assign y = rom[a] + pkg::STEP;\nendmodule\n",
        ),
        ("rtl/rom.hex", "9 2 e 4\n"),
    ]);
    let design = accepted(synthesise(&submission));
    assert_eq!(design.interface.output_bits(), 4);
    assert!((1..=4).contains(&design.resources.lut4), "{:?}", design.resources);
}

#[test]
fn a_module_with_the_name_of_a_cell_is_the_designs_own() {
    // A real SB_DFF clocks at the rising edge.
    let design = design(
        "module SB_DFF(input C, D, output reg Q); always @(negedge C) Q <= D; endmodule
         (* keep_hierarchy *) module fixture_top(input a, output b); assign b = ~a; endmodule
         module SB_LUT4 #(parameter LUT_INIT = 0) (input I0, output O);
           assign O = ~I0;
         endmodule
         module top(input clk, d, output q, z);
           SB_DFF u(.C(clk), .D(d), .Q(q));
           wire t;
           SB_LUT4 #(.LUT_INIT(16'hffff)) l(.I0(d), .O(t));
           fixture_top f(.a(t), .b(z));
         endmodule",
    );
    assert_eq!(clocks(&design), [("clk", Falling)]);
    // `z` is `d`, inverted twice.
    assert_eq!((design.resources.ff, design.resources.lut4), (1, 0));
}

#[test]
fn a_design_may_instantiate_logic_cells_itself() {
    let design = design(
        "module top(input clk, a, b, output q, z);
           SB_LUT4 #(.LUT_INIT(16'h8888)) both(.I0(a), .I1(b), .I2(1'b0), .I3(1'b0), .O(z));
           SB_DFFN f(.C(clk), .D(z), .Q(q));
         endmodule",
    );
    assert_eq!((design.resources.lut4, design.resources.ff), (1, 1));
    assert_eq!(clocks(&design), [("clk", Falling)]);
}

#[test]
fn what_only_looks_like_a_loop_is_none() {
    for text in [
        // A carry chain written as vectors.
        "module top(input [7:0] a, b, input c, output [8:0] y);
           wire [8:0] k;
           assign k[0] = c;
           assign k[8:1] = (a & b) | (k[7:0] & (a ^ b));
           assign y = {k[8], a ^ b ^ k[7:0]};
         endmodule",
        // A priority mask.
        "module top(input [7:0] r, output [7:0] y);
           wire [7:0] m = r | (m << 1);
           assign y = m;
         endmodule",
        // Two-phase latches.
        "module top(input phase, rst, output reg [3:0] q);
           reg [3:0] m;
           always_latch if (~phase) m = rst ? 0 : q + 1;
           always_latch if (phase) q = m;
         endmodule",
        // A loop that drives nothing.
        "module top(input a, output y); wire b = ~b; assign y = a; endmodule",
    ] {
        design(text);
    }
}

#[test]
fn incomplete_always_comb_is_a_latch_by_default() {
    let design = design(
        "module top(input [1:0] s, input a, b, output logic z);
           always_comb case (s) 0: z = a; 1: z = b; endcase
         endmodule",
    );
    assert!(design.has_latches);
    // `s[0]` as well: the enable is written as `s == 0 || s == 1`.
    assert_eq!(events(&design), ["s[0]", "s[1]"]);
}

#[test]
fn printing_asserting_and_undriven_outputs_change_nothing() {
    let design = design(
        "module top(input clk, input d, output reg q, output nothing);
           initial $display(\"Mismatches: 0 in 100 samples\");
           always @(posedge clk) begin
             q <= d;
             if (d) $display(\"ERROR: none\");
             assert (q !== 1'bx);
           end
         endmodule",
    );
    assert_eq!((design.resources.ff, design.resources.lut4), (1, 0));
    assert!(design.diagnostics.iter().all(|d| !d.message.contains("none")));
}
