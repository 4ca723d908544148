// The capture register: follows the output multiplexer at every edge of cap_clk.
//
// It is all that cap_clk drives. Live register (play_clk) to capture register
// (cap_clk) is therefore the path through the design and nothing else but the
// output multiplexer, and a timing report per clock pair separates it from
// the fixture's own paths. The player waits that path out (its settle time); it
// is never a timing failure of the fixture.
//
// play_clk and cap_clk come from one pin but through different routing, so the
// crossing counts on stillness: a byte is read when the inputs have been
// still for the settle time and the select for two edges of cap_clk. It leaves
// through a byte crossing, which reads it two cycles later still.
//
// No reset: it follows.
`default_nettype none

module capture_register (
    input  wire       cap_clk,
    input  wire [7:0] selected,
    output reg  [7:0] captured
);
    always @(posedge cap_clk)
        captured <= selected;
endmodule

`default_nettype wire
