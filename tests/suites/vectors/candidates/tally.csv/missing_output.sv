// Right as far as it goes, but nobody can ask for the parity.
module TopModule (
    input            clk,
    input            reset,
    input      [3:0] d,
    output reg [7:0] sum
);
  always @(posedge clk)
    if (reset) sum <= 0;
    else sum <= sum + d;
endmodule
