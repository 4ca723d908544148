// Between unrelated clocks, each faster than the other in turn, every byte arrives
// once and in order, however long source and sink take; the data are still for two
// edges of the sink's clock before they are valid; and what the sink reports
// with a byte is there, and stays, when the source sees it taken.
`timescale 1ns/1ns

module byte_crossing_tb;
    localparam BENCH = "byte_crossing_tb";
    localparam BYTES = 300;
    `include "check.vh"

    integer source_half = 7;
    integer sink_half = 10;

    reg        source_clk = 1'b0;
    reg        source_send = 1'b0;
    reg  [7:0] source_data = 8'h00;
    wire       source_busy;
    reg        sink_clk = 1'b0;
    wire       sink_valid;
    wire [7:0] sink_data;
    reg        sink_take = 1'b0;

    byte_crossing dut (
        .source_clk(source_clk), .source_send(source_send), .source_data(source_data),
        .source_busy(source_busy), .sink_clk(sink_clk), .sink_valid(sink_valid),
        .sink_data(sink_data), .sink_take(sink_take));

    initial forever #(source_half) source_clk = ~source_clk;
    initial forever #(sink_half) sink_clk = ~sink_clk;

    reg [7:0] sent [0:BYTES-1];
    integer   taken = 0;
    integer   still_edges = 0;  // edges of sink_clk since the data changed
    reg [7:0] report = 8'h00;   // changes with sink_take

    always @(source_data)
        still_edges = 0;
    always @(posedge sink_clk)
        still_edges = still_edges + 1;

    initial forever begin : sink
        @(negedge sink_clk);
        if (sink_valid) begin
            repeat ($urandom % 4)
                @(negedge sink_clk);
            check(sink_valid, "valid fell before the byte was taken");
            check(sink_data === sent[taken], $sformatf("byte %0d is wrong", taken));
            check(still_edges >= 2, "data were not still for two edges");
            sink_take = 1'b1;
            taken = taken + 1;
            @(posedge sink_clk);
            #1 report = sink_data + 8'd1;
            @(negedge sink_clk);
            sink_take = 1'b0;
        end
    end

    integer i;

    initial deadline(10_000_000);

    initial begin
        for (i = 0; i < BYTES; i = i + 1) begin
            if (i == BYTES / 3) begin
                source_half = 23;
                sink_half = 4;
            end
            if (i == 2 * BYTES / 3) begin
                source_half = 4;
                sink_half = 23;
            end
            @(negedge source_clk);
            check(!source_busy, "busy before a byte is sent");
            source_data = $urandom;
            sent[i] = source_data;
            source_send = 1'b1;
            @(negedge source_clk);
            source_send = 1'b0;
            check(source_busy, "not busy after sending");
            while (source_busy)
                @(negedge source_clk);
            check(taken == i + 1, "not busy any more, but the byte was not taken");
            check(report === sent[i] + 8'd1, "the report has not arrived with the acknowledge");
            source_data = ~source_data;
            repeat ($urandom % 4)
                @(negedge source_clk);
        end
        #1000 check(taken == BYTES, "a byte came twice");
        pass;
    end
endmodule
