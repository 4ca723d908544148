// A shift register that an asynchronous reset clears.
module TopModule (
    input            clk,
    input            clear_n,
    input            d,
    output reg [7:0] q,
    output           full
);
  always @(posedge clk or negedge clear_n)
    if (!clear_n) q <= 0;
    else q <= {q[6:0], d};
  assign full = &q;
endmodule
