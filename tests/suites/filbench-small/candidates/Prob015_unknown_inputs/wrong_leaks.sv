module TopModule (
  input clk,
  input reset,
  input valid,
  input [7:0] d,
  output reg [7:0] q
);
  always @(posedge clk) q <= reset ? 8'd0 : valid ? d : q | {7'd0, d[0]};
endmodule
