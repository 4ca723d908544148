module TopModule (
  input clk,
  input d,
  output logic q
);
  always @(negedge clk) q <= d;
endmodule
