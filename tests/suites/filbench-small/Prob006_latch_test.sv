`timescale 1ns / 1ns

// A transparent latch; enable and data change apart.
module tb;
  logic ena;
  logic [3:0] d;
  wire  [3:0] q_golden, q_candidate;

  RefModule golden (.ena(ena), .d(d), .q(q_golden));
  TopModule candidate (.ena(ena), .d(d), .q(q_candidate));

  // A bit of the golden that is x or z matches anything.
  wire match = {q_golden} === ({q_golden} ^ {q_candidate} ^ {q_golden});
  int samples = 0, mismatches = 0;
  always @(sampled) begin
    samples <= samples + 1;
    if (!match) mismatches <= mismatches + 1;
  end

  event sampled;
  initial begin
    ena = 0;
    d = 0;
    repeat (100) begin
      #5 d = $urandom;
      #1 -> sampled;
      #5 ena = $urandom;
      #1 -> sampled;
    end
    $finish;
  end

  final $display("Mismatches: %0d in %0d samples", mismatches, samples);
endmodule
