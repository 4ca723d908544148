module TopModule (
  input clk,
  input [15:0] a,
  input [15:0] b,
  output reg [31:0] p
);
  wire [31:0] product = {16'b0, b} * {16'b0, a};
  always @(posedge clk) p <= product;
endmodule
