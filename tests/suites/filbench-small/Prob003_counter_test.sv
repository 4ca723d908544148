`timescale 1ns / 1ns

// A counter, reset now and then between two edges.
module tb;
  logic clk = 0;
  logic areset;
  logic enable;
  wire  [7:0] count_golden, count_candidate;

  always #5 clk = ~clk;

  RefModule golden (.clk(clk), .areset(areset), .enable(enable), .count(count_golden));
  TopModule candidate (.clk(clk), .areset(areset), .enable(enable), .count(count_candidate));

  // A bit of the golden that is x or z matches anything.
  wire match = {count_golden} === ({count_golden} ^ {count_candidate} ^ {count_golden});
  int samples = 0, mismatches = 0;
  always @(posedge clk, negedge clk) begin
    samples <= samples + 1;
    if (!match) mismatches <= mismatches + 1;
  end

  initial begin
    areset = 1;
    enable = 0;
    @(posedge clk);
    @(negedge clk) areset = 0;
    repeat (60) @(negedge clk) enable = $urandom;
    // Resets away from the edges, released before the next one.
    repeat (4) begin
      @(posedge clk);
      #2 areset = 1;
      #1 areset = 0;
      enable = 1;
      repeat (12) @(negedge clk);
    end
    // Long enough to wrap.
    repeat (270) @(negedge clk);
    $finish;
  end

  final $display("Mismatches: %0d in %0d samples", mismatches, samples);
endmodule
