// UART receiver, 8N1, DIVIDER (4 or more) cycles of `clk` a bit.
//
// `rx` comes from a pin and passes two flip-flops. A bit is sampled in its
// middle: (DIVIDER - 1) / 2 cycles after the first sample of the start bit that
// reads 0, and every DIVIDER cycles from there. At DIVIDER 4 that is 1 to 2
// cycles into a bit that lasts 4.
//
//   byte_valid   one cycle: `received` is a byte with a good stop bit
//   bad_stop     one cycle: the stop bit was 0; the byte is lost, and so is
//                everything up to the line's return to 1
//
// On an idle line nothing here moves.
//
// Reset: waits for a start bit. The synchroniser needs none, it follows the pin.
`default_nettype none

module uart_receiver #(
    parameter DIVIDER = 4
) (
    input  wire       clk,
    input  wire       reset,
    input  wire       rx,
    output wire [7:0] received,
    output wire       byte_valid,
    output wire       bad_stop
);
    localparam COUNT_BITS = $clog2(DIVIDER);
    localparam [COUNT_BITS-1:0] WHOLE_BIT = DIVIDER - 1;
    localparam [COUNT_BITS-1:0] HALF_BIT = (DIVIDER - 1) / 2 - 1;

    localparam [1:0] IDLE = 2'd0;   // waits for a start bit
    localparam [1:0] START = 2'd1;  // waits for its middle
    localparam [1:0] DATA = 2'd2;   // data bits and stop bit
    localparam [1:0] BREAK = 2'd3;  // after a bad stop bit: waits for 1

    reg [1:0] synchroniser;
    reg [1:0] state = IDLE;
    reg [COUNT_BITS-1:0] count;
    // Bits come in from the top, behind a 1 that reaches bit 0 with the last.
    reg [8:0] shift;

    wire line = synchroniser[1];
    wire sample = count == 0;
    wire at_stop = state == DATA && sample && shift[0];

    assign received = shift[8:1];
    assign byte_valid = at_stop && line;
    assign bad_stop = at_stop && !line;

    always @(posedge clk)
        synchroniser <= {synchroniser[0], rx};

    always @(posedge clk) begin
        case (state)
            IDLE:
                if (!line) begin
                    state <= START;
                    count <= HALF_BIT;
                end
            START: begin
                count <= sample ? WHOLE_BIT : count - 1'b1;
                shift <= 9'b1_0000_0000;
                if (sample)
                    state <= line ? IDLE : DATA;
            end
            DATA: begin
                count <= sample ? WHOLE_BIT : count - 1'b1;
                if (sample)
                    shift <= {line, shift[8:1]};
                if (at_stop) begin
                    shift <= shift;
                    state <= line ? IDLE : BREAK;
                end
            end
            BREAK:
                if (line)
                    state <= IDLE;
        endcase
        if (reset)
            state <= IDLE;
    end
endmodule

`default_nettype wire
