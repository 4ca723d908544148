// Right, with a latch for the master and one for the slave of each bit.
module strict_register(input clk, input rst, input en, input [7:0] d, output reg [7:0] q);
  reg [7:0] master;
  always @* if (!clk) master = rst ? 0 : en ? d : q;
  always @* if (clk) q = master;
endmodule
