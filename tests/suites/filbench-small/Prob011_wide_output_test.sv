`timescale 1ns / 1ns

// 512 output bits.
module tb;
  logic clk = 0;
  logic load;
  logic d;
  wire  [511:0] q_golden, q_candidate;

  always #5 clk = ~clk;

  RefModule golden (.clk(clk), .load(load), .d(d), .q(q_golden));
  TopModule candidate (.clk(clk), .load(load), .d(d), .q(q_candidate));

  // A bit of the golden that is x or z matches anything.
  wire match = {q_golden} === ({q_golden} ^ {q_candidate} ^ {q_golden});
  int samples = 0, mismatches = 0;
  always @(posedge clk, negedge clk) begin
    samples <= samples + 1;
    if (!match) mismatches <= mismatches + 1;
  end

  initial begin
    load <= 1;
    d <= 0;
    @(posedge clk);
    load <= 0;
    repeat (80) @(posedge clk) d <= $urandom;
    load <= 1;
    @(posedge clk) load <= 0;
    repeat (40) @(posedge clk) d <= $urandom;
    $finish;
  end

  final $display("Mismatches: %0d in %0d samples", mismatches, samples);
endmodule
