module TopModule (
  input clk,
  input [15:0] a,
  input [15:0] b,
  output reg [31:0] p
);
  wire [15:0] product = a * b;
  always @(posedge clk) p <= {16'b0, product};
endmodule
