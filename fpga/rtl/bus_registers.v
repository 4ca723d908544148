// The registers of fpga/regmap.toml: address decoder, read multiplexer, and the
// withheld `ready` of those that block.
//
//   RX_DATA         until the ring has a byte and belongs to RX_DATA   } or until the
//   BLOCK_WAIT      until the check pass has ended                     } stall timer runs out
//   TX_DATA         until the byte's last data bit is on the line
//   PLAY_WAIT, CONTROL, BLOCK_LENGTH, DROP_BLOCK   while the player plays
//   PLAY, SEND_CAPTURED   while the player plays or captures are being sent
//
// So nothing that the player or a sender needs changes under its hands. Actions
// are one-cycle strobes in the cycle of the transfer.
//
// Reset: modes off, no errors.
`default_nettype none

module bus_registers (
    input  wire        clk,
    input  wire        reset,

    input  wire        request,
    input  wire        write,
    input  wire [5:2]  address,
    input  wire [31:0] write_data,
    output reg         ready,
    output reg  [31:0] read_data,
    output wire        waiting_for_host,

    input  wire        rx_available,
    input  wire [7:0]  rx_byte,
    input  wire        rx_stored,
    input  wire        rx_error,
    input  wire [10:0] rx_free,
    output wire        rx_take,
    output wire        flush,

    output wire        stall_run,
    input  wire        stall_expired,

    output wire        tx_request,
    input  wire        tx_taken,
    input  wire        tx_busy,

    output wire        check,
    output wire        play,
    output wire        drop,
    input  wire        block_checked,
    input  wire        block_good,
    input  wire        playing,

    output reg         player_reset,
    input  wire        executed,
    input  wire        stepped,
    input  wire        rejected,

    input  wire [10:0] captured,
    input  wire        capture_overflow,
    output wire        send,
    input  wire        sending
);
    `include "regmap.vh"

    wire [5:0] register = {address, 2'b00};

    wire strobe = request & write & ready;
    wire control = strobe && register == REG_CONTROL;
    wire clear_errors = control & write_data[CONTROL_CLEAR_ERRORS];
    wire rx_read = request && register == REG_RX_DATA;
    wire block_read = request && register == REG_BLOCK_WAIT;

    reg       stall_timer;
    reg       timed_out;
    reg       rx_overflow;
    reg       bad_opcode;
    reg [10:0] steps;

    assign rx_take = rx_read & rx_available & ~write;
    assign flush = control & write_data[CONTROL_FLUSH_RX];
    assign stall_run = stall_timer & (rx_read | block_read);
    assign waiting_for_host = (rx_read | block_read) & ~ready;
    assign tx_request = request && write && register == REG_TX_DATA && !sending;
    assign check = strobe && register == REG_BLOCK_LENGTH;
    assign play = strobe && register == REG_PLAY;
    assign drop = strobe && register == REG_DROP_BLOCK;
    assign send = strobe && register == REG_SEND_CAPTURED;

    always @*
        case (register)
            REG_RX_DATA:
                ready = rx_available | stall_expired;
            REG_BLOCK_WAIT:
                ready = block_checked | stall_expired;
            REG_TX_DATA:
                ready = tx_taken & ~sending;
            REG_PLAY_WAIT, REG_CONTROL, REG_BLOCK_LENGTH, REG_DROP_BLOCK:
                ready = ~playing;
            REG_PLAY, REG_SEND_CAPTURED:
                ready = ~playing & ~sending;
            default:
                ready = 1'b1;
        endcase

    always @* begin
        read_data = 32'd0;
        case (register)
            REG_RX_DATA: begin
                read_data[RX_DATA_BYTE +: 8] = rx_byte;
                read_data[RX_DATA_VALID] = rx_available;
            end
            REG_CAPTURED: begin
                read_data[CAPTURED_BYTES +: 11] = captured;
                read_data[CAPTURED_STEPS +: 11] = steps;
            end
            default: begin
                read_data[STATUS_RX_AVAILABLE] = rx_available;
                read_data[STATUS_RX_TIMED_OUT] = timed_out | stall_expired;
                read_data[STATUS_RX_OVERFLOW] = rx_overflow;
                read_data[STATUS_TX_BUSY] = tx_busy | sending;
                read_data[STATUS_BLOCK_CHECKED] = block_checked;
                read_data[STATUS_BLOCK_GOOD] = block_checked & block_good;
                read_data[STATUS_PLAYING] = playing;
                read_data[STATUS_BAD_OPCODE] = bad_opcode;
                read_data[STATUS_CAPTURE_OVERFLOW] = capture_overflow;
                read_data[STATUS_RX_FREE +: 11] = rx_free;
            end
        endcase
    end

    always @(posedge clk) begin
        if (control) begin
            stall_timer <= write_data[CONTROL_STALL_TIMER];
            player_reset <= write_data[CONTROL_RESET_PLAYER];
        end

        if (rx_stored | clear_errors)
            timed_out <= 1'b0;
        else if (stall_expired)
            timed_out <= 1'b1;

        if (rx_error)
            rx_overflow <= 1'b1;
        else if (clear_errors)
            rx_overflow <= 1'b0;

        if (executed & rejected)
            bad_opcode <= 1'b1;
        else if (clear_errors)
            bad_opcode <= 1'b0;

        if (player_reset)
            steps <= 11'd0;
        else if (executed & stepped)
            steps <= steps + 11'd1;

        if (reset) begin
            stall_timer <= 1'b0;
            player_reset <= 1'b0;
            timed_out <= 1'b0;
            rx_overflow <= 1'b0;
            bad_opcode <= 1'b0;
            steps <= 11'd0;
        end
    end
endmodule

`default_nettype wire
