// The INIT mapping of mcu_ram.v's header, both ways, on Yosys' model of SB_RAM40_4K; byte lanes.
`timescale 1ns/1ns

module mcu_ram_tb;
    localparam BENCH = "mcu_ram_tb";
    `include "check.vh"

    reg         clk = 1'b0;
    reg  [9:0]  address = 10'd0;
    reg  [3:0]  write_lanes = 4'd0;
    reg  [31:0] write_data = 32'd0;
    wire [31:0] read_data;

    mcu_ram dut (
        .clk(clk), .address(address), .write_lanes(write_lanes), .write_data(write_data),
        .read_data(read_data));

    // Two INIT parameters with contents of their own, as the link step would set them.
    localparam [255:0] SOME = 256'h0123456789abcdef_f0e1d2c3b4a59687_13579bdf02468ace_deadbeefcafef00d;
    defparam dut.nibble3.INIT_5 = SOME;
    defparam dut.nibble6.INIT_E = ~SOME;

    always #5 clk = ~clk;

    reg [31:0] model [0:1023];
    integer    a, j, lane;
    integer    bit_of_word;  // number of a bit in the 4096 of its block RAM

    task read(input integer at);
        begin
            address = at;
            @(negedge clk);
            check(read_data === model[at],
                  $sformatf("word %0d is %h, not %h", at, read_data, model[at]));
        end
    endtask

    // The bit of block RAM k that the header gives for bit 4k+j of word a.
    function memory_bit(input integer k, input integer at, input integer bit_in_nibble);
        integer place;
        begin
            place = 16 * (at % 256) + 4 * bit_in_nibble + at / 256;
            case (k)
                0: memory_bit = dut.nibble0.memory[place / 16][place % 16];
                1: memory_bit = dut.nibble1.memory[place / 16][place % 16];
                2: memory_bit = dut.nibble2.memory[place / 16][place % 16];
                3: memory_bit = dut.nibble3.memory[place / 16][place % 16];
                4: memory_bit = dut.nibble4.memory[place / 16][place % 16];
                5: memory_bit = dut.nibble5.memory[place / 16][place % 16];
                6: memory_bit = dut.nibble6.memory[place / 16][place % 16];
                default: memory_bit = dut.nibble7.memory[place / 16][place % 16];
            endcase
        end
    endfunction

    initial begin
        // INIT to word.
        for (a = 0; a < 1024; a = a + 1) begin
            model[a] = 32'd0;
            for (j = 0; j < 4; j = j + 1) begin
                if (a[7:4] == 4'h5)
                    model[a][4*3 + j] = SOME[16 * a[3:0] + 4*j + a[9:8]];
                if (a[7:4] == 4'hE)
                    model[a][4*6 + j] = ~SOME[16 * a[3:0] + 4*j + a[9:8]];
            end
        end
        @(negedge clk);
        for (a = 0; a < 1024; a = a + 1)
            read(a);

        // Word to memory bit, and reading takes one cycle.
        for (a = 0; a < 1024; a = a + 1) begin
            address = a;
            write_data = $urandom;
            write_lanes = 4'hF;
            model[a] = write_data;
            @(negedge clk);
        end
        write_lanes = 4'h0;
        write_data = $urandom;
        for (a = 0; a < 1024; a = a + 1) begin
            read(a);
            for (j = 0; j < 32; j = j + 1)
                check(memory_bit(j / 4, a, j % 4) === model[a][j],
                      $sformatf("bit %0d of word %0d is elsewhere", j, a));
        end

        // Lanes.
        repeat (2000) begin
            address = $urandom;
            write_data = $urandom;
            write_lanes = $urandom;
            for (lane = 0; lane < 4; lane = lane + 1)
                if (write_lanes[lane])
                    model[address][8*lane +: 8] = write_data[8*lane +: 8];
            @(negedge clk);
            write_lanes = 4'h0;
            read(address);
            read($urandom % 1024);
        end
        pass;
    end
endmodule
