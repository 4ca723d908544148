// Takes a level into the domain of `clk` through two flip-flops.
//
// The source must be the output of a flip-flop and keep each value for two
// cycles of `clk` at least. No reset: both stages start at 0 by configuration.
`default_nettype none

module level_crossing (
    input  wire clk,
    input  wire source,
    output wire sink
);
    reg [1:0] stage = 2'b00;

    assign sink = stage[1];

    always @(posedge clk)
        stage <= {stage[0], source};
endmodule

`default_nettype wire
