// Bytes at dividers 4, 5 and 104, at every phase against the clock, at a bit rate that
// is 2 % off in both directions; short and missing stop bits, glitches, breaks.
`timescale 1ns/1ps

module uart_receiver_tb;
    localparam BENCH = "uart_receiver_tb";
    localparam PERIOD = 80;
    `include "check.vh"

    reg        clk = 1'b0;
    reg        reset = 1'b1;
    reg  [2:0] rx = 3'b111;
    wire [7:0] received [0:2];
    wire [2:0] byte_valid;
    wire [2:0] bad_stop;

    always #(PERIOD / 2) clk = ~clk;

    uart_receiver #(.DIVIDER(4)) dut4 (
        .clk(clk), .reset(reset), .rx(rx[0]), .received(received[0]),
        .byte_valid(byte_valid[0]), .bad_stop(bad_stop[0]));
    uart_receiver #(.DIVIDER(5)) dut5 (
        .clk(clk), .reset(reset), .rx(rx[1]), .received(received[1]),
        .byte_valid(byte_valid[1]), .bad_stop(bad_stop[1]));
    uart_receiver #(.DIVIDER(104)) dut104 (
        .clk(clk), .reset(reset), .rx(rx[2]), .received(received[2]),
        .byte_valid(byte_valid[2]), .bad_stop(bad_stop[2]));

    integer   valid_count [0:2];
    integer   bad_count [0:2];
    reg [7:0] last [0:2];
    integer   k;

    initial
        for (k = 0; k < 3; k = k + 1) begin
            valid_count[k] = 0;
            bad_count[k] = 0;
        end

    always @(negedge clk) begin : count
        integer n;
        for (n = 0; n < 3; n = n + 1) begin
            if (byte_valid[n] === 1'b1) begin
                valid_count[n] = valid_count[n] + 1;
                last[n] = received[n];
            end
            if (bad_stop[n] === 1'b1)
                bad_count[n] = bad_count[n] + 1;
        end
    end

    function integer divider(input integer n);
        divider = n == 0 ? 4 : n == 1 ? 5 : 104;
    endfunction

    // One byte at `rate` (1.0: nominal bit time).
    task send(input integer n, input [7:0] value, input stop, input real rate);
        integer i;
        begin
            rx[n] = 1'b0;
            #(divider(n) * PERIOD * rate);
            for (i = 0; i < 8; i = i + 1) begin
                rx[n] = value[i];
                #(divider(n) * PERIOD * rate);
            end
            rx[n] = stop;
            #(divider(n) * PERIOD * rate);
        end
    endtask

    integer   n, i, expected_valid, expected_bad;
    reg [7:0] value;
    real      rate;

    initial deadline(100_000_000);

    initial begin
        repeat (4) @(negedge clk);
        reset = 1'b0;
        for (n = 0; n < 3; n = n + 1) begin
            expected_valid = 0;
            expected_bad = 0;
            #(1000);

            for (i = 0; i < (n == 2 ? 60 : 600); i = i + 1) begin
                value = i < 256 ? i : $urandom;
                rate = i % 3 == 0 ? 1.0 : i % 3 == 1 ? 0.98 : 1.02;
                // Half of them back to back, half behind a pause of any phase.
                if (i % 2)
                    #($urandom % 1000 + 0.5);
                send(n, value, 1'b1, rate);
                expected_valid = expected_valid + 1;
                // The stop bit is sampled in its middle, plus two synchroniser stages.
                if (i % 2 == 0) begin
                    #(3 * PERIOD);
                    check(valid_count[n] == expected_valid,
                          $sformatf("divider %0d, byte %0d: %0d bytes", divider(n), i, valid_count[n]));
                    check(last[n] === value,
                          $sformatf("divider %0d: got %h, sent %h", divider(n), last[n], value));
                end
            end
            #(20 * PERIOD);
            check(bad_count[n] == 0, "a good stop bit was taken for a bad one");

            // A bad stop bit: no byte, one error, and nothing more until the line rests.
            send(n, 8'hA5, 1'b0, 1.0);
            #(30 * divider(n) * PERIOD);
            check(bad_count[n] == 1,
                  $sformatf("divider %0d: %0d errors in a break", divider(n), bad_count[n]));
            check(valid_count[n] == expected_valid, "a byte with a bad stop bit was taken");
            rx[n] = 1'b1;
            #(4 * divider(n) * PERIOD);
            send(n, 8'h3C, 1'b1, 1.0);
            expected_valid = expected_valid + 1;
            #(4 * PERIOD);
            check(valid_count[n] == expected_valid && last[n] === 8'h3C,
                  "the byte behind a break is lost");

            // A glitch shorter than half a bit starts nothing.
            if (n == 2) begin
                rx[n] = 1'b0;
                #(40 * PERIOD);
                rx[n] = 1'b1;
                #(1100 * PERIOD);
                check(valid_count[n] == expected_valid && bad_count[n] == 1,
                      "a glitch was taken for a start bit");
            end

            // Reset in the middle of a byte forgets it.
            rx[n] = 1'b0;
            #(3 * divider(n) * PERIOD);
            rx[n] = 1'b1;
            @(negedge clk) reset = 1'b1;
            @(negedge clk) reset = 1'b0;
            #(12 * divider(n) * PERIOD);
            check(valid_count[n] == expected_valid && bad_count[n] == 1,
                  "reset did not end a byte");
        end
        pass;
    end
endmodule
