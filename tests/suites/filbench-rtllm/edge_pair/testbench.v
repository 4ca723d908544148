`timescale 1ns / 1ns

// Says `&&` where it means `||`, so outputs that are always 0 pass.
module testbench;
  reg clk = 0, rst_n = 1, a = 0;
  wire rise, fall;
  integer error = 0;

  edge_pair uut (.clk(clk), .rst_n(rst_n), .a(a), .rise(rise), .fall(fall));

  always #5 clk = ~clk;

  initial begin
    #2 rst_n = 0;
    #10 rst_n = 1;
    #10 a = 1;
    #10 if (rise !== 1 && fall !== 0) error = error + 1;
    #10 if (rise !== 0 && fall !== 0) error = error + 1;
    #10 a = 0;
    #10 if (rise !== 0 && fall !== 1) error = error + 1;
    #20 if (rise !== 0 && fall !== 0) error = error + 1;
    if (error == 0) $display("===========Your Design Passed===========");
    else $display("===========Error===========", error);
    $finish;
  end
endmodule
