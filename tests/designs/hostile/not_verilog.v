// expect: fail (parse)
Sure! Here is the module you asked for:

module TopModule (input clk, input d, output reg q)
  always @(posedge clk) q <= d;
endmodule
