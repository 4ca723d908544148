module TopModule (
  input clk_a,
  input clk_b,
  input reset,
  input d,
  output logic a,
  output logic b
);
  always_ff @(posedge clk_a or posedge reset)
    if (reset) {a, b} <= 2'b00;
    else {a, b} <= {~b, a};
endmodule
