// Uses a module that is not there.
module TopModule (
  input clk,
  input reset,
  input [7:0] d,
  output [7:0] q
);
accumulator a (.*);
endmodule
