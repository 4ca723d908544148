// Sums its input.
module TopModule (
    input            clk,
    input            reset,
    input      [3:0] d,
    output reg [7:0] sum,
    output           odd
);
  always @(posedge clk)
    if (reset) sum <= 0;
    else sum <= sum + d;
  assign odd = ^sum;
endmodule
