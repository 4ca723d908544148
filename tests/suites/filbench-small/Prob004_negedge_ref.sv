module RefModule (
  input clk,
  input reset,
  input [3:0] d,
  output logic [3:0] q
);
  always @(negedge clk)
    q <= reset ? 4'd0 : d;
endmodule
