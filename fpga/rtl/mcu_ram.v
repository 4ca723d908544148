// The soft MCU's RAM: 1024 words of 32 bits, in eight block RAMs of 1024 x 4.
//
// Block RAM nibble<k> holds bits 4k+3:4k of every word, so each byte lane has a
// write enable of its own and no byte goes through a serialiser. The instances are
// explicit because the link step fills them: with the firmware's image and with
// the identity block in the last 64 bytes.
//
// INIT mapping. Bit 4k+j of the word at word address a (byte address 4a) is bit
//
//     16 * a[7:0] + 4 * j + a[9:8]
//
// of the 4096 bits of nibble<k>, which lie in INIT_0 (bits 255:0) to INIT_F
// (bits 4095:3840): parameter INIT_<a[7:4]>, bit 16 * a[3:0] + 4 * j + a[9:8].
// (Data bit j is on RDATA[4j+1] and WDATA[4j+1], as in Yosys' model of the
// 1024 x 4 mode.)
//
// Reading takes one cycle. No reset: the contents are the configuration's.
`default_nettype none

module mcu_ram (
    input  wire        clk,
    input  wire [9:0]  address,      // of a word
    input  wire [3:0]  write_lanes,  // lane n: bits 8n+7:8n
    input  wire [31:0] write_data,
    output wire [31:0] read_data
);
    // An instance's ports, all the same but for the nibble.
    `define NIBBLE_PORTS(K) \
        .RCLK(clk), .RCLKE(1'b1), .RE(1'b1), .RADDR({1'b0, address}), \
        .WCLK(clk), .WCLKE(1'b1), .WE(write_lanes[K / 2]), .WADDR({1'b0, address}), \
        .MASK(16'h0000), .WDATA(spread(write_data[4*K +: 4])), .RDATA(read_spread[16*K +: 16])

    wire [8*16-1:0] read_spread;

    function [15:0] spread(input [3:0] nibble);
        spread = {2'b00, nibble[3], 3'b000, nibble[2], 3'b000, nibble[1], 3'b000, nibble[0], 1'b0};
    endfunction

    SB_RAM40_4K #(.READ_MODE(2), .WRITE_MODE(2)) nibble0 (`NIBBLE_PORTS(0));
    SB_RAM40_4K #(.READ_MODE(2), .WRITE_MODE(2)) nibble1 (`NIBBLE_PORTS(1));
    SB_RAM40_4K #(.READ_MODE(2), .WRITE_MODE(2)) nibble2 (`NIBBLE_PORTS(2));
    SB_RAM40_4K #(.READ_MODE(2), .WRITE_MODE(2)) nibble3 (`NIBBLE_PORTS(3));
    SB_RAM40_4K #(.READ_MODE(2), .WRITE_MODE(2)) nibble4 (`NIBBLE_PORTS(4));
    SB_RAM40_4K #(.READ_MODE(2), .WRITE_MODE(2)) nibble5 (`NIBBLE_PORTS(5));
    SB_RAM40_4K #(.READ_MODE(2), .WRITE_MODE(2)) nibble6 (`NIBBLE_PORTS(6));
    SB_RAM40_4K #(.READ_MODE(2), .WRITE_MODE(2)) nibble7 (`NIBBLE_PORTS(7));

    `undef NIBBLE_PORTS

    genvar b;
    generate
        for (b = 0; b < 32; b = b + 1) begin : gather
            assign read_data[b] = read_spread[4*b + 1];
        end
    endgenerate
endmodule

`default_nettype wire
