`timescale 1ns / 1ns

// Reads the sum at once and in the same moment, as gates allow.
module tb;
  logic [3:0] a, b;
  wire [4:0] sum;

  adder dut (.a(a), .b(b), .sum(sum));

  initial begin
    for (int i = 0; i < 256; i++) begin
      {a, b} = i;
      #0 if (sum !== a + b && i % 7 == 0) $fatal(1, "%0d + %0d is not %0d", a, b, sum);
      #5;
    end
    $finish;
  end
endmodule
