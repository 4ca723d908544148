// Room for seven bits of sum.
module TopModule (
    input            clk,
    input            reset,
    input      [3:0] d,
    output reg [6:0] sum,
    output           odd
);
  always @(posedge clk)
    if (reset) sum <= 0;
    else sum <= sum + d;
  assign odd = ^sum;
endmodule
