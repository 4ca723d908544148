module TopModule (
  input clk_a,
  input clk_b,
  input reset,
  input d,
  output logic a,
  output logic b
);
  always_ff @(posedge clk_a or posedge reset) a <= reset ? 1'b0 : b != d;
  always_ff @(posedge clk_b or posedge reset) b <= reset ? 1'b0 : a;
endmodule
