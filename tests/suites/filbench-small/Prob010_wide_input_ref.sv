module RefModule (
  input [1023:0] data,
  input [7:0] sel,
  output [3:0] y
);
  assign y = data[sel*4 +: 4];
endmodule
