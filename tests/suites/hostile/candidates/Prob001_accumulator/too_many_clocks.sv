// 800 clocks: a tile has one, and the device has 660 tiles.
module TopModule (
  input clk,
  input reset,
  input [7:0] d,
  output [7:0] q
);
  wire [800:0] c;
  assign c[0] = clk;
  genvar i;
  generate
    for (i = 0; i < 800; i = i + 1) begin : stage
      reg t = 0;
      always @(posedge c[i]) t <= ~t;
      assign c[i + 1] = t;
    end
  endgenerate
  assign q = c[800:793] ^ d ^ {8{reset}};
endmodule
