module TopModule (
  input clk,
  input d,
  output q
);
  assign q = d;
endmodule
