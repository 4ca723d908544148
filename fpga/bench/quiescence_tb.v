// While the soft MCU waits in a blocking read and the stall timer is off, nothing in the
// fixture moves but the clocks.
//
// Every net and register below fixture_top goes into a waveform file over 1000 cycles
// of waiting, and the bench then reads the file: behind the initial values there
// may be changes of clock nets only. A second window, with a byte in the middle, must show
// changes, or the check would prove nothing. (Memories are not in the file, but
// their contents cannot change while their ports do not.)
`timescale 1ns/1ns
`define DESIGN_SLOTS_GIVEN

module design_slots #(
    parameter INPUT_BITS = 32,
    parameter OUTPUT_BITS = 32,
    parameter SLOTS = 1
) (
    input  wire [INPUT_BITS-1:0]  in,
    input  wire [SLOTS-1:0]       selected,
    output wire [OUTPUT_BITS-1:0] out
);
    reg [7:0] count = 8'd0;

    always @(posedge in[0])
        count <= count + 8'd1;

    assign out = {4{count}};
endmodule

module quiescence_tb;
    localparam BENCH = "quiescence_tb";
    localparam INPUT_BYTES = 4;
    localparam OUTPUT_BYTES = 4;
    localparam UART_DIVIDER = 4;
    localparam SLOTS = 1;
    // Relative to where the bench runs; deleted by nobody, overwritten by the next run.
    localparam WAVEFORM = "quiescence.vcd";

    `include "check.vh"
    `include "board.vh"

    // Waits until the board has been silent for 5000 cycles.
    task settle;
        integer seen;
        begin
            seen = -1;
            while (seen != answers_in) begin
                seen = answers_in;
                #(5000 * PERIOD);
            end
        end
    endtask

    // Reads the waveform file word by word and counts, in a window of time, the
    // changes of nets that are no clocks.

    integer          file, changes, variables, clocks;
    reg [8*256-1:0]  word;
    string           text;
    reg              is_clock [0:65535];
    integer          index;
    time             now;

    function integer next_word(input integer unused);
        begin
            next_word = $fscanf(file, "%s", word);
            text = $sformatf("%0s", word);
        end
    endfunction

    // A net's identifier in the file: one or two printable characters.
    function integer identifier(input string id);
        identifier = id.len() == 1 ? id[0] : id[0] * 256 + id[1];
    endfunction

    function integer names_a_clock(input string name);
        names_a_clock = name == "clk" || name == "play_clk" || name == "cap_clk"
            || name == "sink_clk" || name == "source_clk" || name == "i_clk"
            || name == "RCLK" || name == "WCLK"
            || name == "USER_SIGNAL_TO_GLOBAL_BUFFER" || name == "GLOBAL_BUFFER_OUTPUT";
    endfunction

    task count_changes(input time from, input time to);
        begin
            for (index = 0; index < 65536; index = index + 1)
                is_clock[index] = 1'b0;
            changes = 0;
            variables = 0;
            clocks = 0;
            now = 0;
            file = $fopen(WAVEFORM, "r");
            check(file != 0, "cannot read the waveform back");
            while (next_word(0) == 1)
                if (text == "$var") begin
                    // $var wire 8 id name …
                    index = next_word(0);
                    index = next_word(0);
                    index = next_word(0);
                    check(text.len() <= 2, "an identifier has more than two characters");
                    index = identifier(text);
                    variables = variables + 1;
                    if (next_word(0) == 1 && names_a_clock(text)) begin
                        is_clock[index] = 1'b1;
                        clocks = clocks + 1;
                    end
                end else if (text == "$timescale") begin
                    index = next_word(0);
                    check(text == "1ps", {"timescale of the waveform is ", text});
                end else if (text[0] == "#") begin
                    index = $sscanf(text, "#%d", now);
                    now = now / 1000;  // ps to the bench's ns
                end else if (now > from && now < to && text != "$end" && text[0] != "$") begin
                    // "1id", or "b1010 id"
                    if (text[0] == "b")
                        index = next_word(0);
                    else
                        text = text.substr(1, text.len() - 1);
                    if (!is_clock[identifier(text)])
                        changes = changes + 1;
                end
            $fclose(file);
        end
    endtask

    time quiet_from, quiet_to, busy_to;

    initial deadline(4_000_000);

    initial begin
        clear_image;
        `include "system_program.vh"
        load_image;
        wait (led_n === 1'b1);

        // Some life first: an echo and a block with a capture, which is sent.
        send_byte("E"); send_byte(8'h41); expect_byte(8'h42, "echo");
        send_byte("B"); send_byte(8'd2); send_byte(8'd0); send_byte("P");
        send_block_byte(8'hC1); send_block_byte(8'hFC); send_block_crc;
        send_byte("A");
        settle;
        check(answers_in == 1 + 1 + 5 + 4, "the board has not answered everything");

        $dumpfile(WAVEFORM);
        $dumpvars(0, top);
        #(PERIOD);
        quiet_from = $time;
        #(1000 * PERIOD);
        quiet_to = $time;
        send_byte("E");
        settle;
        busy_to = $time;
        $dumpoff;
        $dumpflush;

        count_changes(quiet_to, busy_to);
        check(changes > 200,
              $sformatf("only %0d changes when a byte comes: the check sees nothing", changes));
        check(variables > 300, $sformatf("only %0d nets in the waveform", variables));
        check(clocks > 20, $sformatf("only %0d clock nets found", clocks));
        count_changes(quiet_from, quiet_to);
        check(changes == 0, $sformatf("%0d changes while the board waits", changes));
        pass;
    end
endmodule
