// Has another name.
module Accumulator (
  input clk,
  input reset,
  input [7:0] d,
  output logic [7:0] q
);
  always @(posedge clk) q <= reset ? 8'd0 : q + d;
endmodule
