module RefModule (
  input clk_a,
  input clk_b,
  input reset,
  input d,
  output logic a,
  output logic b
);
  always @(posedge clk_a, posedge reset)
    if (reset) a <= 0;
    else a <= b ^ d;
  always @(posedge clk_b, posedge reset)
    if (reset) b <= 0;
    else b <= a;
endmodule
