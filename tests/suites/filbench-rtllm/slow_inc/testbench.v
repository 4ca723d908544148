`timescale 1ns / 1ns

// Waits for the answer before it goes on.
module testbench;
  reg clk = 0, rst_n = 0, start = 0;
  reg [3:0] d = 0;
  wire done;
  wire [3:0] y;
  integer i, error = 0;

  slow_inc uut (.clk(clk), .rst_n(rst_n), .start(start), .d(d), .done(done), .y(y));

  always #5 clk = ~clk;

  initial begin
    #12 rst_n = 1;
    for (i = 0; i < 6; i = i + 1) begin
      @(negedge clk) d = 3 * i + 1;
      start = 1;
      @(negedge clk) start = 0;
      wait (done);
      @(negedge clk) if (y !== (d + 4'd1)) error = error + 1;
    end
    if (error == 0) $display("===========Your Design Passed===========");
    else $display("===========Failed===========");
    $finish;
  end
endmodule
