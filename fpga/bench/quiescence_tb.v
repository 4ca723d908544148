// While the soft MCU waits in a blocking read and the stall timer is off, nothing in the
// fixture moves but the clocks.
//
// Every net and register below fixture_top goes into a waveform file over 1000 cycles
// of waiting, and the bench then reads the file: behind the initial values there
// may be changes of clock nets only. A second window, with a byte in the middle, must show
// changes, or the check would prove nothing. (Memories are not in the file, but
// their contents cannot change while their ports do not.)
`timescale 1ns/1ns
`define DESIGN_SLOT_GIVEN

module design_slot #(
    parameter INPUT_BITS = 32,
    parameter OUTPUT_BITS = 32
) (
    input  wire [INPUT_BITS-1:0]  in,
    output wire [OUTPUT_BITS-1:0] out
);
    reg [7:0] count = 8'd0;

    always @(posedge in[0])
        count <= count + 8'd1;

    assign out = {4{count}};
endmodule

module quiescence_tb;
    localparam BENCH = "quiescence";
    localparam INPUT_BYTES = 4;
    localparam OUTPUT_BYTES = 4;
    localparam UART_DIVIDER = 4;
    localparam SLOTS = 1;
    // Relative to where the bench runs; deleted by nobody, overwritten by the next run.
    localparam WAVEFORM = "quiescence.vcd";

    `include "fpga/bench/check.vh"
    `include "fpga/bench/board.vh"

    // Waits until the board has been silent for 500 cycles.
    task settle;
        integer seen;
        begin
            seen = -1;
            while (seen != answers_in) begin
                seen = answers_in;
                #(500 * PERIOD);
            end
        end
    endtask

    // Counts, between `from` and `to`, changes of nets that are no clocks.
    integer file, status, changes, variables, clocks, position;
    reg [8*256-1:0] line;
    reg [8*32-1:0]  kind, type, width, id, name, value;
    reg             is_clock [0:65535];
    integer         index;
    time            now;

    // A waveform identifier is up to four printable characters; here at most two.
    function integer identifier(input [8*32-1:0] text);
        identifier = text[15:0];
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
            status = 1;
            while (status != 0) begin
                status = $fgets(line, file);
                if (status != 0) begin
                    kind = 0;
                    if ($sscanf(line, "%s", kind) < 1)
                        kind = 0;
                    if (kind == "$var") begin
                        status = $sscanf(line, "%s %s %s %s %s", kind, type, width, id, name);
                        check(id[8*32-1:16] == 0, "identifier is longer than two characters");
                        variables = variables + 1;
                        if (name == "clk" || name == "play_clk" || name == "cap_clk" || name == "i_clk"
                                || name == "sink_clk" || name == "source_clk" || name == "RCLK" || name == "WCLK"
                                || name == "USER_SIGNAL_TO_GLOBAL_BUFFER" || name == "GLOBAL_BUFFER_OUTPUT") begin
                            is_clock[identifier(id)] = 1'b1;
                            clocks = clocks + 1;
                        end
                    end else if ($sscanf(line, "#%d", now) == 1)
                        ;
                    else if (now > from && now <= to) begin
                        // "0!" or "b0101 !"
                        if ($sscanf(line, "b%s %s", value, id) != 2) begin
                            id = 0;
                            status = $sscanf(line, "%s", id);
                            for (position = 31; position >= 0; position = position - 1)
                                if (id[8*position +: 8] != 0 && id[8*position + 8 +: 8] == 0)
                                    index = position;
                            id[8*index +: 8] = 0;
                        end
                        if (!is_clock[identifier(id)]) begin
                            if (changes < 5 && to == quiet_to)
                                $display("moved: %0s", line);
                            changes = changes + 1;
                        end
                    end
                    status = 1;
                end
            end
            $fclose(file);
        end
    endtask

    time quiet_from, quiet_to, busy_to;

    initial deadline(4_000_000);

    initial begin
        load_image("fpga/bench/system_program.hex");
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
        check(changes > 200, $sformatf("only %0d changes when a byte comes: the check sees nothing", changes));
        check(variables > 300, $sformatf("only %0d nets in the waveform", variables));
        check(clocks > 20, $sformatf("only %0d clock nets found", clocks));
        count_changes(quiet_from, quiet_to);
        check(changes == 0, $sformatf("%0d changes while the board waits", changes));
        pass;
    end
endmodule
