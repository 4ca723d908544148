// One bit too many.
module TopModule (
    input            clk,
    input            clear_n,
    input            d,
    output reg [8:0] q,
    output           full
);
  always @(posedge clk or negedge clear_n)
    if (!clear_n) q <= 0;
    else q <= {q[7:0], d};
  assign full = &q;
endmodule
