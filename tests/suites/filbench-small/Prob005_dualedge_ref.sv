module RefModule (
  input clk,
  input d,
  output q
);
  logic rising, falling;
  always @(posedge clk) rising <= d;
  always @(negedge clk) falling <= d;
  assign q = clk ? rising : falling;
endmodule
