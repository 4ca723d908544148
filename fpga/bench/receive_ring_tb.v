// Random commands of a reader and random arrivals against a queue: what is looked at, when it
// is ready, how far ahead, how full; wrap-around, overflow, flush.
`timescale 1ns/1ns

module receive_ring_tb;
    localparam BENCH = "receive_ring_tb";
    `include "check.vh"
    `include "regmap.vh"
    localparam CAPACITY = CAPACITY_RING - 1;

    reg         clk = 1'b0;
    reg         reset = 1'b1;
    reg         flush = 1'b0;
    reg  [7:0]  received = 8'h00;
    reg         arrived = 1'b0;
    wire        stored;
    wire        overflow;
    wire [10:0] free;
    wire [7:0]  head;
    wire        ready;
    wire [10:0] offset;
    reg         advance = 1'b0;
    reg         rewind = 1'b0;
    reg         consume = 1'b0;

    receive_ring dut (
        .clk(clk), .reset(reset), .flush(flush), .received(received), .arrived(arrived),
        .stored(stored), .overflow(overflow), .free(free), .head(head), .ready(ready), .offset(offset),
        .advance(advance), .rewind(rewind), .consume(consume));

    always #5 clk = ~clk;

    // Bytes number first_in .. last_in-1 are in the ring; byte number first_in + ahead
    // is looked at. A byte's value follows from its number.
    integer first_in = 0;
    integer last_in = 0;
    integer ahead = 0;
    integer still = 0;  // cycles since the reader's last command or the byte's arrival

    function [7:0] value(input integer number);
        value = number * 7 + number / 256;
    endfunction

    integer overflows = 0;
    integer wraps = 0;
    integer fill;  // of 16: how likely a byte arrives
    integer readiness = 0;

    task cycle(input bring, input [1:0] command, input flushing);
        begin
            @(negedge clk);
            // A reader commands only what it may.
            arrived = bring;
            received = bring ? value(last_in) : $urandom;
            flush = flushing;
            advance = command == 1 && ready;
            rewind = command == 2;
            consume = command == 3 && ready;
            #1;
            check(stored === (arrived && last_in - first_in < CAPACITY), "stored is wrong");
            check(overflow === (arrived && last_in - first_in == CAPACITY), "overflow is wrong");
            check(free === CAPACITY - (last_in - first_in), "free is wrong");
            check(offset === ahead, "offset is wrong");
            if (ready) begin
                check(ahead < last_in - first_in, "ready without a byte");
                check(head === value(first_in + ahead),
                      $sformatf("byte %0d is %h", first_in + ahead, head));
            end else if (still >= 2)
                check(ahead >= last_in - first_in, "a byte is there for two cycles and not ready");
            readiness = readiness + ready;
            if (overflow)
                overflows = overflows + 1;

            // The model's edge.
            still = advance || rewind || consume || flush || ahead >= last_in - first_in ? 0 : still + 1;
            if (stored && !flush)
                last_in = last_in + 1;
            if (consume)
                first_in = first_in + ahead + 1;
            if (flush)
                first_in = last_in;
            if (advance)
                ahead = ahead + 1;
            if (rewind || consume || flush)
                ahead = 0;
        end
    endtask

    integer i;

    initial begin
        repeat (3) @(negedge clk);
        reset = 1'b0;

        // Fill to the brim and beyond, look at everything twice, consume everything.
        for (i = 0; i < CAPACITY + 5; i = i + 1)
            cycle(1'b1, 0, 1'b0);
        check(last_in == CAPACITY && overflows == 5, "capacity");
        while (ahead < CAPACITY)
            cycle(1'b0, 1, 1'b0);
        cycle(1'b0, 2, 1'b0);
        while (first_in < CAPACITY)
            cycle(1'b0, 3, 1'b0);

        // Anything, with phases of slow and fast arrival.
        for (i = 0; i < 60000; i = i + 1) begin
            fill = (i / 6000) % 2 ? 12 : 2;
            cycle($urandom % 16 < fill,
                  $urandom % 8 < 5 ? 1 : $urandom % 4 == 0 ? 2 : $urandom % 4 == 0 ? 3 : 0,
                  $urandom % 3000 == 0);
        end
        check(overflows > 100, "the ring was never full");
        check(last_in > 5 * 2048, "the ring never wrapped");
        check(readiness > 10000, "hardly ever ready");
        pass;
    end
endmodule
