// Reset is 1 from configuration on, for 256 cycles, and then 0 for good.
`timescale 1ns/1ns

module reset_generator_tb;
    localparam BENCH = "reset_generator_tb";
    `include "check.vh"

    reg  clk = 1'b0;
    wire reset;

    reset_generator dut (.clk(clk), .reset(reset));

    integer edges = 0;

    always @(posedge clk) begin
        #1 edges = edges + 1;
        check(reset === (edges < 256), $sformatf("reset is %b after %0d edges", reset, edges));
    end

    initial begin
        #1 check(reset === 1'b1, "reset is not 1 before the first edge");
        repeat (2 * 1000)
            #5 clk = ~clk;
        check(edges == 1000, "the clock did not run");
        pass;
    end
endmodule
