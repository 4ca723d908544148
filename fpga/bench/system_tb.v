// The whole fixture with SERV running a small monitor (system_program.hex) and a
// counter as design: bus, ring, check pass, player, capture, sender.
`timescale 1ns/1ns
`define DESIGN_SLOT_GIVEN

// in[0] clock, in[1] enable, in[2] asynchronous reset; in[15:8] increment.
// Output bytes: count, the inverted count, input byte 3, settle indicator 0x5A.
module design_slot #(
    parameter INPUT_BITS = 32,
    parameter OUTPUT_BITS = 32
) (
    input  wire [INPUT_BITS-1:0]  in,
    output wire [OUTPUT_BITS-1:0] out
);
    reg [7:0] count = 8'd0;

    always @(posedge in[0] or posedge in[2])
        if (in[2])
            count <= 8'd0;
        else if (in[1])
            count <= count + in[15:8];

    assign out = {8'h5A, in[31:24], ~count, count};
endmodule

module system_tb;
    localparam BENCH = "system";
    localparam INPUT_BYTES = 4;
    localparam OUTPUT_BYTES = 4;
    localparam UART_DIVIDER = 4;
    localparam SLOTS = 1;

    `include "fpga/bench/check.vh"
    `include "fpga/bench/board.vh"

    integer i;
    reg [15:0] crc_up;

    task expect_capture(input [7:0] value);
        begin
            crc_step(crc_up, value);
            expect_byte(value, "captured byte");
        end
    endtask

    task expect_capture_crc;
        begin
            expect_byte(crc_up[7:0], "low byte of the capture's CRC");
            expect_byte(crc_up[15:8], "high byte of the capture's CRC");
            crc_up = 16'hFFFF;
        end
    endtask

    // What the monitor shall do with the good block: "P" plays, "D" drops.
    task block_command(input [10:0] length, input [7:0] then);
        begin
            send_byte("B");
            send_byte(length[7:0]);
            send_byte({5'd0, length[10:8]});
            send_byte(then);
        end
    endtask

    task expect_played(input [7:0] status_low, input [7:0] status_high,
                       input [10:0] bytes, input [7:0] steps);
        begin
            expect_byte(status_low, "STATUS after PLAY, low byte");
            expect_byte(status_high, "STATUS after PLAY, high byte");
            expect_byte(bytes[7:0], "CAPTURED.BYTES, low byte");
            expect_byte({5'd0, bytes[10:8]}, "CAPTURED.BYTES, high byte");
            expect_byte(steps, "CAPTURED.STEPS");
        end
    endtask

    initial deadline(4_000_000);

    initial begin
        crc_up = 16'hFFFF;
        load_image("fpga/bench/system_program.hex");
        wait (led_n === 1'b1);
        check(top.live === 0, "inputs are not 0 after reset");

        // The bus, both ways, and the RAM's byte lanes.
        send_byte("E"); send_byte(8'h41); expect_byte(8'h42, "echo");
        send_byte("E"); send_byte(8'hFF); expect_byte(8'h00, "echo");
        send_byte("M");
        expect_byte(8'hFF, "sign of a loaded byte");
        expect_byte(8'h33, "low byte of a loaded halfword");
        expect_byte(8'h22, "byte 1 of a word");
        expect_byte(8'h44, "byte 3 of a word");
        send_byte("S"); expect_byte(8'h00, "STATUS, low byte"); expect_byte(8'h00, "STATUS, high byte");

        // One block: reset pulse, increment 5, three clocks with the design enabled,
        // captures on the way.
        block_command(19, "P");
        send_block_byte(8'h03); send_block_byte(8'd2);       // SETTLE 2
        send_block_byte(8'h05); send_block_byte(8'd1);       // CAPTURE_BYTES 2
        send_block_byte(8'h84);                              // STEP_LOW reset = 1
        send_block_byte(8'h80);                              // STEP_LOW reset = 0
        send_block_byte(8'h21); send_block_byte(8'd5);       // SET_BYTE 1 = 5
        send_block_byte(8'h63); send_block_byte(8'hC3);      // STEP_BYTE 3 = C3, capture
        send_block_byte(8'hC3);                              // STEP_LOW enable, clock, capture
        send_block_byte(8'h82);                              // STEP_LOW enable
        send_block_byte(8'hC3);                              // again
        send_block_byte(8'h00);                              // NOP
        send_block_byte(8'h05); send_block_byte(8'd3);       // CAPTURE_BYTES 4
        send_block_byte(8'h80);                              // STEP_LOW all 0
        send_block_byte(8'h81);                              // clock, not enabled
        send_block_byte(8'h02);                              // STEP_CAPTURE
        send_block_crc;
        expect_byte(8'h30, "BLOCK_WAIT");
        expect_played(8'h30, 8'h00, 10, 9);
        send_byte("A");
        expect_capture(8'h00); expect_capture(8'hFF);
        expect_capture(8'h05); expect_capture(8'hFA);
        expect_capture(8'h0A); expect_capture(8'hF5);
        expect_capture(8'h0A); expect_capture(8'hF5);
        expect_capture(8'hC3); expect_capture(8'h5A);
        expect_capture_crc;

        pass;
    end
endmodule
