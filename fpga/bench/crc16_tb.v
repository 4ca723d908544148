// Against the published check value (CRC-16/MODBUS: "123456789" gives 0x4B37), and
// against every one-bit error.
`timescale 1ns/1ns

module crc16_tb;
    localparam BENCH = "crc16_tb";
    `include "check.vh"

    reg  clk = 1'b0;
    reg  restart = 1'b0;
    reg  shift = 1'b0;
    reg  data_bit = 1'b0;
    wire low_bit;
    wire feedback;

    crc16 dut (
        .clk(clk), .restart(restart), .shift(shift), .data_bit(data_bit),
        .low_bit(low_bit), .feedback(feedback));

    always #5 clk = ~clk;

    // Bit 0 is sent first: "1" is the lowest byte, the CRC is behind "9".
    localparam [8*9+15:0] MESSAGE = {16'h4B37, "9", "8", "7", "6", "5", "4", "3", "2", "1"};
    localparam BITS = 8*9 + 16;

    integer   i, wrong;
    reg       bad;
    reg [15:0] sent;

    task start;
        begin
            @(negedge clk) restart = 1'b1;
            shift = 1'b1;  // restart wins
            data_bit = 1'b1;
            @(negedge clk) restart = 1'b0;
            shift = 1'b0;
        end
    endtask

    task shift_bit(input value);
        begin
            data_bit = value;
            shift = 1'b1;
            @(negedge clk) shift = 1'b0;
            // Nothing moves without shift.
            if ($urandom % 4 == 0)
                @(negedge clk);
        end
    endtask

    initial begin
        // As a sender: the CRC's own bits come out in order.
        start;
        for (i = 0; i < 72; i = i + 1)
            shift_bit(MESSAGE[i]);
        for (i = 0; i < 16; i = i + 1) begin
            sent[i] = low_bit;
            shift_bit(low_bit);
        end
        check(sent === 16'h4B37, $sformatf("CRC is %h, not 4b37", sent));

        // As a checker: without an error (wrong = BITS), and with bit `wrong` inverted.
        for (wrong = 0; wrong <= BITS; wrong = wrong + 1) begin
            start;
            bad = 1'b0;
            for (i = 0; i < BITS; i = i + 1) begin
                data_bit = MESSAGE[i] ^ (i == wrong);
                #1 if (i >= 72 && feedback)
                    bad = 1'b1;
                shift_bit(data_bit);
            end
            check(bad === (wrong != BITS), $sformatf("error in bit %0d: bad is %b", wrong, bad));
        end
        pass;
    end
endmodule
