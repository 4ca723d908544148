// How a bench reports; included inside a bench module, which gives BENCH, its name.
//
// `check(good, text)` goes on while `good` is 1. The first failure prints
// `FAIL <bench>: <text>` and ends the run with status 1; `pass` prints `PASS <bench>`
// and ends it with 0. A bench that comes to no end fails after `deadline`.

// Icarus 11 does not take the default port values of Yosys' cells_sim.v, which is read
// after this file.
`ifndef NO_ICE40_DEFAULT_ASSIGNMENTS
`define NO_ICE40_DEFAULT_ASSIGNMENTS
`endif

reg ended = 1'b0;

task fail(input string text);
    if (!ended) begin
        ended = 1'b1;
        $display("FAIL %s: %s (time %0d)", BENCH, text, $time);
        $finish_and_return(1);
    end
endtask

task check(input good, input string text);
    if (good !== 1'b1)
        fail(text);
endtask

task pass;
    if (!ended) begin
        ended = 1'b1;
        $display("PASS %s", BENCH);
        $finish_and_return(0);
    end
endtask

task deadline(input integer limit);
    begin
        #(limit);
        fail("deadline");
    end
endtask
