module TopModule (
  input [1023:0] data,
  input [7:0] sel,
  output [3:0] y
);
  wire [1023:0] shifted = data >> {sel, 2'b00};
  assign y = shifted[3:0];
endmodule
