// Fills, overflows, clears; every byte is read back from its place.
`timescale 1ns/1ns

module capture_buffer_tb;
    localparam BENCH = "capture_buffer_tb";
    `include "check.vh"

    reg         clk = 1'b0;
    reg         reset = 1'b1;
    reg         clear = 1'b0;
    reg         arrived = 1'b0;
    reg  [7:0]  captured = 8'h00;
    wire        take;
    wire [10:0] count;
    wire        overflow;
    reg  [9:0]  read_address = 10'd0;
    wire [7:0]  read_byte;

    capture_buffer dut (
        .clk(clk), .reset(reset), .clear(clear), .arrived(arrived), .captured(captured),
        .take(take), .count(count), .overflow(overflow), .read_address(read_address),
        .read_byte(read_byte));

    always #5 clk = ~clk;

    integer i, seed;

    function [7:0] value(input integer number);
        value = number * 5 + number / 256 + seed;
    endfunction

    task put(input integer number);
        begin
            captured = value(number);
            arrived = 1'b1;
            #1 check(take, "a byte was not taken at once");
            @(negedge clk);
            arrived = 1'b0;
            #1 check(!take, "takes a byte that is not there");
            repeat ($urandom % 2)
                @(negedge clk);
        end
    endtask

    task read_back(input integer bytes);
        for (i = 0; i < bytes; i = i + 1) begin
            read_address = i;
            @(negedge clk);
            check(read_byte === value(i), $sformatf("byte %0d reads %h", i, read_byte));
        end
    endtask

    initial begin
        @(negedge clk);
        reset = 1'b0;
        @(negedge clk);
        check(count === 0 && overflow === 1'b0, "not empty after reset");

        seed = 1;
        for (i = 0; i < 1024; i = i + 1) begin
            check(count === i && !overflow, $sformatf("count is %0d at %0d", count, i));
            put(i);
        end
        check(count === 1024 && !overflow, "not full");
        read_back(1024);

        put(3000);
        check(count === 1024 && overflow, "overflow is not reported");
        put(3001);
        check(count === 1024 && overflow, "overflow does not stay");
        read_back(1024);

        clear = 1'b1;
        @(negedge clk);
        clear = 1'b0;
        check(count === 0 && !overflow, "clear");
        seed = 77;
        for (i = 0; i < 10; i = i + 1)
            put(i);
        check(count === 10 && !overflow, "count after clear");
        read_back(10);
        pass;
    end
endmodule
