// The sink shows what the source was before the last two edges of its clock.
`timescale 1ns/1ns

module level_crossing_tb;
    localparam BENCH = "level_crossing_tb";
    `include "check.vh"

    reg  clk = 1'b0;
    reg  source = 1'b0;
    wire sink;

    level_crossing dut (.clk(clk), .source(source), .sink(sink));

    always #5 clk = ~clk;

    reg [1:0] seen = 2'b00;
    integer   changes = 0;

    always @(posedge clk) begin
        seen = {seen[0], source};
        #1 check(sink === seen[1], "sink is not the source two edges ago");
    end

    always @(sink)
        changes = changes + 1;

    initial begin
        #1 check(sink === 1'b0, "sink is not 0 by configuration");
        repeat (200) begin
            #(21 + $urandom % 40) source = ~source;
            // Never in the very moment of an edge: that would be a race of the bench.
            if ($time % 5 == 0)
                #1 ;
        end
        #100 check(changes >= 200, "changes were lost");
        pass;
    end
endmodule
