// The receive ring: 2 KiB between the UART and whoever reads, with a read
// position that can run ahead of what is consumed.
//
// `base` is the last consumed slot. The reader looks at slot base + 1 + offset:
// `advance` looks one further without consuming, `rewind` looks at the first
// unconsumed byte again, `consume` gives up everything up to and including the
// byte looked at. So a block can be checked first and played later from the
// same place. One slot stays free to tell full from empty.
//
//   ready      `head` is the byte looked at; it stands still until one of the
//              four commands, which may only come while the reader owns the ring
//   offset     bytes that lie between the first unconsumed byte and `head`
//   overflow   one cycle: a byte arrived and there was no room; it is lost
//   stored     one cycle: a byte was stored
//   free       bytes that there is room for
//
// A byte is visible two cycles after `arrived`.
//
// Reset and `flush`: empty.
`default_nettype none

module receive_ring (
    input  wire        clk,
    input  wire        reset,
    input  wire        flush,

    input  wire [7:0]  received,
    input  wire        arrived,
    output wire        stored,
    output wire        overflow,
    output wire [10:0] free,

    output reg  [7:0]  head,
    output reg         ready,
    output reg  [10:0] offset,
    input  wire        advance,
    input  wire        rewind,
    input  wire        consume
);
    `include "regmap.vh"

    // Nothing depends on a read in the cycle of a write to the same slot: it is
    // the empty slot at the write position, and `ready` is 0 then.
    (* no_rw_check *) reg [7:0] memory [0:CAPACITY_RING-1];

    reg [10:0] write_position;
    reg [10:0] base;

    wire [10:0] look = base + offset + 11'd1;
    wire full = write_position == base;
    wire moving = advance | rewind | consume;

    assign free = base - write_position;
    assign stored = arrived & ~full;
    assign overflow = arrived & full;

    always @(posedge clk) begin
        if (stored)
            memory[write_position] <= received;
        head <= memory[look];
    end

    always @(posedge clk) begin
        if (stored)
            write_position <= write_position + 11'd1;
        if (consume)
            base <= look;
        if (advance)
            offset <= offset + 11'd1;
        ready <= look != write_position && !moving;

        if (rewind | consume | flush | reset)
            offset <= 11'd0;
        if (flush | reset) begin
            write_position <= 11'd0;
            base <= 11'h7FF;
            ready <= 1'b0;
        end
    end
endmodule

`default_nettype wire
