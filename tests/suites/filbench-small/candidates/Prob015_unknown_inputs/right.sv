module TopModule (
  input clk,
  input reset,
  input valid,
  input [7:0] d,
  output reg [7:0] q
);
  wire [7:0] kept = q & {8{~valid}};
  wire [7:0] taken = d & {8{valid}};
  always @(posedge clk) q <= reset ? 8'd0 : kept | taken;
endmodule
