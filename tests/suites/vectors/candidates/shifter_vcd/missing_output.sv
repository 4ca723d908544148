// Does not say when it is full.
module TopModule (
    input            clk,
    input            clear_n,
    input            d,
    output reg [7:0] q
);
  always @(posedge clk or negedge clear_n)
    if (!clear_n) q <= 0;
    else q <= {q[6:0], d};
endmodule
