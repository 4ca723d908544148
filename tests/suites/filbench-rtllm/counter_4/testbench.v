`timescale 1ns / 1ns

// Looks at a few moments only.
module testbench;
  reg clk = 0, rst_n = 1, en = 0;
  wire [3:0] q;
  wire wrap;
  integer error = 0;

  counter_4 uut (.clk(clk), .rst_n(rst_n), .en(en), .q(q), .wrap(wrap));

  always #5 clk = ~clk;

  initial begin
    #3 rst_n = 0;
    #10 rst_n = 1;
    en = 1;
    if (q !== 4'd0) error = error + 1;
    repeat (5) @(posedge clk);
    #1 if (q !== 4'd5) error = error + 1;
    repeat (10) @(posedge clk);
    #1 if (q !== 4'd15 || wrap !== 1'b1) error = error + 1;
    repeat (6) @(posedge clk);
    #1 if (q !== 4'd5 || wrap !== 1'b0) error = error + 1;
    if (error == 0) $display("===========Your Design Passed===========");
    else $display("===========Test completed with %d failures===========", error);
    $finish;
  end
endmodule
