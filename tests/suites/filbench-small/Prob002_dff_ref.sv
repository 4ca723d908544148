module RefModule (
  input clk,
  input d,
  output logic q
);
  initial q = 1'bx;
  always @(posedge clk) q <= d;
endmodule
