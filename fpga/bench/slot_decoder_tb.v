// Exactly the selected slot's bit is set, at a size that is no power of two; a single
// slot is selected whatever is asked for.
`timescale 1ns/1ns

module slot_decoder_tb;
    localparam BENCH = "slot_decoder_tb";
    localparam SLOTS = 5;
    `include "check.vh"

    reg  [2:0]       slot;
    wire [SLOTS-1:0] selected;
    wire             alone;

    slot_decoder #(.SLOTS(SLOTS), .SLOT_BITS(3)) dut (.slot(slot), .selected(selected));
    slot_decoder #(.SLOTS(1), .SLOT_BITS(1)) single (.slot(slot[0]), .selected(alone));

    integer s, bit_index;

    initial begin
        for (s = 0; s < 8; s = s + 1) begin
            slot = s;
            #1 for (bit_index = 0; bit_index < SLOTS; bit_index = bit_index + 1)
                check(selected[bit_index] === (bit_index == s),
                      $sformatf("bit %0d at slot %0d", bit_index, s));
            check(alone === 1'b1, "a single slot is not selected");
        end
        pass;
    end
endmodule
