// Selects output byte `select` of the selected design. Combinational.
//
// Bytes that do not exist read 0.
`default_nettype none

module output_multiplexer #(
    parameter BYTES = 4,
    parameter SELECT_BITS = 2
) (
    input  wire [8*BYTES-1:0]     outputs,
    input  wire [SELECT_BITS-1:0] select,
    output wire [7:0]             selected
);
    // Padded to a power of two, so that the selection is a plain tree.
    localparam PADDED_BYTES = 1 << SELECT_BITS;

    wire [8*PADDED_BYTES-1:0] padded = outputs;

    assign selected = padded[8*select +: 8];
endmodule

`default_nettype wire
