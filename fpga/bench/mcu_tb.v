// SERV with our register file and RAM runs a program of most RV32I instructions; its loads
// from and stores to the register bus wait for random times, during which nothing on
// the bus may change.
`timescale 1ns/1ns

module mcu_tb;
    localparam BENCH = "mcu_tb";
    `include "check.vh"

    reg         clk = 1'b0;
    reg         reset = 1'b1;
    wire        request;
    wire        write;
    wire [5:2]  address;
    wire [31:0] write_data;
    reg         ready = 1'b0;
    reg  [31:0] read_data = 32'hDEAD_BEEF;

    mcu dut (
        .clk(clk), .reset(reset), .request(request), .write(write), .address(address),
        .write_data(write_data), .ready(ready), .read_data(read_data));

    `define MCU dut
    `include "image.vh"

    always #5 clk = ~clk;

    localparam [31:0] A = 32'h8765_4321;
    localparam [31:0] B = 32'h0BAD_F00D;

    localparam RESULTS = 22;
    reg [31:0] expected [0:RESULTS-1];
    initial begin
        expected[0] = A + B;
        expected[1] = A - B;
        expected[2] = A ^ B;
        expected[3] = A & B;
        expected[4] = A | B;
        expected[5] = 1;             // A < -1
        expected[6] = 0;             // B < -1
        expected[7] = A << 7;
        expected[8] = A >> 9;
        expected[9] = 32'hFFFF_FFFF; // A >>> 31
        expected[10] = 55;
        expected[11] = 0;
        expected[12] = 110;
        expected[13] = 32'h0044_2903; // lw s2, 4(s0)
        expected[14] = 32'h870D_4321;
        expected[15] = 32'h870D_F00D;
        expected[16] = 32'hFFFF_FF87;
        expected[17] = 32'h0000_0087;
        expected[18] = 32'hFFFF_870D;
        expected[19] = 32'h0000_870D;
        expected[20] = 1;            // A < B
        expected[21] = 4;            // not A >= B
    end

    integer    loads = 0, results = 0;
    reg [37:0] held;

    // Waits with a transfer, and lets it happen.
    task transfer;
        begin
            held = {request, write, address, write_data};
            repeat ($urandom % 40) begin
                @(negedge clk);
                check({request, write, address, write_data} === held,
                      "the bus moves while it waits");
            end
            if (!write)
                read_data = loads == 0 ? A : B;
            ready = 1'b1;
            @(negedge clk);
            ready = 1'b0;
            read_data = 32'hDEAD_BEEF;
            check(request === 1'b0, "a transfer does not end when ready");
        end
    endtask

    initial deadline(2_000_000);

    initial begin
        clear_image;
        `include "mcu_program.vh"
        load_image;
        repeat (100) begin
            @(negedge clk);
            check(request === 1'b0, "a request in reset");
        end
        reset = 1'b0;
        while (results <= RESULTS) begin
            @(negedge clk);
            if (request) begin
                if (!write) begin
                    check(address === 4'd1 && loads < 2, "a load from elsewhere");
                    transfer;
                    loads = loads + 1;
                end else if (address === 4'd2) begin
                    check(write_data === expected[results],
                          $sformatf("result %0d is %h, not %h", results, write_data, expected[results]));
                    transfer;
                    results = results + 1;
                end else begin
                    check(address === 4'd11, "a store to elsewhere");
                    check(results == RESULTS, $sformatf("%0d results", results));
                    results = results + 1;
                end
            end
        end
        pass;
    end
endmodule
