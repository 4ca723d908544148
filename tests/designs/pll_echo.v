// uart_echo at twice the board's clock of 12 MHz: 12 MHz * 64 / 32.

// From the pad of the PLL, over its global output.
module pll_echo_pad (
    input  wire clk,
    input  wire rx,
    output wire tx
);
    wire fast;
    SB_PLL40_PAD #(
        .FEEDBACK_PATH("SIMPLE"), .DIVR(4'd0), .DIVF(7'd63), .DIVQ(3'd5), .FILTER_RANGE(3'd1)
    ) pll (.PACKAGEPIN(clk), .PLLOUTGLOBAL(fast), .RESETB(1'b1), .BYPASS(1'b0));
    uart_echo #(.DIVIDER(8)) echo (.clk(fast), .rx(rx), .tx(tx));
endmodule

// From the fabric, over the fabric.
module pll_echo_core (
    input  wire clk,
    input  wire rx,
    output wire tx
);
    wire fast, locked;
    SB_PLL40_CORE #(
        .FEEDBACK_PATH("SIMPLE"), .DIVR(4'd0), .DIVF(7'd63), .DIVQ(3'd5), .FILTER_RANGE(3'd1)
    ) pll (.REFERENCECLK(clk), .PLLOUTCORE(fast), .LOCK(locked), .RESETB(1'b1), .BYPASS(1'b0));
    wire sent;
    uart_echo #(.DIVIDER(8)) echo (.clk(fast), .rx(rx), .tx(sent));
    assign tx = sent | ~locked;
endmodule
