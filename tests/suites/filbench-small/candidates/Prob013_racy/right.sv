module TopModule (
  input clk_a,
  input clk_b,
  input reset,
  input d,
  output logic a,
  output logic b
);
  always_ff @(posedge clk_a or posedge reset)
    if (reset) a <= 1'b0;
    else a <= b != d;
  always_ff @(posedge clk_b or posedge reset)
    if (reset) b <= 1'b0;
    else b <= a;
endmodule
