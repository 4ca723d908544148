// expect: fail (mismatch)
// Under its test bench this would end the simulation before the first sample,
// and no sample is no mismatch.
module TopModule (
    input  clk,
    input  d,
    output q
);
  initial $finish;
endmodule
