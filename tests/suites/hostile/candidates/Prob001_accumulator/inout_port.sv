// Has a port that goes both ways.
module TopModule (
  input clk,
  input reset,
  input [7:0] d,
  inout [7:0] q
);
  logic [7:0] sum;
  always @(posedge clk) sum <= reset ? 8'd0 : sum + d;
  assign q = sum;
endmodule
