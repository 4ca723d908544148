// Walks over a block in the receive ring twice: first to check its CRC, as the
// bytes arrive and without consuming them, then to feed its bytes to the player.
//
// A block is `length` bytes and a CRC-16, low byte first (see crc16.v).
//
//   check     while `free`: start the check pass over the next `length` bytes
//   checked   the pass has ended; `good`: the CRC matched. Both stay until the
//             next `check`. A bad block has been consumed, CRC included.
//   play      while a good block waits: feed it, then consume it, CRC included
//   drop      while a good block waits: consume it
//   free      no block is being checked, waits or plays: the ring belongs to
//             RX_DATA
//   playing   until the player has executed the last byte
//
// Commands at other times do nothing. The feeder sends a byte (feed_send) and
// waits until the player has executed it (feed_busy falls): bytes are taken
// from the ring's output, which stands still meanwhile. `executed` marks the
// cycle in which the player's report about the byte may be read.
//
// Check: 10 cycles a byte, less than a byte takes to arrive.
//
// Reset and `flush`: free, nothing checked. Flush may only come while not playing.
`default_nettype none

module block_sequencer (
    input  wire        clk,
    input  wire        reset,
    input  wire        flush,

    input  wire        check,
    input  wire [10:0] length,
    input  wire        play,
    input  wire        drop,
    output wire        free,
    output reg         checked,
    output reg         good,
    output wire        playing,

    input  wire [7:0]  head,
    input  wire        ready,
    input  wire [10:0] offset,
    output wire        advance,
    output wire        rewind,
    output wire        consume,

    output wire        feed_send,
    input  wire        feed_busy,
    output wire        executed
);
    localparam [2:0] FREE = 3'd0;   // no block
    localparam [2:0] CHECK = 3'd1;  // check pass, one bit a cycle
    localparam [2:0] GOOD = 3'd2;   // a checked block waits for play or drop
    localparam [2:0] FEED = 3'd3;   // next byte to the player
    localparam [2:0] FED = 3'd4;    // waits until it is executed

    reg [2:0] state = FREE;
    reg [10:0] block_length;
    // The position is the CRC's second byte, so the last one of the block.
    reg at_last;
    reg [2:0] bit_index;

    wire at_crc = offset == block_length;
    wire check_bit = state == CHECK && ready;
    wire check_byte = check_bit && bit_index == 3'd7;
    wire check_ends = check_byte && at_last;
    wire mismatch;
    wire still_good = good && !((at_crc || at_last) && mismatch);

    assign free = state == FREE;
    assign playing = state == FEED || state == FED;

    assign feed_send = state == FEED && ready && !at_crc && !at_last;
    assign executed = state == FED && !feed_busy;

    assign advance = (check_byte && !at_last) || executed
                  || (state == FEED && at_crc);
    assign rewind = state == GOOD && play;
    assign consume = (check_ends && !still_good)
                  || (state == GOOD && drop)
                  || (state == FEED && at_last);

    crc16 crc (
        .clk(clk), .restart(free), .shift(check_bit), .data_bit(head[bit_index]),
        .low_bit(), .feedback(mismatch));

    always @(posedge clk) begin
        if (check_bit) begin
            bit_index <= bit_index + 3'd1;
            good <= still_good;
        end
        if (advance)
            at_last <= at_crc;

        case (state)
            FREE: begin
                bit_index <= 3'd0;
                at_last <= 1'b0;
                if (check) begin
                    state <= CHECK;
                    block_length <= length;
                    checked <= 1'b0;
                    good <= 1'b1;
                end
            end
            CHECK:
                if (check_ends) begin
                    state <= still_good ? GOOD : FREE;
                    checked <= 1'b1;
                end
            GOOD:
                if (play) begin
                    state <= FEED;
                    at_last <= 1'b0;
                end else if (drop)
                    state <= FREE;
            FEED:
                if (at_last)
                    state <= FREE;
                else if (feed_send)
                    state <= FED;
            FED:
                if (executed)
                    state <= FEED;
            default:
                state <= FREE;
        endcase

        if (reset | flush) begin
            state <= FREE;
            checked <= 1'b0;
            good <= 1'b0;
        end
    end
endmodule

`default_nettype wire
