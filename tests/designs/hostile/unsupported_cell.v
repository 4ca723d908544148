// expect: fail (unsupported_cell)
// Both edges in one process have no flip-flop in the device.
module TopModule (
    input      clk,
    input      d,
    output reg q
);
  always @(posedge clk or negedge clk) q <= d;
endmodule
