module TopModule (
  input [1023:0] data,
  input [7:0] sel,
  output [3:0] y
);
  wire [9:0] base = {~sel, 2'b00};
  assign y = data[base +: 4];
endmodule
