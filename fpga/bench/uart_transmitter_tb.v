// Every bit lasts DIVIDER cycles exactly, bits are asked for once each and in order, the
// source may change as soon as a byte is taken, and the line is 1 whenever idle.
`timescale 1ns/1ns

module uart_transmitter_tb;
    localparam BENCH = "uart_transmitter_tb";
    localparam DIVIDER = 7;
    localparam PERIOD = 10;
    `include "check.vh"

    reg        clk = 1'b0;
    reg        reset = 1'b1;
    reg        send = 1'b0;
    reg  [7:0] value = 8'h00;
    wire [2:0] bit_index;
    wire       take_bit;
    wire       taken;
    wire       busy;
    wire       tx;

    always #(PERIOD / 2) clk = ~clk;

    // The bit is right only when it is asked for.
    wire data_bit = take_bit ? value[bit_index] : 1'bx;

    uart_transmitter #(.DIVIDER(DIVIDER)) dut (
        .clk(clk), .reset(reset), .send(send), .bit_index(bit_index), .data_bit(data_bit),
        .take_bit(take_bit), .taken(taken), .busy(busy), .tx(tx));

    // What the line says, measured at every cycle.
    reg [7:0] sent [0:99];
    integer   decoded = 0;

    initial begin
        #1 check(tx === 1'b1, "the line is not 1 by configuration");
        forever begin : decode
            integer i, c;
            reg [7:0] byte_read;
            @(negedge clk);
            check(tx !== 1'bx, "the line is undefined");
            if (tx === 1'b0) begin
                for (c = 1; c < DIVIDER; c = c + 1)
                    @(negedge clk) check(tx === 1'b0, "the start bit is short");
                for (i = 0; i < 8; i = i + 1)
                    for (c = 0; c < DIVIDER; c = c + 1) begin
                        @(negedge clk);
                        if (c == 0)
                            byte_read[i] = tx;
                        check(tx === byte_read[i], "a bit changes within its time");
                    end
                check(byte_read === sent[decoded], $sformatf("byte %0d is %h", decoded, byte_read));
                for (c = 0; c < DIVIDER; c = c + 1) begin
                    @(negedge clk);
                    check(tx === 1'b1, "the stop bit is short");
                    check(busy, "not busy during the stop bit");
                end
                decoded = decoded + 1;
            end
        end
    end

    integer i, asked;

    always @(posedge clk)
        if (take_bit) begin
            check(bit_index === asked, "bits are not asked for in order");
            asked = asked + 1;
            check(taken === (asked == 8), "taken is not the last bit's");
        end

    initial deadline(1_000_000);

    initial begin
        repeat (5) @(negedge clk);
        reset = 1'b0;
        for (i = 0; i < 100; i = i + 1) begin
            repeat (i % 3 ? 0 : $urandom % 50)
                @(negedge clk);
            value = $urandom;
            sent[i] = value;
            send = 1'b1;
            asked = 0;
            while (!taken)
                @(negedge clk);
            @(negedge clk);
            send = 1'b0;
            value = ~value;
            if (i % 3 == 2)
                while (busy)
                    @(negedge clk);
        end
        while (busy)
            @(negedge clk);
        repeat (100)
            @(negedge clk) check(!busy && tx === 1'b1, "the idle line moves");
        check(decoded == 100, $sformatf("%0d of 100 bytes", decoded));
        pass;
    end
endmodule
