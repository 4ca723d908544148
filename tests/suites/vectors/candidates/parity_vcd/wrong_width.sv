// Two bits of input.
module TopModule (
    input      clk,
    input      reset,
    input [1:0] d,
    output reg odd,
    output     even
);
  always @(posedge clk)
    if (reset) odd <= 0;
    else odd <= odd ^ d[0];
  assign even = !odd;
endmodule
