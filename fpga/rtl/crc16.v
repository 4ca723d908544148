// CRC-16, one bit a cycle, least significant bit of a byte first: polynomial
// 0xA001 (reflected 0x8005), start value 0xFFFF, no final inversion.
//
// `low_bit` is what is sent next when the CRC follows its message, low byte
// first. Shifting the CRC's own bits in pushes it out unchanged, because the
// feedback is then 0 in each of the 16 cycles; `feedback` at 1 in any of them
// means that message and CRC disagree.
//
// `restart` is the only reset.
`default_nettype none

module crc16 (
    input  wire clk,
    input  wire restart,
    input  wire shift,
    input  wire data_bit,
    output wire low_bit,
    output wire feedback
);
    reg [15:0] remainder;

    assign low_bit = remainder[0];
    assign feedback = remainder[0] ^ data_bit;

    always @(posedge clk)
        if (restart)
            remainder <= 16'hFFFF;
        else if (shift)
            remainder <= {1'b0, remainder[15:1]} ^ (feedback ? 16'hA001 : 16'h0000);
endmodule

`default_nettype wire
