// Lets go of its output while it is in reset.
module TopModule (
  input clk,
  input reset,
  input [7:0] d,
  output [7:0] q
);
  logic [7:0] sum;
  always @(posedge clk) sum <= reset ? 8'd0 : sum + d;
  assign q = reset ? 8'bz : sum;
endmodule
