// Three designs in one fixture, a byte wide, at another UART divider: only the selected one is
// clocked and captured.
`timescale 1ns/1ns
`define DESIGN_SLOTS_GIVEN

// in[0] clock; each counts while it is selected, as behind the link step's gates.
module design_slots #(
    parameter INPUT_BITS = 8,
    parameter OUTPUT_BITS = 8,
    parameter SLOTS = 3
) (
    input  wire [INPUT_BITS-1:0]  in,
    input  wire [SLOTS-1:0]       selected,
    output reg  [OUTPUT_BITS-1:0] out
);
    reg [7:0] count [0:SLOTS-1];
    integer   i;

    genvar s;
    generate
        for (s = 0; s < SLOTS; s = s + 1) begin : designs
            wire gated = in[0] & selected[s];

            initial count[s] = 8'd0;
            always @(posedge gated)
                count[s] <= count[s] + 8'd1;
        end
    endgenerate

    always @* begin
        out = 0;
        for (i = 0; i < SLOTS; i = i + 1)
            if (selected[i])
                out = out | count[i];
    end
endmodule

module slots_tb;
    localparam BENCH = "slots_tb";
    localparam INPUT_BYTES = 1;
    localparam OUTPUT_BYTES = 1;
    localparam UART_DIVIDER = 9;
    localparam SLOTS = 3;

    `include "check.vh"
    `include "board.vh"

    initial deadline(20_000_000);

    initial begin
        clear_image;
        `include "system_program.vh"
        load_image;
        wait (led_n === 1'b1);
        send_byte("B"); send_byte(8'd18); send_byte(8'd0); send_byte("P");
        repeat (3) begin
            send_block_byte(8'h81); send_block_byte(8'h80);  // slot 0: three clocks
        end
        send_block_byte(8'h06); send_block_byte(8'd2);       // SLOT 2
        send_block_byte(8'h81); send_block_byte(8'h80);      // one clock
        send_block_byte(8'h02);                              // capture
        send_block_byte(8'h06); send_block_byte(8'd0);       // SLOT 0
        send_block_byte(8'h02);                              // capture
        send_block_byte(8'hC1);                              // clock, capture
        send_block_byte(8'h80);
        send_block_byte(8'h06); send_block_byte(8'd1);       // SLOT 1
        send_block_crc;
        expect_byte(8'h30, "BLOCK_WAIT");
        expect_byte(8'h30, "STATUS after PLAY"); expect_byte(8'h00, "STATUS, high byte");
        expect_byte(8'd3, "captured bytes"); expect_byte(8'd0, "captured bytes");
        expect_byte(8'd12, "steps");
        send_byte("A");
        expect_byte(8'd1, "slot 2"); expect_byte(8'd3, "slot 0"); expect_byte(8'd4,
              "slot 0, clocked");
        check(top.designs.count[0] === 8'd4 && top.designs.count[1] === 8'd0
              && top.designs.count[2] === 8'd1,
              "a slot was clocked that was not selected");
        pass;
    end
endmodule
