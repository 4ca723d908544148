module TopModule (
  input clk,
  input areset,
  input enable,
  output logic [7:0] count = 0
);
  always @(posedge clk)
    if (areset) count <= 0;
    else if (enable) count <= count + 1;
endmodule
