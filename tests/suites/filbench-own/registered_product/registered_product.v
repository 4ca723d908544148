// A product and its register, for a multiplier block or without.
module registered_product(input clk, input [15:0] a, input [15:0] b, output reg [31:0] p);
  always @(posedge clk) p <= a * b;
endmodule
