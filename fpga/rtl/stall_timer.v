// Ends a read that waits for bytes that do not come: `expired` rises 2^BITS
// cycles after the wait began or after the last `restart`, whichever is later,
// and falls when `run` does.
//
// It counts only while `run` is 1, and stands at 0 otherwise; so it needs no reset
// beyond its configured 0.
`default_nettype none

module stall_timer #(
    parameter BITS = 18
) (
    input  wire clk,
    input  wire run,
    input  wire restart,
    output wire expired
);
    reg [BITS:0] count = 0;

    assign expired = count[BITS];

    always @(posedge clk)
        if (!run || restart)
            count <= 0;
        else
            count <= count + 1'b1;
endmodule

`default_nettype wire
