`timescale 1ns / 1ns

// A memory: filled, then read and written at random.
module tb;
  logic clk = 0;
  logic write;
  logic [7:0] write_address;
  logic [7:0] data;
  logic [7:0] read_address;
  wire  [7:0] q_golden, q_candidate;

  always #5 clk = ~clk;

  RefModule golden (.clk(clk), .write(write), .write_address(write_address), .data(data), .read_address(read_address), .q(q_golden));
  TopModule candidate (.clk(clk), .write(write), .write_address(write_address), .data(data), .read_address(read_address), .q(q_candidate));

  // A bit of the golden that is x or z matches anything.
  wire match = {q_golden} === ({q_golden} ^ {q_candidate} ^ {q_golden});
  int samples = 0, mismatches = 0;
  always @(posedge clk, negedge clk) begin
    samples <= samples + 1;
    if (!match) mismatches <= mismatches + 1;
  end

  initial begin
    write <= 1;
    read_address <= 0;
    for (int i = 0; i < 256; i++) begin
      write_address <= i;
      data <= i * 7 + 3;
      @(posedge clk);
    end
    repeat (400) begin
      write <= ($urandom & 3) == 0;
      write_address <= $urandom;
      data <= $urandom;
      // Now and then the address that is being written.
      read_address <= ($urandom & 7) == 0 ? write_address : $urandom;
      @(posedge clk);
    end
    $finish;
  end

  final $display("Mismatches: %0d in %0d samples", mismatches, samples);
endmodule
