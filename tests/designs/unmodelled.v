// Designs, each with something that no virtual board models.

module with_oscillator (
    input  wire clk,
    input  wire rx,
    output wire tx
);
    wire fast;
    SB_HFOSC oscillator (.CLKHFEN(1'b1), .CLKHFPU(1'b1), .CLKHF(fast));
    uart_echo echo (.clk(fast), .rx(rx), .tx(tx));
endmodule

module with_ddr_output (
    input  wire clk,
    input  wire rx,
    output wire tx
);
    wire sent;
    uart_echo echo (.clk(clk), .rx(rx), .tx(sent));
    SB_IO #(.PIN_TYPE(6'b0100_00)) pin (
        .PACKAGE_PIN(tx), .OUTPUT_CLK(clk), .D_OUT_0(sent), .D_OUT_1(sent)
    );
endmodule

module with_i2c (
    input  wire clk,
    input  wire rx,
    output wire tx
);
    wire sent, acknowledge;
    uart_echo echo (.clk(clk), .rx(rx), .tx(sent));
    SB_I2C #(.BUS_ADDR74("0b0001"), .I2C_SLAVE_INIT_ADDR("0b1111100001")) i2c (
        .SBCLKI(clk), .SBRWI(1'b0), .SBSTBI(rx), .SBACKO(acknowledge), .SCLI(1'b1), .SDAI(1'b1)
    );
    assign tx = sent | acknowledge;
endmodule

// From the pad of the PLL.
module with_external_feedback_pad (
    input  wire clk,
    input  wire rx,
    output wire tx
);
    wire fast;
    SB_PLL40_PAD #(
        .FEEDBACK_PATH("EXTERNAL"), .DIVR(4'd0), .DIVF(7'd3), .DIVQ(3'd5), .FILTER_RANGE(3'd1)
    ) pll (
        .PACKAGEPIN(clk), .PLLOUTCORE(fast), .EXTFEEDBACK(fast), .RESETB(1'b1), .BYPASS(1'b0)
    );
    uart_echo echo (.clk(fast), .rx(rx), .tx(tx));
endmodule

// From the fabric.
module with_external_feedback_core (
    input  wire clk,
    input  wire rx,
    output wire tx
);
    wire fast;
    SB_PLL40_CORE #(
        .FEEDBACK_PATH("EXTERNAL"), .DIVR(4'd0), .DIVF(7'd3), .DIVQ(3'd5), .FILTER_RANGE(3'd1)
    ) pll (
        .REFERENCECLK(clk), .PLLOUTCORE(fast), .EXTFEEDBACK(fast), .RESETB(1'b1), .BYPASS(1'b0)
    );
    uart_echo echo (.clk(fast), .rx(rx), .tx(tx));
endmodule
