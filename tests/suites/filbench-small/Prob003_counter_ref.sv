module RefModule (
  input clk,
  input areset,
  input enable,
  output logic [7:0] count
);
  always @(posedge clk, posedge areset)
    if (areset) count <= 0;
    else if (enable) count <= count + 1;
endmodule
