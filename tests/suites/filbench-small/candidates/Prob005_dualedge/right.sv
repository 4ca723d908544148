module TopModule (
  input clk,
  input d,
  output q
);
  // Two halves whose exclusive or is the state.
  reg up = 0, down = 0;
  always @(posedge clk) up <= d ^ down;
  always @(negedge clk) down <= d ^ up;
  assign q = up ^ down;
endmodule
