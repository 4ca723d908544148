// 2048 latches in a ring, each with an enable of its own: no loop, as no two are open
// together, and to be found so in little time.
module TopModule (
  input clk,
  input reset,
  input [7:0] d,
  output logic [7:0] q
);
  logic [10:0] which;
  logic [2047:0] ring;
  always @(posedge clk) which <= which + 1;
  generate
    for (genvar i = 0; i < 2048; i++)
      always_latch if (which == i) ring[i] = ring[(i + 2047) % 2048] ^ d[i % 8];
  endgenerate
  always @(posedge clk) q <= reset ? 8'd0 : q + d + ^ring;
endmodule
