// Forgets the top bit of the input.
module TopModule (
    input            clk,
    input            reset,
    input      [3:0] d,
    output reg [7:0] sum,
    output           odd
);
  always @(posedge clk)
    if (reset) sum <= 0;
    else sum <= sum + d[2:0];
  assign odd = ^sum;
endmodule
