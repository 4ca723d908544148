module TopModule (
  input [1023:0] data,
  input [7:0] sel,
  output [3:0] y
);
  assign y = data[{1'b0, sel[6:0], 2'b00} +: 4];
endmodule
