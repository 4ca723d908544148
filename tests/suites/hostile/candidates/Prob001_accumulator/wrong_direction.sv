// Wants to read its output.
module TopModule (
  input clk,
  input reset,
  input [7:0] d,
  input [7:0] q
);
endmodule
