// What each of several slots sees of the live inputs: byte 0, which holds the event
// inputs, only while the slot is the selected one; the other bytes always.
//
// A slot that is not selected sees its event inputs at 0. So change slots while
// the live byte 0 is 0, or both slots see edges. A single slot sees everything,
// and costs nothing. Combinational.
`default_nettype none

module slot_inputs #(
    parameter BYTES = 4,
    parameter SLOTS = 1,
    parameter SLOT_BITS = 1
) (
    input  wire [8*BYTES-1:0]       live,
    input  wire [SLOT_BITS-1:0]     slot,
    output wire [8*BYTES*SLOTS-1:0] seen  // slot 0 lowest
);
    genvar s;
    generate
        for (s = 0; s < SLOTS; s = s + 1) begin : gate
            wire selected = SLOTS == 1 || slot == s;

            assign seen[8*BYTES*s +: 8] = live[7:0] & {8{selected}};
            if (BYTES > 1)
                assign seen[8*BYTES*s + 8 +: 8*(BYTES - 1)] = live[8*BYTES-1:8];
        end
    endgenerate
endmodule

`default_nettype wire
