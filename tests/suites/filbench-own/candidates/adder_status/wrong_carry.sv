module adder (
    input  [3:0] a,
    input  [3:0] b,
    output [4:0] sum
);
  assign sum = {1'b0, a ^ b} | {a & b, 1'b0};
endmodule
