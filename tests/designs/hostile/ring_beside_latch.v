// expect: fail (comb_loop)
// A latch is a loop of its own; it must not hide the oscillator beside it.
module TopModule (
    input      clk,
    input      d,
    output reg q
);
  wire [2:0] ring;
  assign ring = {ring[1:0], ~(ring[2] & d)};
  reg held;
  always @* if (clk) held = d;
  always @(posedge clk) q <= held ^ ring[2];
endmodule
