// The capture buffer: 1 KiB of captured bytes, filled by the player and read by
// the capture sender.
//
//   arrived     a captured byte waits on `captured`; `take` answers at once
//   count       bytes in the buffer, 0 to 1024
//   overflow    a byte came when the buffer was full and was dropped; sticky
//   clear       empties the buffer and clears `overflow`
//   read_byte   the byte at `read_address`, one cycle later
//
// Reset: empty.
`default_nettype none

module capture_buffer (
    input  wire        clk,
    input  wire        reset,
    input  wire        clear,

    input  wire        arrived,
    input  wire [7:0]  captured,
    output wire        take,
    output reg  [10:0] count,
    output reg         overflow,

    input  wire [9:0]  read_address,
    output reg  [7:0]  read_byte
);
    `include "regmap.vh"

    // The sender reads only when the player is idle.
    (* no_rw_check *) reg [7:0] memory [0:CAPACITY_CAPTURE-1];

    wire full = count[10];
    wire write = arrived & ~full;

    assign take = arrived;

    always @(posedge clk) begin
        if (write)
            memory[count[9:0]] <= captured;
        read_byte <= memory[read_address];
    end

    always @(posedge clk) begin
        if (write)
            count <= count + 11'd1;
        if (arrived & full)
            overflow <= 1'b1;
        if (clear | reset) begin
            count <= 11'd0;
            overflow <= 1'b0;
        end
    end
endmodule

`default_nettype wire
