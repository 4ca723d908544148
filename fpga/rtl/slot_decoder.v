// Which slot is the selected one, one bit each. Combinational.
//
// The link step lets a design see the live inputs only while its bit is 1, and
// all inputs 0 otherwise. So change slots while the live inputs are 0: then no
// design's inputs move, and one that was never selected still stands as
// configuration left it. A single slot is always selected, and costs nothing.
`default_nettype none

module slot_decoder #(
    parameter SLOTS = 1,
    parameter SLOT_BITS = 1
) (
    input  wire [SLOT_BITS-1:0] slot,
    output wire [SLOTS-1:0]     selected
);
    genvar s;
    generate
        for (s = 0; s < SLOTS; s = s + 1) begin : decode
            assign selected[s] = SLOTS == 1 || slot == s;
        end
    endgenerate
endmodule

`default_nettype wire
