module RefModule (
  input clk,
  input reset,
  output logic [15:0] q
);
  always @(posedge clk)
    if (reset) q <= 16'd1;
    else q <= {q[5] ^ q[3] ^ q[2] ^ q[0], q[15:1]};
endmodule
