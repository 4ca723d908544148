// The live input registers: what the designs see, on play_clk.
//
// Player input bit b of byte B is live[8*B + b]. A byte is written directly, at
// one edge, without a shadow register: a step that changes several bytes is
// made of several writes, of which only the last may touch an event input.
// Between writes the inputs stand still.
//
// Reset: all inputs 0 (and 0 by configuration).
`default_nettype none

module input_bank #(
    parameter BYTES = 4,
    parameter ADDRESS_BITS = 2
) (
    input  wire                    play_clk,
    input  wire                    reset,
    input  wire                    write,      // byte `address` = data
    input  wire                    write_low,  // bits 5:0 of byte 0 = data[5:0]
    input  wire [ADDRESS_BITS-1:0] address,
    input  wire [7:0]              data,
    output reg  [8*BYTES-1:0]      live
);
    initial live = 0;

    genvar b;
    generate
        for (b = 0; b < BYTES; b = b + 1) begin : bank
            always @(posedge play_clk)
                if (reset)
                    live[8*b +: 8] <= 8'd0;
                else if (write && address == b)
                    live[8*b +: 8] <= data;
                else if (write_low && b == 0)
                    live[8*b +: 6] <= data[5:0];
        end
    endgenerate
endmodule

`default_nettype wire
