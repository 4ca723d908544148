// Every byte, at a size that is no power of two; what does not exist reads 0.
`timescale 1ns/1ns

module output_multiplexer_tb;
    localparam BENCH = "output_multiplexer_tb";
    localparam BYTES = 5;
    `include "check.vh"

    reg  [8*BYTES-1:0] outputs;
    reg  [2:0]         select;
    wire [7:0]         selected;

    output_multiplexer #(.BYTES(BYTES), .SELECT_BITS(3)) dut (
        .outputs(outputs), .select(select), .selected(selected));

    reg  [7:0] only_output;
    wire [7:0] only_selected;

    output_multiplexer #(.BYTES(1), .SELECT_BITS(1)) smallest (
        .outputs(only_output), .select(1'b0), .selected(only_selected));

    integer   i, b;
    reg [7:0] expected;

    initial begin
        repeat (50) begin
            for (i = 0; i < 8*BYTES; i = i + 1)
                outputs[i] = $urandom;
            only_output = $urandom;
            for (b = 0; b < 8; b = b + 1) begin
                select = b;
                expected = b < BYTES ? outputs[8*b +: 8] : 8'h00;
                #1 check(selected === expected, $sformatf("byte %0d", b));
            end
            check(only_selected === only_output, "a single byte");
        end
        pass;
    end
endmodule
