// Every byte of every slot, at sizes that are no powers of two; what does not exist reads 0.
`timescale 1ns/1ns

module output_multiplexer_tb;
    localparam BENCH = "output_multiplexer_tb";
    localparam BYTES = 5;
    localparam SLOTS = 3;
    `include "check.vh"

    reg  [8*BYTES*SLOTS-1:0] outputs;
    reg  [2:0]               select;
    reg  [1:0]               slot;
    wire [7:0]               selected;

    output_multiplexer #(.BYTES(BYTES), .SLOTS(SLOTS), .SELECT_BITS(3), .SLOT_BITS(2)) dut (
        .outputs(outputs), .select(select), .slot(slot), .selected(selected));

    reg  [7:0] only_output;
    wire [7:0] only_selected;

    output_multiplexer #(.BYTES(1), .SLOTS(1), .SELECT_BITS(1), .SLOT_BITS(1)) smallest (
        .outputs(only_output), .select(1'b0), .slot(1'b0), .selected(only_selected));

    integer   i, s, b;
    reg [7:0] expected;

    initial begin
        repeat (50) begin
            for (i = 0; i < 8*BYTES*SLOTS; i = i + 1)
                outputs[i] = $urandom;
            only_output = $urandom;
            for (s = 0; s < 4; s = s + 1)
                for (b = 0; b < 8; b = b + 1) begin
                    select = b;
                    slot = s;
                    expected = s < SLOTS && b < BYTES ? outputs[8*(BYTES*s + b) +: 8] : 8'h00;
                    #1 check(selected === expected, $sformatf("byte %0d of slot %0d", b, s));
                end
            check(only_selected === only_output, "a single byte");
        end
        pass;
    end
endmodule
