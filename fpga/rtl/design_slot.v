// The place of a design under test: a black box that the link step replaces by
// the design's own netlist. Benches bring their own design_slot and define
// DESIGN_SLOT_GIVEN.
`ifndef DESIGN_SLOT_GIVEN
`default_nettype none

(* blackbox *)
module design_slot #(
    parameter INPUT_BITS = 32,
    parameter OUTPUT_BITS = 32
) (
    input  wire [INPUT_BITS-1:0]  in,
    output wire [OUTPUT_BITS-1:0] out
);
endmodule

`default_nettype wire
`endif
