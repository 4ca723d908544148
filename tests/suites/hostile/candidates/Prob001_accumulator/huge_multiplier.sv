// A multiplication that no device holds.
module TopModule (
  input clk,
  input reset,
  input [7:0] d,
  output logic [7:0] q
);
logic [9999:0] a, b;
always @(posedge clk) begin
  a <= {a[9991:0], d};
  b <= {b[9991:0], q};
  q <= reset ? 8'd0 : q + d + ((a * b) >> 9992);
end
endmodule
