// Right, and drives a pin of the board.
module TopModule (
  input clk,
  input reset,
  input [7:0] d,
  output logic [7:0] q
);
always @(posedge clk) q <= reset ? 8'd0 : q + d;
SB_IO #(
  .PIN_TYPE(6'b011001)
) pin (
  .PACKAGE_PIN(),
  .D_OUT_0(q[0])
);
endmodule
