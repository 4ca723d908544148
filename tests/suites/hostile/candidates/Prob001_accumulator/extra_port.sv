// Has a port too many.
module TopModule (
  input clk,
  input reset,
  input [7:0] d,
  output logic [7:0] q,
  output tx
);
  always @(posedge clk) q <= reset ? 8'd0 : q + d;
  assign tx = q[0];
endmodule
