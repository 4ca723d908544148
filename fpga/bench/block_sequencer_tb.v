// With a real ring and a slow player: good and bad blocks of many lengths, arriving before and
// during the check; play, drop, flush; commands at the wrong time.
`timescale 1ns/1ns

module block_sequencer_tb;
    localparam BENCH = "block_sequencer_tb";
    `include "check.vh"

    reg         clk = 1'b0;
    reg         reset = 1'b1;
    reg         flush = 1'b0;
    reg  [7:0]  received = 8'h00;
    reg         arrived = 1'b0;
    wire [7:0]  head;
    wire        ready;
    wire [10:0] offset;
    wire        advance, rewind, consume;
    reg         take = 1'b0;

    reg         check_block = 1'b0;
    reg  [10:0] length = 11'd0;
    reg         play = 1'b0;
    reg         drop = 1'b0;
    wire        free, checked, good, playing;
    wire        feed_send, executed;
    reg         feed_busy = 1'b0;

    receive_ring ring (
        .clk(clk), .reset(reset), .flush(flush), .received(received), .arrived(arrived),
        .stored(), .overflow(), .head(head), .ready(ready), .offset(offset),
        .advance(advance), .rewind(rewind), .consume(consume | take));

    block_sequencer dut (
        .clk(clk), .reset(reset), .flush(flush), .check(check_block), .length(length),
        .play(play), .drop(drop), .free(free), .checked(checked), .good(good),
        .playing(playing), .head(head), .ready(ready), .offset(offset), .advance(advance),
        .rewind(rewind), .consume(consume), .feed_send(feed_send), .feed_busy(feed_busy),
        .executed(executed));

    always #5 clk = ~clk;

    // The player: takes a while for each byte, and the byte must stand still meanwhile.
    reg [7:0] played [0:4095];
    integer   played_count = 0;
    integer   executed_count = 0;

    initial forever begin : player
        @(posedge clk);
        if (feed_send) begin
            played[played_count] = head;
            played_count = played_count + 1;
            #1 feed_busy = 1'b1;
            repeat (1 + $urandom % 6)
                @(posedge clk) check(head === played[played_count - 1],
                      "the byte moved while the player had it");
            #1 feed_busy = 1'b0;
        end
    end

    always @(posedge clk)
        if (executed)
            executed_count = executed_count + 1;

    // Blocks

    reg [7:0]  block [0:2047];
    reg [15:0] crc;

    // A byte arrives as value ^ error; the CRC is that of value.
    task put_wrong(input [7:0] value, input [7:0] error);
        integer i;
        begin
            @(negedge clk);
            received = value ^ error;
            arrived = 1'b1;
            for (i = 0; i < 8; i = i + 1)
                crc = {1'b0, crc[15:1]} ^ (crc[0] ^ value[i] ? 16'hA001 : 16'h0000);
            @(negedge clk);
            arrived = 1'b0;
        end
    endtask

    task put(input [7:0] value);
        put_wrong(value, 8'h00);
    endtask

    // A block of n random bytes and its CRC; bit `flip` of all these arrives inverted,
    // none if it is negative.
    task put_block(input integer n, input integer flip, input integer pause);
        integer i;
        reg [15:0] sum;
        reg [7:0]  error;
        begin
            crc = 16'hFFFF;
            for (i = 0; i < n + 2; i = i + 1) begin
                error = flip >= 0 && flip / 8 == i ? 8'd1 << flip % 8 : 8'd0;
                if (i < n) begin
                    block[i] = $urandom;
                    put_wrong(block[i], error);
                    sum = crc;
                end else begin
                    if (n == 0)
                        sum = 16'hFFFF;
                    put_wrong(i == n ? sum[7:0] : sum[15:8], error);
                end
                repeat (pause) @(negedge clk);
            end
        end
    endtask

    task start_check(input integer n);
        begin
            @(negedge clk);
            check(free, "not free before a check");
            length = n;
            check_block = 1'b1;
            @(negedge clk);
            check_block = 1'b0;
            check(!checked && !free, "the check pass has not begun");
        end
    endtask

    task wait_checked(input expected);
        begin
            while (!checked)
                @(negedge clk);
            check(good === expected, $sformatf("good is %b", good));
            check(free === !expected, "a good block must wait, a bad one be gone");
        end
    endtask

    // The next byte of the ring, taken as RX_DATA takes it, shows that a block is gone whole.
    task expect_marker(input [7:0] value);
        begin
            while (!(ready && free))
                @(negedge clk);
            check(head === value, $sformatf("behind the block is %h, not %h", head, value));
            take = 1'b1;
            @(negedge clk);
            take = 1'b0;
        end
    endtask

    task pulse_play;
        begin
            play = 1'b1;
            @(negedge clk);
            play = 1'b0;
        end
    endtask

    task pulse_drop;
        begin
            drop = 1'b1;
            @(negedge clk);
            drop = 1'b0;
        end
    endtask

    integer n, i;

    task play_and_compare(input integer count);
        begin
            played_count = 0;
            executed_count = 0;
            pulse_play;
            check(playing, "not playing after play");
            // These do nothing now.
            check_block = 1'b1;
            pulse_drop;
            check_block = 1'b0;
            while (playing)
                @(negedge clk);
            check(free, "not free after playing");
            check(!feed_busy, "done before the player was");
            check(played_count == count, $sformatf("%0d of %0d bytes played", played_count, count));
            check(executed_count == count, "executed was not marked once a byte");
            for (i = 0; i < count; i = i + 1)
                check(played[i] === block[i], $sformatf("played byte %0d is wrong", i));
            check(checked && good, "the flags went away");
        end
    endtask

    initial deadline(10_000_000);

    initial begin
        repeat (3) @(negedge clk);
        reset = 1'b0;
        @(negedge clk);
        check(free && !checked && !playing, "state after reset");

        // Commands without a block do nothing.
        pulse_play;
        pulse_drop;
        check(free && !playing, "play or drop without a block");

        // Short blocks, the check running ahead of the bytes or behind them.
        for (n = 0; n < 12; n = n + 1) begin
            if (n % 2)
                start_check(n);
            put_block(n, -1, n % 3 * 20);
            put(8'hE0 + n);
            if (n % 2 == 0)
                start_check(n);
            wait_checked(1'b1);
            // A second check does not touch a block that waits.
            length = 11'd3;
            check_block = 1'b1;
            @(negedge clk);
            check_block = 1'b0;
            check(!free && checked, "check while a block waits");
            if (n % 4 == 3)
                pulse_drop;
            else
                play_and_compare(n);
            expect_marker(8'hE0 + n);
        end

        // Every one-bit error in block and CRC.
        for (n = 0; n < 8 * 6; n = n + 1) begin
            put_block(4, n, 0);
            put(8'h77);
            start_check(4);
            wait_checked(1'b0);
            pulse_play;
            check(!playing, "a bad block plays");
            expect_marker(8'h77);
        end

        // A wrong first CRC byte is not made up for by a second one that follows from it.
        crc = 16'hFFFF;
        put(8'h12);
        put(crc[7:0] ^ 8'h40);
        put(crc[7:0]);
        put(8'h78);
        start_check(1);
        wait_checked(1'b0);
        expect_marker(8'h78);

        // The longest block, behind some bytes so that it wraps.
        start_check(2040);
        put_block(2040, -1, 0);
        wait_checked(1'b1);
        play_and_compare(2040);
        put(8'h55);
        expect_marker(8'h55);

        // A block that never ends: flush frees.
        start_check(100);
        put(8'h01);
        put(8'h02);
        repeat (300) @(negedge clk);
        check(!checked && !free, "an unfinished block");
        flush = 1'b1;
        @(negedge clk);
        flush = 1'b0;
        check(free && !checked, "flush");
        put(8'h99);
        expect_marker(8'h99);

        // Flush also forgets a good one.
        put_block(2, -1, 0);
        start_check(2);
        wait_checked(1'b1);
        flush = 1'b1;
        @(negedge clk);
        flush = 1'b0;
        check(free && !checked && !good, "flush of a good block");
        pass;
    end
endmodule
