`timescale 1ns / 1ns

module tb;
  logic clk = 0;
  logic reset;
  logic enable;
  wire [3:0] count_golden, count_candidate;
  wire wrap_golden, wrap_candidate;

  always #5 clk = ~clk;

  RefModule golden (
    .clk(clk), .reset(reset), .enable(enable), .count(count_golden), .wrap(wrap_golden)
  );
  TopModule candidate (
    .clk(clk), .reset(reset), .enable(enable), .count(count_candidate), .wrap(wrap_candidate)
  );

  // A bit of the golden that is x or z matches anything.
  wire [4:0] all_golden = {count_golden, wrap_golden};
  wire match = all_golden === (all_golden ^ {count_candidate, wrap_candidate} ^ all_golden);
  int samples = 0, mismatches = 0;
  always @(posedge clk, negedge clk) begin
    samples <= samples + 1;
    if (!match) mismatches <= mismatches + 1;
  end

  initial begin
    reset = 1;
    enable = 0;
    repeat (2) @(negedge clk);
    reset = 0;
    repeat (100) @(negedge clk) begin
      enable = $urandom;
      reset = $urandom % 32 == 0;
    end
    reset = 0;
    enable = 1;
    repeat (40) @(negedge clk);
    $finish;
  end

  final $display("Mismatches: %0d in %0d samples", mismatches, samples);
endmodule
