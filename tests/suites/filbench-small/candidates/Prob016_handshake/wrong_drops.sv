module TopModule (
  input clk,
  input reset,
  input in_valid,
  input [7:0] in_data,
  output in_ready,
  output logic out_valid,
  output logic [7:0] out_data,
  input out_ready
);
  assign in_ready = 1;
  always @(posedge clk)
    if (reset) out_valid <= 0;
    else if (in_valid) begin
      out_valid <= 1;
      out_data <= in_data;
    end else if (out_ready) out_valid <= 0;
endmodule
