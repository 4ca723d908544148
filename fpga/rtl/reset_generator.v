// Holds the fixture in reset for the first 256 cycles after configuration.
//
// On iCE40 a block RAM reads 0 for the first tens of cycles after configuration
// (about 36 at 12 MHz, more at higher clocks). A soft MCU that starts earlier
// fetches zeros, so everything waits for longer than any figure seen.
//
// There is no reset pin and no other reset: a session that went wrong is put
// right by CONTROL.FLUSH_RX and CONTROL.RESET_PLAYER, a stuck board by a new
// configuration. The counter starts at 0 by configuration and stops at its end.
`default_nettype none

module reset_generator (
    input  wire clk,
    output wire reset
);
    reg [8:0] count = 9'd0;

    assign reset = ~count[8];

    always @(posedge clk)
        if (reset)
            count <= count + 9'd1;
endmodule

`default_nettype wire
