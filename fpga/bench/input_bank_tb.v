// Random writes against a model; between writes nothing changes; reset gives 0.
`timescale 1ns/1ns

module input_bank_tb;
    localparam BENCH = "input_bank_tb";
    localparam BYTES = 5;
    localparam ADDRESS_BITS = 3;
    `include "check.vh"

    reg                     play_clk = 1'b0;
    reg                     reset = 1'b0;
    reg                     write = 1'b0;
    reg                     write_low = 1'b0;
    reg  [ADDRESS_BITS-1:0] address = 0;
    reg  [7:0]              data = 0;
    wire [8*BYTES-1:0]      live;

    input_bank #(.BYTES(BYTES), .ADDRESS_BITS(ADDRESS_BITS)) dut (
        .play_clk(play_clk), .reset(reset), .write(write), .write_low(write_low),
        .address(address), .data(data), .live(live));

    always #5 play_clk = ~play_clk;

    reg [8*BYTES-1:0] model = 0;

    initial begin
        #1 check(live === 0, "inputs are not 0 by configuration");
        repeat (2000) begin
            @(negedge play_clk);
            write = $urandom % 3 == 0;
            write_low = !write && $urandom % 3 == 0;
            address = $urandom;
            data = $urandom;
            reset = $urandom % 50 == 0;
            if (reset)
                model = 0;
            else if (write && address < BYTES)
                model[8*address +: 8] = data;
            else if (write_low)
                model[5:0] = data[5:0];
            @(posedge play_clk);
            #1 check(live === model, $sformatf("live is %h, not %h", live, model));
        end
        pass;
    end
endmodule
