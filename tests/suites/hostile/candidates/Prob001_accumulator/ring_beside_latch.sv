// The same ring, beside a latch.
module TopModule (
  input clk,
  input reset,
  input [7:0] d,
  output logic [7:0] q
);
  logic [7:0] held;
  wire [2:0] ring;
  always_latch if (reset) held = d;
  assign ring = {~ring[1:0], ~ring[2]};
  always @(posedge clk) q <= reset ? 8'd0 : q + d + (held & {8{ring[2]}});
endmodule
