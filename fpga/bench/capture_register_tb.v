// Follows its input at every edge of cap_clk, and only then.
`timescale 1ns/1ns

module capture_register_tb;
    localparam BENCH = "capture_register_tb";
    `include "check.vh"

    reg        cap_clk = 1'b0;
    reg  [7:0] selected = 8'h00;
    wire [7:0] captured;

    capture_register dut (.cap_clk(cap_clk), .selected(selected), .captured(captured));

    reg [7:0] expected;

    initial begin
        repeat (200) begin
            selected = $urandom;
            #5 cap_clk = 1'b1;
            expected = selected;
            #1 check(captured === expected, "does not follow at an edge");
            selected = ~selected;
            #4 check(captured === expected, "follows without an edge");
            cap_clk = 1'b0;
            #1 check(captured === expected, "follows at a falling edge");
        end
        pass;
    end
endmodule
