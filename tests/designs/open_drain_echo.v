// uart_echo whose transmit pin drives 0 or lets go; a pull-up makes the 1. All of a byte is
// in the output's enable.
module open_drain_echo (
    input  wire clk,
    input  wire rx,
    inout  wire tx
);
    wire sent;
    uart_echo echo (.clk(clk), .rx(rx), .tx(sent));
    SB_IO #(.PIN_TYPE(6'b1010_01), .PULLUP(1'b1)) pin (
        .PACKAGE_PIN(tx), .OUTPUT_ENABLE(~sent), .D_OUT_0(1'b0)
    );
endmodule
