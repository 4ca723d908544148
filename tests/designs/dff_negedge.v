// A flip-flop on the wrong edge.
module TopModule (
    input      clk,
    input      d,
    output reg q
);
  always @(negedge clk) q <= d;
endmodule
