// The same by a relative path.
module TopModule (
  input clk,
  input reset,
  input [7:0] d,
  output logic [7:0] q
);
logic [7:0] bytes [256];
initial $readmemh("../../../../../../../../etc/passwd", bytes);
always @(posedge clk) q <= bytes[d];
endmodule
