module TopModule (
  input clk,
  input areset,
  input enable,
  output logic [7:0] count
);
  always @(posedge clk, posedge areset)
    if (areset) count <= 0;
    else if (enable) count <= {1'b0, count[6:0] + 7'd1};
endmodule
