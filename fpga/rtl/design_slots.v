// The place of the designs under test: a black box that the link step replaces by
// their own netlists. With several slots it puts gates before each design's inputs,
// so that a design that is not selected sees zeros, and merges the outputs, so that
// only the selected design's count. A single design is wired as it is. Benches bring
// their own design_slots and define DESIGN_SLOTS_GIVEN.
`ifndef DESIGN_SLOTS_GIVEN
`default_nettype none

(* blackbox *)
module design_slots #(
    parameter INPUT_BITS = 32,
    parameter OUTPUT_BITS = 32,
    parameter SLOTS = 1
) (
    input  wire [INPUT_BITS-1:0]  in,
    input  wire [SLOTS-1:0]       selected,  // one bit is 1
    output wire [OUTPUT_BITS-1:0] out        // of the selected design
);
endmodule

`default_nettype wire
`endif
