module counter_4 (
    input            clk,
    input            rst_n,
    input            en,
    output reg [3:0] q,
    output           wrap
);
  always @(posedge clk or negedge rst_n)
    if (!rst_n) q <= 0;
    else q <= en ? q + 1'b1 : q;
  assign wrap = &q;
endmodule
