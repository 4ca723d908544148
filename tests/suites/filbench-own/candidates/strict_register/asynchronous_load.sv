// Loads at once; no flip-flop of the devices can.
module strict_register(input clk, input rst, input en, input [7:0] d, output reg [7:0] q);
  always @(posedge clk, posedge en)
    if (en) q <= d;
    else if (rst) q <= 0;
endmodule
