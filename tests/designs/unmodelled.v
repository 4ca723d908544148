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

// Its lower adder takes the carry of the multiplier below it.
module with_cascaded_multiplier (
    input  wire clk,
    input  wire rx,
    output wire tx
);
    wire        sent;
    wire [31:0] product;
    uart_echo echo (.clk(clk), .rx(rx), .tx(sent));
    SB_MAC16 #(.BOTADDSUB_CARRYSELECT(2'b10)) multiplier (
        .CLK(clk), .CE(1'b1), .A({16{rx}}), .B({16{sent}}), .C(16'd0), .D(16'd0), .O(product),
        .AHOLD(1'b0), .BHOLD(1'b0), .CHOLD(1'b0), .DHOLD(1'b0),
        .IRSTTOP(1'b0), .IRSTBOT(1'b0), .ORSTTOP(1'b0), .ORSTBOT(1'b0),
        .OLOADTOP(1'b0), .OLOADBOT(1'b0), .ADDSUBTOP(1'b0), .ADDSUBBOT(1'b0),
        .OHOLDTOP(1'b0), .OHOLDBOT(1'b0), .CI(1'b0), .ACCUMCI(1'b0), .SIGNEXTIN(1'b0)
    );
    assign tx = sent | product[0];
endmodule
