// A constant function that never returns.
module TopModule (
  input clk,
  input reset,
  input [7:0] d,
  output logic [7:0] q
);
function automatic [7:0] forever_();
  integer i;
  i = 0;
  while (i >= 0) i = i ^ 1;
  forever_ = i;
endfunction
localparam [7:0] SEED = forever_();
always @(posedge clk) q <= reset ? SEED : q + d;
endmodule
