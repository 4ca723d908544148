`timescale 1ns / 1ns

// A flip-flop on both edges; its input changes between them.
module tb;
  logic clk = 0;
  logic d;
  wire  q_golden, q_candidate;

  always #5 clk = ~clk;

  RefModule golden (.clk(clk), .d(d), .q(q_golden));
  TopModule candidate (.clk(clk), .d(d), .q(q_candidate));

  // A bit of the golden that is x or z matches anything.
  wire match = {q_golden} === ({q_golden} ^ {q_candidate} ^ {q_golden});
  int samples = 0, mismatches = 0;
  always @(clk) begin
    samples <= samples + 1;
    if (!match) mismatches <= mismatches + 1;
  end

  initial begin
    d = 0;
    repeat (200) begin
      @(clk);
      #2 d = $urandom;
    end
    $finish;
  end

  final $display("Mismatches: %0d in %0d samples", mismatches, samples);
endmodule
