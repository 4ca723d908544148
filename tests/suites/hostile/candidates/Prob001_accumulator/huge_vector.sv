// A vector of two thousand million bits.
module TopModule (
  input clk,
  input reset,
  input [7:0] d,
  output logic [7:0] q
);
  wire [2147483646:0] huge = {268435455{d}};
  always @(posedge clk) q <= reset ? 8'd0 : q + d + huge[7:0];
endmodule
