// Expires 2^BITS cycles after the wait began or after the last restart, and not at all
// when neither is that long ago; stands still when not running.
`timescale 1ns/1ns

module stall_timer_tb;
    localparam BENCH = "stall_timer_tb";
    localparam BITS = 5;
    `include "check.vh"

    reg  clk = 1'b0;
    reg  run = 1'b0;
    reg  restart = 1'b0;
    wire expired;

    stall_timer #(.BITS(BITS)) dut (.clk(clk), .run(run), .restart(restart), .expired(expired));

    always #5 clk = ~clk;

    integer waited = 0;  // edges since the wait began or the last restart
    integer expiries = 0;

    always @(posedge clk) begin
        waited = run && !restart ? waited + 1 : 0;
        #1 check(expired === (waited >= 2**BITS),
              $sformatf("expired is %b after %0d cycles", expired, waited));
        if (expired)
            expiries = expiries + 1;
    end

    initial begin
        @(negedge clk);
        repeat (300) begin
            run = 1'b1;
            repeat ($urandom % (3 * 2**BITS / 2)) begin
                restart = $urandom % 64 == 0;
                @(negedge clk);
                if (expired) begin
                    // The read ends.
                    run = 1'b0;
                    @(negedge clk);
                    run = 1'b1;
                end
            end
            restart = 1'b0;
            run = 1'b0;
            @(negedge clk);
        end
        check(expiries > 20, "the timer never expired");
        pass;
    end
endmodule
