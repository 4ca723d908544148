// Right, by a clock out of a PLL.
module TopModule (
  input clk,
  input reset,
  input [7:0] d,
  output logic [7:0] q
);
wire fast;
SB_PLL40_CORE #(
  .FEEDBACK_PATH("SIMPLE"),
  .DIVF(7'd63),
  .DIVQ(3'd5)
) pll (
  .REFERENCECLK(clk),
  .PLLOUTCORE(fast),
  .RESETB(1'b1),
  .BYPASS(1'b0)
);
always @(posedge fast) q <= reset ? 8'd0 : q + d;
endmodule
