// Known to be good: played to a board to find out whether the board is.
module known_good (
    input  wire        clk,
    input  wire        rst,
    input  wire [7:0]  a,
    input  wire [7:0]  b,
    output reg  [15:0] sum,
    output wire [7:0]  mix
);
    assign mix = (a & ~b) ^ {b[3:0], a[7:4]};

    always @(posedge clk)
        if (rst) sum <= 16'hace1;
        else sum <= {sum[14:0], sum[15] ^ sum[13] ^ sum[12] ^ sum[10]} + {8'd0, mix};
endmodule
