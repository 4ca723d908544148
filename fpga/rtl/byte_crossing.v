// Takes bytes from `source_clk` to `sink_clk`: a toggle handshake beside data
// that stand still.
//
//   source_send   one cycle, while source_busy is 0: a byte is on source_data
//   source_busy   until the sink has taken it; source_data must not change
//   sink_valid    the byte on sink_data waits
//   sink_take     one cycle, while sink_valid is 1
//
// Only the two toggles are synchronised. The data pass through as they are:
// the request toggle takes two cycles of sink_clk to arrive, and by then
// they have been still for as long. What the sink wants to report about a byte
// crosses the same way in the other direction: it changes together with
// sink_take and is read when source_busy falls.
//
// No reset: both toggles start at 0 by configuration. A reset that reached the
// two sides at different times would invent a byte.
`default_nettype none

module byte_crossing (
    input  wire       source_clk,
    input  wire       source_send,
    input  wire [7:0] source_data,
    output wire       source_busy,

    input  wire       sink_clk,
    output wire       sink_valid,
    output wire [7:0] sink_data,
    input  wire       sink_take
);
    reg  request = 1'b0;
    reg  acknowledge = 1'b0;
    wire request_at_sink;
    wire acknowledge_at_source;

    level_crossing request_crossing (
        .clk(sink_clk), .source(request), .sink(request_at_sink));
    level_crossing acknowledge_crossing (
        .clk(source_clk), .source(acknowledge), .sink(acknowledge_at_source));

    assign source_busy = request ^ acknowledge_at_source;
    assign sink_valid = request_at_sink ^ acknowledge;
    assign sink_data = source_data;

    always @(posedge source_clk)
        if (source_send)
            request <= ~request;

    always @(posedge sink_clk)
        if (sink_take)
            acknowledge <= ~acknowledge;
endmodule

`default_nettype wire
