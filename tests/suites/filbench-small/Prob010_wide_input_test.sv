`timescale 1ns / 1ns

// 1,032 input bits.
module tb;
  logic [1023:0] data;
  logic [7:0] sel;
  wire  [3:0] y_golden, y_candidate;

  RefModule golden (.data(data), .sel(sel), .y(y_golden));
  TopModule candidate (.data(data), .sel(sel), .y(y_candidate));

  // A bit of the golden that is x or z matches anything.
  wire match = {y_golden} === ({y_golden} ^ {y_candidate} ^ {y_golden});
  int samples = 0, mismatches = 0;
  always @(sampled) begin
    samples <= samples + 1;
    if (!match) mismatches <= mismatches + 1;
  end

  event sampled;
  initial begin
    data = 0;
    sel = 0;
    repeat (60) begin
      #5;
      for (int i = 0; i < 32; i++) data[32*i +: 32] = $urandom;
      repeat (4) begin
        #1 sel = $urandom;
        #1 -> sampled;
      end
    end
    $finish;
  end

  final $display("Mismatches: %0d in %0d samples", mismatches, samples);
endmodule
