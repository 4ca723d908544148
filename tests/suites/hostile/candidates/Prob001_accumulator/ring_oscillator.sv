// An accumulator that takes its lowest bit from a ring of inverters.
module TopModule (
  input clk,
  input reset,
  input [7:0] d,
  output logic [7:0] q
);
  wire [2:0] ring;
  assign ring = {~ring[1:0], ~ring[2]};
  always @(posedge clk) q <= reset ? 8'd0 : q + {d[7:1], ring[0]};
endmodule
