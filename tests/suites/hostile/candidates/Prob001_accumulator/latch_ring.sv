// Right, beside 256 latches in a ring, each with an enable of its own: no loop, as no two
// are open together, and to be found so without a search of everything for each of them.
module TopModule (
  input clk,
  input reset,
  input [7:0] d,
  output logic [7:0] q
);
  logic [7:0] which;
  logic [255:0] ring;
  logic never; // flip-flops start at 0, which synthesis does not rely on
  generate
    for (genvar i = 0; i < 256; i++)
      always_latch if (which == i) ring[i] = ring[(i + 255) % 256] ^ d[i % 8];
  endgenerate
  always @(posedge clk) begin
    which <= which + 1;
    never <= never & ^ring;
    q <= reset ? 8'd0 : q + d + {7'd0, never & ^ring};
  end
endmodule
