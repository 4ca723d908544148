module TopModule (
  input [1:0] sel,
  input [7:0] a, b, c,
  output [7:0] y
);
  assign y = sel[1] ? c : (sel[0] ? b : a);
endmodule
