// The player: executes the byte code of fpga/regmap.toml. It writes input bytes,
// waits for the design to settle, and sends captured bytes back.
//
// Everything here runs on play_clk. Code bytes arrive through a byte crossing
// (code_valid, code, code_take); a byte is taken when it has been *executed*, so
// that whoever feeds the player knows by the last acknowledge that the last
// step has settled and its capture is in the buffer.
//
// A step writes its byte at one edge of play_clk. The capture register, which
// follows the output multiplexer at every edge of cap_clk, is read from the
// edge `settle` cycles later on, and the next byte is executed after that edge
// at the earliest. For each further byte of a capture the select stands still for
// two edges of cap_clk before the byte is sent.
//
// Addresses past INPUT_BYTES or OUTPUT_BYTES are cut to the address width.
//
//   write, write_low   input byte `address` = code; input bits 5:0 = code[5:0]
//   stepped, rejected  report about the byte being taken: it ended in a step; it
//                      is a reserved opcode
//
// Reset (from CONTROL.RESET_PLAYER, synchronised; only between blocks): waits
// for an opcode; settle 1, pointer 0, one captured byte, slot 0. Code bytes are
// taken and forgotten while it lasts.
`default_nettype none

module player #(
    parameter INPUT_BYTES = 4,
    parameter OUTPUT_BYTES = 4,
    parameter SLOTS = 1,
    // Derived: widths of addresses, at least 1.
    parameter INPUT_ADDRESS_BITS = INPUT_BYTES > 1 ? $clog2(INPUT_BYTES) : 1,
    parameter OUTPUT_ADDRESS_BITS = OUTPUT_BYTES > 1 ? $clog2(OUTPUT_BYTES) : 1,
    parameter SLOT_BITS = SLOTS > 1 ? $clog2(SLOTS) : 1
) (
    input  wire                           play_clk,
    input  wire                           reset,

    input  wire                           code_valid,
    input  wire [7:0]                     code,
    output reg                            code_take,
    output reg                            stepped,
    output reg                            rejected,

    output reg                            write,
    output reg                            write_low,
    output reg  [INPUT_ADDRESS_BITS-1:0]  address,

    output reg  [OUTPUT_ADDRESS_BITS-1:0] select,
    output reg  [SLOT_BITS-1:0]           slot,
    output wire                           capture_send,
    input  wire                           capture_busy
);
    `include "regmap.vh"

    localparam [2:0] OPCODE = 3'd0;   // waits for an opcode
    localparam [2:0] OPERAND = 3'd1;  // waits for a byte that belongs to it
    localparam [2:0] SETTLE = 3'd2;   // a step was made: waits
    localparam [2:0] SEND = 3'd3;     // the capture register holds the selected byte
    localparam [2:0] SENT = 3'd4;     // waits until it has crossed
    localparam [2:0] SELECT = 3'd5;   // the next byte was selected: waits one edge more

    // What an operand is for. The single-operand opcodes stand for themselves, by their
    // low bits.
    localparam [2:0] WRITE_INPUT = 3'd0;
    localparam [2:0] SET_SETTLE = `OP_SETTLE;
    localparam [2:0] SET_POINTER = `OP_POINTER;
    localparam [2:0] SET_CAPTURE = `OP_CAPTURE_BYTES;
    localparam [2:0] SET_SLOT = `OP_SLOT;

    reg [2:0] state = OPCODE;
    reg [2:0] purpose;
    reg       step_after;  // the operand ends in a step
    reg       capture;     // the step ends in a capture
    reg [3:0] remaining;   // operands after the next one
    reg [7:0] settle;
    reg [7:0] settled;     // cycles since the step, from 1
    reg [OUTPUT_ADDRESS_BITS-1:0] last_select;

    wire operand = state == OPERAND && code_valid;
    wire operand_step = operand && purpose == WRITE_INPUT && step_after;
    wire settle_ends = state == SETTLE && settled == settle;
    wire sent = state == SENT && !capture_busy;
    wire capture_ends = sent && select == last_select;
    wire step_ends = (settle_ends && !capture) || capture_ends;

    assign capture_send = state == SEND;

    // Which opcodes are executed where they stand, so that they are taken at once.
    reg step_now;
    reg reserved;
    always @* begin
        step_now = 1'b0;
        reserved = 1'b0;
        write_low = 1'b0;
        casez (code)
            `OP_STEP_LOW: begin
                step_now = 1'b1;
                write_low = state == OPCODE && code_valid;
            end
            `OP_STEP, `OP_STEP_CAPTURE:
                step_now = 1'b1;
            `OP_STEP_BYTE, `OP_SET_BYTE, `OP_SET_RUN, `OP_NOP,
            `OP_SETTLE, `OP_POINTER, `OP_CAPTURE_BYTES, `OP_SLOT: ;
            default:
                reserved = 1'b1;
        endcase
        write = operand && purpose == WRITE_INPUT;
        code_take = (state == OPCODE && code_valid && !step_now)
                 || (operand && !operand_step)
                 || step_ends
                 || (reset && code_valid);
    end

    always @(posedge play_clk) begin
        settled <= state == SETTLE ? settled + 8'd1 : 8'd1;
        if (code_take) begin
            stepped <= step_ends;
            rejected <= state == OPCODE && reserved;
        end

        case (state)
            OPCODE: begin
                // The fields of a byte that turns out to be no such opcode do
                // no harm: each is set again before it is used.
                purpose <= code[7:3] == 5'd0 ? code[2:0] : WRITE_INPUT;
                remaining <= 4'd0;
                step_after <= 1'b0;
                if (code_valid)
                    casez (code)
                        `OP_STEP_LOW: begin
                            capture <= code[`OP_STEP_LOW_C];
                            state <= SETTLE;
                        end
                        `OP_STEP, `OP_STEP_CAPTURE: begin
                            capture <= code == `OP_STEP_CAPTURE;
                            state <= SETTLE;
                        end
                        `OP_STEP_BYTE: begin
                            capture <= code[`OP_STEP_BYTE_C];
                            step_after <= 1'b1;
                            address <= code[`OP_STEP_BYTE_A];
                            state <= OPERAND;
                        end
                        `OP_SET_BYTE: begin
                            address <= code[`OP_SET_BYTE_A];
                            state <= OPERAND;
                        end
                        `OP_SET_RUN: begin
                            remaining <= code[`OP_SET_RUN_N];
                            state <= OPERAND;
                        end
                        `OP_SETTLE, `OP_POINTER, `OP_CAPTURE_BYTES, `OP_SLOT:
                            state <= OPERAND;
                        default: ;
                    endcase
            end
            OPERAND:
                if (code_valid) begin
                    remaining <= remaining - 4'd1;
                    if (operand_step)
                        state <= SETTLE;
                    else if (remaining == 4'd0)
                        state <= OPCODE;
                    case (purpose)
                        WRITE_INPUT: address <= address + 1'b1;
                        SET_SETTLE: settle <= code;
                        SET_POINTER: address <= code;
                        SET_CAPTURE: last_select <= code;
                        SET_SLOT: slot <= SLOTS > 1 ? code : 0;
                        default: ;
                    endcase
                end
            SETTLE:
                if (settle_ends)
                    state <= capture ? SEND : OPCODE;
            SEND:
                state <= SENT;
            SENT:
                if (capture_ends) begin
                    state <= OPCODE;
                    select <= 0;
                end else if (sent) begin
                    state <= SELECT;
                    select <= select + 1'b1;
                end
            SELECT:
                state <= SEND;
            default:
                state <= OPCODE;
        endcase

        if (reset) begin
            state <= OPCODE;
            settle <= 8'd1;
            address <= 0;
            select <= 0;
            last_select <= 0;
            slot <= 0;
            stepped <= 1'b0;
            rejected <= 1'b0;
        end
    end
endmodule

`default_nettype wire
