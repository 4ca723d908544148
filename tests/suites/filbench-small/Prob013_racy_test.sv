`timescale 1ns / 1ns

// Both clocks rise at once, and each flip-flop wants what the other had before.
// One edge after another, in whichever order, is something else.
module tb;
  logic clk_a = 0;
  logic clk_b = 0;
  logic reset;
  logic d;
  wire  a_golden, a_candidate;
  wire  b_golden, b_candidate;

  always #5 clk_a <= ~clk_a;
  always #5 clk_b <= ~clk_b;

  RefModule golden (.clk_a(clk_a), .clk_b(clk_b), .reset(reset), .d(d), .a(a_golden), .b(b_golden));
  TopModule candidate (.clk_a(clk_a), .clk_b(clk_b), .reset(reset), .d(d), .a(a_candidate), .b(b_candidate));

  // A bit of the golden that is x or z matches anything.
  wire match = {a_golden, b_golden} === ({a_golden, b_golden} ^ {a_candidate, b_candidate} ^ {a_golden, b_golden});
  int samples = 0, mismatches = 0;
  always @(posedge clk_a, negedge clk_a) begin
    samples <= samples + 1;
    if (!match) mismatches <= mismatches + 1;
  end

  initial begin
    d = 0;
    reset = 1;
    #7 reset = 0;
    repeat (100) @(negedge clk_a) d = $urandom;
    $finish;
  end

  final $display("Mismatches: %0d in %0d samples", mismatches, samples);
endmodule
