`timescale 1ns / 1ns

// A state machine whose outputs are unknown before reset.
module tb;
  logic clk = 0;
  logic reset;
  logic x;
  wire  [1:0] y_golden, y_candidate;
  wire  found_golden, found_candidate;
  wire  level_golden, level_candidate;

  always #5 clk = ~clk;

  RefModule golden (.clk(clk), .reset(reset), .x(x), .y(y_golden), .found(found_golden), .level(level_golden));
  TopModule candidate (.clk(clk), .reset(reset), .x(x), .y(y_candidate), .found(found_candidate), .level(level_candidate));

  // A bit of the golden that is x or z matches anything.
  wire match = {y_golden, found_golden, level_golden} === ({y_golden, found_golden, level_golden} ^ {y_candidate, found_candidate, level_candidate} ^ {y_golden, found_golden, level_golden});
  int samples = 0, mismatches = 0;
  always @(posedge clk, negedge clk) begin
    samples <= samples + 1;
    if (!match) mismatches <= mismatches + 1;
  end

  initial begin
    reset <= 0;
    x <= 0;
    // Before the first reset the state is unknown, and so are the outputs.
    repeat (3) @(posedge clk) x <= $urandom;
    reset <= 1;
    @(posedge clk) reset <= 0;
    repeat (120) @(posedge clk) begin
      x <= $urandom;
      reset <= ($urandom & 31) == 0;
    end
    $finish;
  end

  final $display("Mismatches: %0d in %0d samples", mismatches, samples);
endmodule
