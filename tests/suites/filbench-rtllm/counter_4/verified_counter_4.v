module verified_counter_4 (
    input            clk,
    input            rst_n,
    input            en,
    output reg [3:0] q,
    output           wrap
);
  always @(posedge clk or negedge rst_n)
    if (!rst_n) q <= 4'd0;
    else if (en) q <= q + 4'd1;
  assign wrap = q == 4'd15;
endmodule
