// One of two outputs.
module TopModule (
    input      clk,
    input      reset,
    input      d,
    output reg odd
);
  always @(posedge clk)
    if (reset) odd <= 0;
    else odd <= odd ^ d;
endmodule
