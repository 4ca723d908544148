`timescale 1ns / 1ns

// More than 200,000 steps.
module tb;
  logic clk = 0;
  logic reset;
  wire  [15:0] q_golden, q_candidate;

  always #5 clk = ~clk;

  RefModule golden (.clk(clk), .reset(reset), .q(q_golden));
  TopModule candidate (.clk(clk), .reset(reset), .q(q_candidate));

  // A bit of the golden that is x or z matches anything.
  wire match = {q_golden} === ({q_golden} ^ {q_candidate} ^ {q_golden});
  int samples = 0, mismatches = 0;
  always @(posedge clk, negedge clk) begin
    samples <= samples + 1;
    if (!match) mismatches <= mismatches + 1;
  end

  initial begin
    reset <= 1;
    repeat (2) @(posedge clk);
    reset <= 0;
    repeat (100000) @(posedge clk);
    $finish;
  end

  final $display("Mismatches: %0d in %0d samples", mismatches, samples);
endmodule
