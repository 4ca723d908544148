// UART transmitter, 8N1, DIVIDER (4 or more) cycles of `clk` a bit.
//
// It holds no byte: it asks for each bit when the line needs it, so that a
// source can send from a RAM output, a bus that waits, or a CRC register.
//
//   send        a byte waits; keep it until `taken`
//   bit_index   the data bit that data_bit must show, 0 first
//   take_bit    one cycle: data_bit goes onto the line now
//   taken       take_bit of the last bit: the next byte may be prepared
//   busy        a byte, its stop bit included, is on the line
//
// Reset: line idle (1). It is 1 from configuration on.
`default_nettype none

module uart_transmitter #(
    parameter DIVIDER = 4
) (
    input  wire       clk,
    input  wire       reset,
    input  wire       send,
    output wire [2:0] bit_index,
    input  wire       data_bit,
    output wire       take_bit,
    output wire       taken,
    output wire       busy,
    output reg        tx
);
    localparam COUNT_BITS = $clog2(DIVIDER);
    localparam [COUNT_BITS-1:0] LAST = DIVIDER - 1;

    // What is on the line. 8 to 15: what precedes data bit 0 to 7; 8 is the
    // start bit. Counting up from there wraps through LAST_BIT to IDLE.
    localparam [3:0] START = 4'd8;
    localparam [3:0] IDLE = 4'd2;   // after 0, the last data bit, and 1, the stop bit

    reg [3:0] position = IDLE;
    reg [COUNT_BITS-1:0] count;

    wire bit_ends = count == LAST;

    initial tx = 1'b1;

    assign bit_index = position[2:0];
    assign take_bit = busy && position[3] && bit_ends;
    assign taken = take_bit && bit_index == 3'd7;
    assign busy = position != IDLE;

    always @(posedge clk) begin
        if (!busy) begin
            count <= 0;
            if (send) begin
                position <= START;
                tx <= 1'b0;
            end
        end else if (bit_ends) begin
            count <= 0;
            position <= position + 4'd1;
            tx <= position[3] ? data_bit : 1'b1;
        end else
            count <= count + 1'b1;

        if (reset) begin
            position <= IDLE;
            tx <= 1'b1;
        end
    end
endmodule

`default_nettype wire
