module TopModule (
  input clk,
  input reset,
  output reg [15:0] q
);
  wire feedback = ^(q & 16'h002d);
  always @(posedge clk) q <= reset ? 16'h0001 : {feedback, q[15:1]};
endmodule
