module RefModule (
  input clk,
  input d,
  output logic q
);
  real level = 0.0;
  always @(posedge clk) begin
    level = (level + (d ? 1.0 : 0.0)) / 2.0;
    q <= level > 0.5;
  end
endmodule
