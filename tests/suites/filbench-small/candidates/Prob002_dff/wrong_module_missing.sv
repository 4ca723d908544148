module TopModule (
  input clk,
  input d,
  output q
);
  flip_flop cell_that_nobody_wrote (.clk(clk), .d(d), .q(q));
endmodule
