// A whole fixture with a host on its UART, for the system benches; included inside
// a bench module behind check.vh. The module gives INPUT_BYTES, OUTPUT_BYTES,
// UART_DIVIDER, SLOTS, and a design_slots of its own.

localparam PERIOD = 80;  // of clk, in time units
localparam BIT = PERIOD * UART_DIVIDER;

reg  clk = 1'b0;
reg  rx = 1'b1;
wire tx;
wire led_n;

always #(PERIOD / 2) clk = ~clk;

fixture_top #(
    .INPUT_BYTES(INPUT_BYTES),
    .OUTPUT_BYTES(OUTPUT_BYTES),
    .UART_DIVIDER(UART_DIVIDER),
    .SLOTS(SLOTS)
) top (.clk(clk), .rx(rx), .tx(tx), .led_n(led_n));

`define MCU top.mcu
`include "image.vh"

// Host to board

task send_byte(input [7:0] value);
    integer i;
    begin
        rx = 1'b0;
        #(BIT);
        for (i = 0; i < 8; i = i + 1) begin
            rx = value[i];
            #(BIT);
        end
        rx = 1'b1;
        #(BIT);
    end
endtask

reg [15:0] crc_down;

task crc_step(inout [15:0] crc, input [7:0] value);
    integer i;
    for (i = 0; i < 8; i = i + 1)
        crc = {1'b0, crc[15:1]} ^ (crc[0] ^ value[i] ? 16'hA001 : 16'h0000);
endtask

// A block byte, and the CRC behind the last one.
task send_block_byte(input [7:0] value);
    begin
        crc_step(crc_down, value);
        send_byte(value);
    end
endtask

task send_block_crc;
    begin
        send_byte(crc_down[7:0]);
        send_byte(crc_down[15:8]);
        crc_down = 16'hFFFF;
    end
endtask

initial crc_down = 16'hFFFF;

// Board to host: a queue of received bytes

reg [7:0] answers [0:4095];
integer   answers_in = 0;
integer   answers_out = 0;

initial forever begin : host_receiver
    integer i;
    reg [7:0] value;
    @(negedge tx);
    #(BIT / 2);
    check(tx === 1'b0, "start bit is short");
    for (i = 0; i < 8; i = i + 1) begin
        #(BIT);
        value[i] = tx;
    end
    #(BIT);
    check(tx === 1'b1, "stop bit is 0");
    answers[answers_in] = value;
    answers_in = answers_in + 1;
end

task expect_byte(input [7:0] value, input string what);
    begin
        wait (answers_in > answers_out);
        if (answers[answers_out] !== value)
            fail($sformatf("%s: got %02h, expected %02h", what, answers[answers_out], value));
        answers_out = answers_out + 1;
    end
endtask
