// expect: fail (tristate)
module TopModule (
    input  clk,
    input  d,
    output q
);
  assign q = clk ? d : 1'bz;
endmodule
