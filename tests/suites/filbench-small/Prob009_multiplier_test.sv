`timescale 1ns / 1ns

// A multiplier with a registered product.
module tb;
  logic clk = 0;
  logic [15:0] a;
  logic [15:0] b;
  wire  [31:0] p_golden, p_candidate;

  always #5 clk = ~clk;

  RefModule golden (.clk(clk), .a(a), .b(b), .p(p_golden));
  TopModule candidate (.clk(clk), .a(a), .b(b), .p(p_candidate));

  // A bit of the golden that is x or z matches anything.
  wire match = {p_golden} === ({p_golden} ^ {p_candidate} ^ {p_golden});
  int samples = 0, mismatches = 0;
  always @(posedge clk, negedge clk) begin
    samples <= samples + 1;
    if (!match) mismatches <= mismatches + 1;
  end

  initial begin
    a <= 16'hffff;
    b <= 16'hffff;
    @(posedge clk);
    repeat (100) @(posedge clk) {a, b} <= $urandom;
    $finish;
  end

  final $display("Mismatches: %0d in %0d samples", mismatches, samples);
endmodule
