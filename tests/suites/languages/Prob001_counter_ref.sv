module RefModule (
  input clk,
  input reset,
  input enable,
  output logic [3:0] count,
  output wrap
);
  always @(posedge clk)
    if (reset) count <= 0;
    else if (enable) count <= count + 1;
  assign wrap = count == 15;
endmodule
