// What the upsets are put into: look-up tables before flip-flops, in a carry
// chain, behind one another, and straight before an output.
module upsets (
    input wire clk,
    input wire rst,
    input wire en,
    input wire [3:0] d,
    output reg [5:0] sum,
    output reg [4:0] shift,
    output reg [2:0] mix,
    output wire odd
);
    always @(posedge clk or posedge rst)
        if (rst) sum <= 6'd0;
        else if (en) sum <= sum + {2'b00, d};

    always @(posedge clk)
        shift <= {shift[3:0], ~(shift[4] ^ shift[2] ^ d[0])};

    always @*
        case (shift[1:0])
            2'd0: mix = sum[2:0] & d[2:0];
            2'd1: mix = sum[5:3] ^ {d[0], d[1], d[2]};
            2'd2: mix = d[3] ? shift[4:2] : sum[3:1];
            default: mix = {en & d[3], ^sum[3:0], |d};
        endcase

    assign odd = ^sum ^ (d == 4'd9);
endmodule
