// Two designs in one fixture, a byte wide, at another UART divider: only the selected one is
// clocked and captured.
`timescale 1ns/1ns
`define DESIGN_SLOT_GIVEN

// in[0] clock; counts.
module design_slot #(
    parameter INPUT_BITS = 8,
    parameter OUTPUT_BITS = 8
) (
    input  wire [INPUT_BITS-1:0]  in,
    output wire [OUTPUT_BITS-1:0] out
);
    reg [7:0] count = 8'd0;

    always @(posedge in[0])
        count <= count + 8'd1;

    assign out = count;
endmodule

module slots_tb;
    localparam BENCH = "slots_tb";
    localparam INPUT_BYTES = 1;
    localparam OUTPUT_BYTES = 1;
    localparam UART_DIVIDER = 9;
    localparam SLOTS = 2;

    `include "check.vh"
    `include "board.vh"

    initial deadline(20_000_000);

    initial begin
        clear_image;
        `include "system_program.vh"
        load_image;
        wait (led_n === 1'b1);
        send_byte("B"); send_byte(8'd15); send_byte(8'd0); send_byte("P");
        repeat (3) begin
            send_block_byte(8'h81); send_block_byte(8'h80);  // slot 0: three clocks
        end
        send_block_byte(8'h06); send_block_byte(8'd1);       // SLOT 1
        send_block_byte(8'h81); send_block_byte(8'h80);      // one clock
        send_block_byte(8'h02);                              // capture
        send_block_byte(8'h06); send_block_byte(8'd0);       // SLOT 0
        send_block_byte(8'h02);                              // capture
        send_block_byte(8'hC1);                              // clock, capture
        send_block_crc;
        expect_byte(8'h30, "BLOCK_WAIT");
        expect_byte(8'h30, "STATUS after PLAY"); expect_byte(8'h00, "STATUS, high byte");
        expect_byte(8'd3, "captured bytes"); expect_byte(8'd0, "captured bytes");
        expect_byte(8'd11, "steps");
        send_byte("A");
        expect_byte(8'd1, "slot 1"); expect_byte(8'd3, "slot 0"); expect_byte(8'd4,
              "slot 0, clocked");
        check(top.slot0.count === 8'd4 && top.slots[1].more.count === 8'd1,
              "a slot was clocked that was not selected");
        pass;
    end
endmodule
