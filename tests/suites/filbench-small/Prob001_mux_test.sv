`timescale 1ns / 1ns

// A byte multiplexer under random inputs.
module tb;
  logic [1:0] sel;
  logic [7:0] a;
  logic [7:0] b;
  logic [7:0] c;
  logic [7:0] d;
  wire  [7:0] y_golden, y_candidate;

  RefModule golden (.sel(sel), .a(a), .b(b), .c(c), .d(d), .y(y_golden));
  TopModule candidate (.sel(sel), .a(a), .b(b), .c(c), .d(d), .y(y_candidate));

  // A bit of the golden that is x or z matches anything.
  wire match = {y_golden} === ({y_golden} ^ {y_candidate} ^ {y_golden});
  int samples = 0, mismatches = 0;
  always @(sampled) begin
    samples <= samples + 1;
    if (!match) mismatches <= mismatches + 1;
  end

  initial begin
    {sel, a, b, c, d} = 0;
    repeat (200) begin
      #5 {sel, a, b} = $urandom;
      {c, d} = $urandom;
      #1 -> sampled;
    end
    #5 $finish;
  end
  event sampled;

  final $display("Mismatches: %0d in %0d samples", mismatches, samples);
endmodule
