// Adds up what comes in: 8 input bits, 8 output bits.
module adder8 (
    input            clk,
    input      [6:0] d,
    output reg [7:0] q
);
    initial q = 0;
    always @(posedge clk) q <= q + d;
endmodule
