`timescale 1ns / 1ns

module tb;
  logic clk = 0, reset = 1;
  wire [7:0] ch;
  logic [8*5-1:0] word = "HELLO";
  int bad = 0;

  teletype dut (.clk(clk), .reset(reset), .ch(ch));

  always #5 clk = ~clk;

  initial begin
    @(negedge clk);
    reset = 0;
    for (int i = 0; i < 24; i++) begin
      $write("%c", ch);
      if (ch !== (i < 5 ? word[8*(4-i)+:8] : ".")) bad++;
      @(negedge clk);
    end
    $display;
    if (bad == 0) $display("ALL CHECKS PASSED");
    else $display("%0d letters are wrong", bad);
    $finish;
  end
endmodule
