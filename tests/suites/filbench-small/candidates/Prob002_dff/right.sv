module TopModule (
  input clk,
  input d,
  output q
);
  reg state = 1'b0;
  assign q = ~state;
  always @(posedge clk) state <= ~d;
endmodule
