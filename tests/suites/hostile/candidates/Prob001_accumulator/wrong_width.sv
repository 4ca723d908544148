// Has a narrower output.
module TopModule (
  input clk,
  input reset,
  input [7:0] d,
  output logic [6:0] q
);
  always @(posedge clk) q <= reset ? 7'd0 : q + d;
endmodule
