// A module that instantiates itself, with other parameters each time.
module TopModule (
  input clk,
  input reset,
  input [7:0] d,
  output logic [7:0] q
);
wire [7:0] sum;
deeper #(.DEPTH(1)) more (.d(d), .sum(sum));
always @(posedge clk) q <= reset ? 8'd0 : q + d;
endmodule

module deeper #(
  parameter DEPTH = 0
) (
  input [7:0] d,
  output [7:0] sum
);
  wire [7:0] rest;
  deeper #(.DEPTH(DEPTH + 1)) more (.d(d), .sum(rest));
  assign sum = d + rest;
endmodule
