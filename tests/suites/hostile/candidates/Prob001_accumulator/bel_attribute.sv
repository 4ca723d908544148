// Right, with a cell placed where the fixture may be.
module TopModule (
  input clk,
  input reset,
  input [7:0] d,
  output [7:0] q
);
wire [7:0] next = reset ? 8'd0 : q + d;
(* BEL = "X12/Y16/lc0" *)
SB_DFF first (.C(clk), .D(next[0]), .Q(q[0]));
genvar i;
generate
  for (i = 1; i < 8; i = i + 1) begin : g
    SB_DFF bit_i (.C(clk), .D(next[i]), .Q(q[i]));
  end
endgenerate
endmodule
