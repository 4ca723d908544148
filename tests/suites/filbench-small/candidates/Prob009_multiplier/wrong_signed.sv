module TopModule (
  input clk,
  input signed [15:0] a,
  input signed [15:0] b,
  output reg signed [31:0] p
);
  always @(posedge clk) p <= a * b;
endmodule
