// Sends the capture buffer and its CRC-16, low byte first, through the UART
// transmitter. Nothing captured: just the CRC, 0xFFFF.
//
//   start      one cycle, while `sending` is 0
//   sending    until the CRC's last bit is on the line
//
// The transmitter asks for bits, so the buffer's output and the CRC register are
// sent where they stand.
//
// Reset: not sending.
`default_nettype none

module capture_sender (
    input  wire        clk,
    input  wire        reset,
    input  wire        start,
    output wire        sending,

    input  wire [10:0] count,
    output wire [9:0]  read_address,
    input  wire [7:0]  read_byte,

    output wire        send,
    input  wire [2:0]  bit_index,
    output wire        data_bit,
    input  wire        take_bit,
    input  wire        taken
);
    localparam [2:0] IDLE = 3'd0;
    localparam [2:0] FETCH = 3'd1;     // the buffer reads the byte; or all are sent
    localparam [2:0] BYTE = 3'd2;      // a captured byte goes out
    localparam [2:0] CRC_LOW = 3'd3;
    localparam [2:0] CRC_HIGH = 3'd4;

    reg [2:0] state = IDLE;
    reg [10:0] sent;

    wire crc_bit;

    assign sending = state != IDLE;
    assign send = sending && state != FETCH;
    assign read_address = sent[9:0];
    assign data_bit = state == BYTE ? read_byte[bit_index] : crc_bit;

    // The CRC register also takes its own bits, and so moves them out.
    crc16 crc (
        .clk(clk), .restart(!sending), .shift(sending && take_bit), .data_bit(data_bit),
        .low_bit(crc_bit), .feedback());

    always @(posedge clk) begin
        case (state)
            IDLE: begin
                sent <= 11'd0;
                if (start)
                    state <= FETCH;
            end
            FETCH:
                state <= sent == count ? CRC_LOW : BYTE;
            BYTE:
                if (taken) begin
                    sent <= sent + 11'd1;
                    state <= FETCH;
                end
            CRC_LOW:
                if (taken)
                    state <= CRC_HIGH;
            CRC_HIGH:
                if (taken)
                    state <= IDLE;
            default:
                state <= IDLE;
        endcase
        if (reset)
            state <= IDLE;
    end
endmodule

`default_nettype wire
