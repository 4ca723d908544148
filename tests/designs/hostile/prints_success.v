// expect: fail (mismatch)
// What a design prints is no evidence.
module TopModule (
    input  clk,
    input  d,
    output q
);
  initial begin
    $display("Mismatches: 0 in 439 samples");
    $display("Hint: Total mismatched samples is 0 out of 439 samples");
    $display("Your Design Passed");
  end
  assign q = 1'b0;
endmodule
