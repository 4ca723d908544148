// With a memory of one cycle and a real transmitter: the bytes and the CRC on the line, for
// nothing captured, one byte, and a full buffer; sending twice gives the same.
`timescale 1ns/1ns

module capture_sender_tb;
    localparam BENCH = "capture_sender_tb";
    localparam DIVIDER = 4;
    localparam PERIOD = 10;
    `include "check.vh"

    reg         clk = 1'b0;
    reg         reset = 1'b1;
    reg         start = 1'b0;
    wire        sending;
    reg  [10:0] count = 11'd0;
    wire [9:0]  read_address;
    reg  [7:0]  read_byte;
    wire        send;
    wire [2:0]  bit_index;
    wire        data_bit;
    wire        take_bit;
    wire        taken;
    wire        busy;
    wire        tx;

    capture_sender dut (
        .clk(clk), .reset(reset), .start(start), .sending(sending), .count(count),
        .read_address(read_address), .read_byte(read_byte), .send(send),
        .bit_index(bit_index), .data_bit(data_bit), .take_bit(take_bit), .taken(taken));

    uart_transmitter #(.DIVIDER(DIVIDER)) transmitter (
        .clk(clk), .reset(reset), .send(send), .bit_index(bit_index), .data_bit(data_bit),
        .take_bit(take_bit), .taken(taken), .busy(busy), .tx(tx));

    always #(PERIOD / 2) clk = ~clk;

    reg [7:0] memory [0:1023];

    always @(posedge clk)
        read_byte <= memory[read_address];

    reg [7:0]  sent [0:4095];
    integer    sent_count = 0;

    initial forever begin : receiver
        integer i;
        @(negedge tx);
        #(PERIOD * DIVIDER / 2);
        for (i = 0; i < 8; i = i + 1)
            #(PERIOD * DIVIDER) sent[sent_count][i] = tx;
        #(PERIOD * DIVIDER) check(tx === 1'b1, "stop bit");
        sent_count = sent_count + 1;
    end

    integer    i, j;
    reg [15:0] crc;
    time       began;

    task run(input integer bytes);
        begin
            count = bytes;
            sent_count = 0;
            @(negedge clk) start = 1'b1;
            @(negedge clk) start = 1'b0;
            began = $time;
            check(sending, "not sending after start");
            while (sending || busy)
                @(negedge clk);
            // Bytes follow each other with two idle cycles at most.
            check($time - began <= (bytes + 2) * (10 * DIVIDER + 2) * PERIOD + 10 * PERIOD,
                  "too slow");
            check(sent_count == bytes + 2,
                  $sformatf("%0d bytes on the line, not %0d", sent_count, bytes + 2));
            crc = 16'hFFFF;
            for (i = 0; i < bytes; i = i + 1) begin
                check(sent[i] === memory[i], $sformatf("byte %0d is %h", i, sent[i]));
                for (j = 0; j < 8; j = j + 1)
                    crc = {1'b0, crc[15:1]} ^ (crc[0] ^ memory[i][j] ? 16'hA001 : 16'h0000);
            end
            check({sent[bytes + 1], sent[bytes]} === crc,
                  $sformatf("CRC is %h%h, not %h", sent[bytes + 1], sent[bytes], crc));
        end
    endtask

    initial deadline(50_000_000);

    initial begin
        for (i = 0; i < 1024; i = i + 1)
            memory[i] = $urandom;
        repeat (3) @(negedge clk);
        reset = 1'b0;
        @(negedge clk) check(!sending, "sending after reset");
        run(0);
        run(1);
        run(37);
        run(37);
        run(1024);
        run(0);
        pass;
    end
endmodule
