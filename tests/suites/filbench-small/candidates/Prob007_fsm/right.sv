module TopModule (
  input clk,
  input reset,
  input x,
  output [1:0] y,
  output found,
  output level
);
  reg a = 0, b = 0, c = 0;
  always @(posedge clk)
    if (reset) {a, b, c} <= 3'b100;
    else begin
      a <= c | (a & ~x);
      b <= (a | b) & x;
      c <= b & ~x;
    end
  assign y = {b | c, a | c};
  assign found = c;
  assign level = c | a;
endmodule
