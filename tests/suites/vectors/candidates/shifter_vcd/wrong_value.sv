// Shifts the other way.
module TopModule (
    input            clk,
    input            clear_n,
    input            d,
    output reg [7:0] q,
    output           full
);
  always @(posedge clk or negedge clear_n)
    if (!clear_n) q <= 0;
    else q <= {d, q[7:1]};
  assign full = &q;
endmodule
