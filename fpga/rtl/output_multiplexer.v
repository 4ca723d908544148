// Selects output byte `select` of the design in slot `slot`. Combinational.
//
// Bytes and slots that do not exist read 0.
`default_nettype none

module output_multiplexer #(
    parameter BYTES = 4,
    parameter SLOTS = 1,
    parameter SELECT_BITS = 2,
    parameter SLOT_BITS = 1
) (
    input  wire [8*BYTES*SLOTS-1:0] outputs,  // slot 0 lowest
    input  wire [SELECT_BITS-1:0]   select,
    input  wire [SLOT_BITS-1:0]     slot,
    output wire [7:0]               selected
);
    // Padded to powers of two, so that the selection is a plain tree.
    localparam PADDED_BYTES = 1 << SELECT_BITS;
    localparam PADDED_SLOTS = 1 << SLOT_BITS;

    wire [8*PADDED_BYTES*PADDED_SLOTS-1:0] padded;

    genvar s;
    generate
        for (s = 0; s < PADDED_SLOTS; s = s + 1) begin : pad
            if (s < SLOTS)
                assign padded[8*PADDED_BYTES*s +: 8*PADDED_BYTES] = outputs[8*BYTES*s +: 8*BYTES];
            else
                assign padded[8*PADDED_BYTES*s +: 8*PADDED_BYTES] = 0;
        end
    endgenerate

    assign selected = padded[8*{slot, select} +: 8];
endmodule

`default_nettype wire
