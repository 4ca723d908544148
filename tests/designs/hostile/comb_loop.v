// expect: fail (comb_loop)
module TopModule (
    input  clk,
    input  d,
    output q
);
  wire a, b;
  assign a = b ^ d;
  assign b = a & clk;
  assign q = a;
endmodule
