// Right, and reboots the device from another image.
module TopModule (
  input clk,
  input reset,
  input [7:0] d,
  output logic [7:0] q
);
always @(posedge clk) q <= reset ? 8'd0 : q + d;
SB_WARMBOOT boot (
  .BOOT(q == 8'hff),
  .S1(1'b1),
  .S0(1'b1)
);
endmodule
