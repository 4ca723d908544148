// The whole fixture with SERV running a small monitor (system_program.vh) and a
// counter as design: bus, ring, check pass, player, capture, sender, and everything that
// can go wrong on the way: bad blocks, reserved opcodes, full buffers, silence, breaks.
`timescale 1ns/1ns
`define DESIGN_SLOTS_GIVEN

// in[0] clock, in[1] enable, in[2] asynchronous reset; in[15:8] increment.
// Output bytes: count, the inverted count, input byte 3, settle indicator 0x5A.
module design_slots #(
    parameter INPUT_BITS = 32,
    parameter OUTPUT_BITS = 32,
    parameter SLOTS = 1
) (
    input  wire [INPUT_BITS-1:0]  in,
    input  wire [SLOTS-1:0]       selected,
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
    localparam BENCH = "system_tb";
    localparam INPUT_BYTES = 4;
    localparam OUTPUT_BYTES = 4;
    localparam UART_DIVIDER = 4;
    localparam SLOTS = 1;

    `include "check.vh"
    `include "board.vh"
    `include "regmap.vh"

    // Until the reset ends no memory is written and no input of the design moves: silicon
    // may write a block RAM whose enable is not 0 then (and reads zeros from it). Registers
    // without an initial value, and what follows them, are unknown for two edges; on silicon
    // they begin at 0.
    integer resets = 0;
    always @(posedge clk)
        if (top.reset) begin
            resets = resets + 1;
            check(top.live === 0, "inputs are not 0 during reset");
            check(top.mcu.ram.write_lanes === 0 || (resets <= 2 && ^top.mcu.ram.write_lanes === 1'bx),
                  "the RAM is written during reset");
            check_idle(top.mcu.registers.count[0] & top.mcu.registers.write_last, "the register file");
            check_idle(top.ring.stored, "the receive ring");
            check_idle(top.buffer.write, "the capture buffer");
        end

    task check_idle(input enable, input string memory);
        check(enable === 1'b0 || (resets <= 2 && enable === 1'bx),
              $sformatf("%s is written during reset, or may be: %b", memory, enable));
    endtask

    integer i;
    time since;
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

    // What the monitor shall do with the good block: "P" plays, "F" plays and flushes,
    // "D" drops.
    task block_command(input [10:0] length, input [7:0] then);
        begin
            send_byte("B");
            send_byte(length[7:0]);
            send_byte({5'd0, length[10:8]});
            send_byte(then);
        end
    endtask

    task expect_played(input [7:0] status_low, input [7:0] status_high,
                       input [10:0] bytes, input [10:0] steps);
        begin
            expect_byte(status_low, "STATUS after PLAY, low byte");
            expect_byte(status_high, "STATUS after PLAY, high byte");
            expect_byte(bytes[7:0], "CAPTURED.BYTES, low byte");
            expect_byte({5'd0, bytes[10:8]}, "CAPTURED.BYTES, high byte");
            expect_byte(steps[7:0], "CAPTURED.STEPS, low byte");
            check(top.registers.steps === steps, "the upper bits of CAPTURED.STEPS");
        end
    endtask

    initial deadline(200_000_000);

    initial begin
        crc_up = 16'hFFFF;
        clear_image;
        `include "system_program.vh"
        load_image;
        // A host that does not wait for the end of the reset.
        send_byte(8'h55); send_byte(8'h00); send_byte(8'hA5);
        check(top.reset, "the reset ended before the bytes");
        wait (led_n === 1'b1);
        check(resets == 256, "the reset does not last 256 cycles");
        check(top.live === 0, "inputs are not 0 after reset");

        // The bus, both ways, and the RAM's byte lanes.
        send_byte("E"); send_byte(8'h41); expect_byte(8'h42, "echo");
        send_byte("E"); send_byte(8'hFF); expect_byte(8'h00, "echo");
        send_byte("M");
        expect_byte(8'hFF, "sign of a loaded byte");
        expect_byte(8'h33, "low byte of a loaded halfword");
        expect_byte(8'h22, "byte 1 of a word");
        expect_byte(8'h44, "byte 3 of a word");
        send_byte("S"); expect_byte(8'h00, "STATUS, low byte");
        expect_byte(8'h00, "STATUS, high byte");

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

        // The same again.
        send_byte("A");
        expect_capture(8'h00); expect_capture(8'hFF);
        expect_capture(8'h05); expect_capture(8'hFA);
        expect_capture(8'h0A); expect_capture(8'hF5);
        expect_capture(8'h0A); expect_capture(8'hF5);
        expect_capture(8'hC3); expect_capture(8'h5A);
        expect_capture_crc;

        // A bad block is gone, and so is a dropped one; nothing was played.
        block_command(3, "P");
        send_block_byte(8'h84); send_block_byte(8'h80); send_block_byte(8'h00);
        crc_down = ~crc_down;
        send_block_crc;
        expect_byte(8'h10, "BLOCK_WAIT of a bad block");
        block_command(2, "D");
        send_block_byte(8'h84); send_block_byte(8'h80);
        send_block_crc;
        expect_byte(8'h30, "BLOCK_WAIT of a block to drop");
        send_byte("E"); send_byte(8'h10); expect_byte(8'h11, "echo behind dropped blocks");
        check(top.designs.count === 8'h0A, "a dropped block was played");

        // A reserved opcode is skipped and reported until cleared; a block without captures.
        block_command(2, "P");
        send_block_byte(8'h07); send_block_byte(8'h01);
        send_block_crc;
        expect_byte(8'h30, "BLOCK_WAIT");
        expect_played(8'hB0, 8'h00, 0, 10);
        send_byte("A");
        expect_capture_crc;
        send_byte("S"); expect_byte(8'hB0, "STATUS with BAD_OPCODE");
        expect_byte(8'h00, "STATUS, high byte");
        send_byte("C"); send_byte(8'h02); expect_byte("C", "CONTROL");
        send_byte("S"); expect_byte(8'h30, "STATUS after CLEAR_ERRORS");
        expect_byte(8'h00, "STATUS, high byte");

        // 300 captures of four bytes do not fit.
        block_command(300, "P");
        for (i = 0; i < 300; i = i + 1)
            send_block_byte(8'h02);
        send_block_crc;
        expect_byte(8'h30, "BLOCK_WAIT");
        expect_played(8'h30, 8'h01, CAPACITY_CAPTURE, 10 + 300);
        send_byte("A");
        for (i = 0; i < 256; i = i + 1) begin
            expect_capture(8'h0A); expect_capture(8'hF5); expect_capture(8'hC3); expect_capture(8'h5A);
        end
        expect_capture_crc;

        // Player reset: inputs 0, one captured byte, no steps.
        send_byte("C"); send_byte(8'h08); expect_byte("C", "CONTROL");
        check(top.live === 0, "RESET_PLAYER does not clear the inputs");
        send_byte("C"); send_byte(8'h00); expect_byte("C", "CONTROL");

        // The longest block: 680 clocks with an increment of 1.
        block_command(CAPACITY_BLOCK, "P");
        send_block_byte(8'h84); send_block_byte(8'h80);
        send_block_byte(8'h21); send_block_byte(8'd1);
        for (i = 0; i < 678; i = i + 1) begin
            send_block_byte(8'h83); send_block_byte(8'h82); send_block_byte(8'h00);
        end
        send_block_byte(8'h00);
        send_block_byte(8'h02);
        send_block_crc;
        expect_byte(8'h30, "BLOCK_WAIT");
        check(led_n === 1'b0, "the LED is dark while the board works");
        expect_played(8'h30, 8'h00, 1, 2 + 2*678 + 1);
        send_byte("A");
        expect_capture(678 % 256);
        expect_capture_crc;

        // The ring fills up while a slow block is played.
        block_command(402, "F");
        send_block_byte(8'h03); send_block_byte(8'd255);
        for (i = 0; i < 400; i = i + 1)
            send_block_byte(8'h01);
        send_block_crc;
        for (i = 0; i < CAPACITY_RING - 1 - 404 + 3; i = i + 1)
            send_byte(8'h00);
        expect_byte(8'h30, "BLOCK_WAIT");
        expect_played(8'h34, 8'h00, 0, 2 + 2*678 + 1 + 400);
        #(2000 * PERIOD);  // the monitor flushes behind its answer
        send_byte("C"); send_byte(8'h02); expect_byte("C", "CONTROL after a flush");
        send_byte("S"); expect_byte(8'h00, "STATUS after CLEAR_ERRORS and flush");
        expect_byte(8'h00, "STATUS, high byte");

        // A break on the line.
        rx = 1'b0;
        #(30 * BIT);
        rx = 1'b1;
        #(2 * BIT);
        send_byte("S"); expect_byte(8'h04, "STATUS after a break");
        expect_byte(8'h00, "STATUS, high byte");

        // Silence ends a read when the stall timer is on, and a read for a block that stays away.
        send_byte("C"); send_byte(8'h03); expect_byte("C", "CONTROL");
        send_byte("R");
        since = $time;
        expect_byte(8'h00, "VALID of a read that ended in silence");
        check($time - since > 262144 * PERIOD && $time - since < 262144 * PERIOD + 2000 * PERIOD,
              $sformatf("a read ends after %0d cycles", ($time - since) / PERIOD));
        expect_byte(8'h02, "STATUS after silence");
        block_command(5, "P");
        expect_byte(8'h02, "BLOCK_WAIT of a block that did not come");
        check(!top.block_free, "an unfinished block is pending");

        #(2000 * PERIOD);
        check(answers_in == answers_out, "bytes behind the last answer");
        pass;
    end
endmodule
