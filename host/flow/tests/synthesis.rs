//! Synthesis of good designs: interface, resources, events.

mod support;

use filbench_model::{Bits, ClockEdge, Direction};
use support::design;

#[test]
fn a_register_with_enable_and_reset() {
    let design = design(
        "module top(input clk, input rst_n, input [3:0] d, output logic [3:0] q);
           always_ff @(posedge clk or negedge rst_n)
             if (!rst_n) q <= 0; else q <= q + d;
         endmodule",
    );
    let ports: Vec<_> = design.interface.ports.iter().map(ToString::to_string).collect();
    assert_eq!(ports, ["input clk", "input rst_n", "input [3:0] d", "output [3:0] q"]);
    assert_eq!((design.resources.ff, design.resources.bram), (4, 0));
    assert_eq!(design.events.event_inputs, Bits::from_u64(0b00_0011, 6));
    assert_eq!(design.events.clocks.len(), 1);
    assert_eq!(design.events.clocks[0].input_bit, 0);
    assert_eq!(design.events.clocks[0].edge, ClockEdge::Rising);
    assert!(design.events.derived_clocks.is_empty() && !design.has_latches);
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
    // `a[0]` is the most significant bit of `a`.
    assert_eq!(design.events.event_inputs, Bits::from_u64(0b0_1000, 5));
    assert!(design.has_latches && design.events.clocks.is_empty());
}
