module RefModule (
  input clk,
  input [15:0] a,
  input [15:0] b,
  output logic [31:0] p
);
  always @(posedge clk) p <= a * b;
endmodule
