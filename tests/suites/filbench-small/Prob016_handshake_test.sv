`timescale 1ns / 1ns

// A bench that listens to the candidate.
module tb;
  logic clk = 0;
  logic reset;
  logic in_valid;
  logic [7:0] in_data;
  logic out_ready;
  wire  in_ready_golden, in_ready_candidate;
  wire  out_valid_golden, out_valid_candidate;
  wire  [7:0] out_data_golden, out_data_candidate;

  always #5 clk = ~clk;

  RefModule golden (.clk(clk), .reset(reset), .in_valid(in_valid), .in_data(in_data), .out_ready(out_ready), .in_ready(in_ready_golden), .out_valid(out_valid_golden), .out_data(out_data_golden));
  TopModule candidate (.clk(clk), .reset(reset), .in_valid(in_valid), .in_data(in_data), .out_ready(out_ready), .in_ready(in_ready_candidate), .out_valid(out_valid_candidate), .out_data(out_data_candidate));

  // A bit of the golden that is x or z matches anything.
  wire match = {in_ready_golden, out_valid_golden, out_data_golden} === ({in_ready_golden, out_valid_golden, out_data_golden} ^ {in_ready_candidate, out_valid_candidate, out_data_candidate} ^ {in_ready_golden, out_valid_golden, out_data_golden});
  int samples = 0, mismatches = 0;
  always @(posedge clk, negedge clk) begin
    samples <= samples + 1;
    if (!match) mismatches <= mismatches + 1;
  end

  // The next byte comes only when the candidate has taken the last one.
  initial begin
    reset <= 1;
    in_valid <= 0;
    out_ready <= 0;
    in_data <= 0;
    repeat (2) @(posedge clk);
    reset <= 0;
    repeat (150) @(posedge clk) begin
      out_ready <= $urandom;
      if (in_valid && in_ready_candidate) begin
        in_valid <= $urandom;
        in_data <= $urandom;
      end else if (!in_valid) in_valid <= $urandom;
    end
    $finish;
  end

  final $display("Mismatches: %0d in %0d samples", mismatches, samples);
endmodule
