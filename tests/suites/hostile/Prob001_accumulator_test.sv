`timescale 1ns / 1ns

// What is hostile here are the candidates.
module tb;
  logic clk = 0;
  logic reset;
  logic [7:0] d;
  wire  [7:0] q_golden, q_candidate;

  always #5 clk = ~clk;

  RefModule golden (.clk(clk), .reset(reset), .d(d), .q(q_golden));
  TopModule candidate (.clk(clk), .reset(reset), .d(d), .q(q_candidate));

  // A bit of the golden that is x or z matches anything.
  wire match = {q_golden} === ({q_golden} ^ {q_candidate} ^ {q_golden});
  int samples = 0, mismatches = 0;
  always @(posedge clk, negedge clk) begin
    samples <= samples + 1;
    if (!match) mismatches <= mismatches + 1;
  end

  initial begin
    reset <= 1;
    d <= 1;
    repeat (2) @(posedge clk);
    reset <= 0;
    repeat (100) @(posedge clk) d <= $urandom;
    $finish;
  end

  final $display("Mismatches: %0d in %0d samples", mismatches, samples);
endmodule
