// The parity of what came at rising edges.
module TopModule (
    input      clk,
    input      reset,
    input      d,
    output reg odd,
    output     even
);
  always @(posedge clk)
    if (reset) odd <= 0;
    else odd <= odd ^ d;
  assign even = !odd;
endmodule
