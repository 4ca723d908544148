// Right, and brings a clock of its own.
module TopModule (
  input clk,
  input reset,
  input [7:0] d,
  output logic [7:0] q
);
always @(posedge clk) q <= reset ? 8'd0 : q + d;
wire fast;
logic [7:0] beats;
SB_HFOSC oscillator (
  .CLKHFPU(1'b1),
  .CLKHFEN(1'b1),
  .CLKHF(fast)
);
always @(posedge fast) beats <= beats + 8'd1;
endmodule
