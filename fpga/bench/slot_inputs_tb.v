// With several slots only the selected one sees byte 0; with one, everything passes.
`timescale 1ns/1ns

module slot_inputs_tb;
    localparam BENCH = "slot_inputs_tb";
    localparam BYTES = 3;
    localparam SLOTS = 3;
    `include "check.vh"

    reg  [8*BYTES-1:0]       live;
    reg  [1:0]               slot;
    wire [8*BYTES*SLOTS-1:0] seen;
    wire [8*BYTES-1:0]       seen_alone;
    wire [7:0]               seen_byte;

    slot_inputs #(.BYTES(BYTES), .SLOTS(SLOTS), .SLOT_BITS(2)) dut (
        .live(live), .slot(slot), .seen(seen));
    slot_inputs #(.BYTES(BYTES), .SLOTS(1), .SLOT_BITS(1)) alone (
        .live(live), .slot(slot[0]), .seen(seen_alone));
    slot_inputs #(.BYTES(1), .SLOTS(1), .SLOT_BITS(1)) one_byte (
        .live(live[7:0]), .slot(1'b0), .seen(seen_byte));

    integer s;

    initial begin
        repeat (200) begin
            live = $urandom;
            slot = $urandom;
            #1 for (s = 0; s < SLOTS; s = s + 1) begin
                check(seen[8*BYTES*s +: 8] === (slot == s ? live[7:0] : 8'h00), "byte 0");
                check(seen[8*BYTES*s + 8 +: 16] === live[23:8], "bytes 1 and 2");
            end
            check(seen_alone === live, "a single slot");
            check(seen_byte === live[7:0], "a single byte");
        end
        pass;
    end
endmodule
