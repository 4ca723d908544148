// Lets everything through: nothing in it is a clock.
module TopModule (
    input        clk,
    input  [3:0] d,
    output [3:0] q
);
  assign q = clk ? d : 4'd0;
endmodule
