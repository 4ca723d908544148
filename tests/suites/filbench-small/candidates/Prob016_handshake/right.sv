module TopModule (
  input clk,
  input reset,
  input in_valid,
  input [7:0] in_data,
  output in_ready,
  output out_valid,
  output [7:0] out_data,
  input out_ready
);
  reg empty = 1;
  reg [7:0] held;
  assign in_ready = empty;
  assign out_valid = ~empty;
  assign out_data = held;
  always @(posedge clk)
    if (reset) empty <= 1;
    else if (empty) begin
      empty <= ~in_valid;
      if (in_valid) held <= in_data;
    end else if (out_ready) empty <= 1;
endmodule
