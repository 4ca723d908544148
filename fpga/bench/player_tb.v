// Player, input bank, output multiplexer and capture register against a model of the byte
// code: thousands of random opcodes, with a design whose outputs are garbage until just
// before the settle time ends. Checked: inputs after every byte, captures, reports,
// the time from a step to its capture and to the end of its byte, the stillness of the
// select; reserved opcodes; reset.
`timescale 1ns/1ns

module player_tb;
    localparam BENCH = "player_tb";
    localparam PERIOD = 10;
    localparam INPUT_BYTES = 5;
    localparam OUTPUT_BYTES = 3;
    localparam SLOTS = 2;
    `include "check.vh"

    reg        clk = 1'b0;
    reg        reset = 1'b1;
    reg        code_valid = 1'b0;
    reg  [7:0] code = 8'h00;
    wire       code_take, stepped, rejected;
    wire       write, write_low;
    wire [2:0] address;
    wire [1:0] select;
    wire       slot;
    wire       capture_send;
    reg        capture_busy = 1'b0;
    wire [8*INPUT_BYTES-1:0] live;
    wire [7:0] selected, captured;

    player #(.INPUT_BYTES(INPUT_BYTES), .OUTPUT_BYTES(OUTPUT_BYTES), .SLOTS(SLOTS)) dut (
        .play_clk(clk), .reset(reset), .code_valid(code_valid), .code(code),
        .code_take(code_take), .stepped(stepped), .rejected(rejected), .write(write),
        .write_low(write_low), .address(address), .select(select), .slot(slot),
        .capture_send(capture_send), .capture_busy(capture_busy));

    input_bank #(.BYTES(INPUT_BYTES), .ADDRESS_BITS(3)) inputs (
        .play_clk(clk), .reset(reset), .write(write), .write_low(write_low),
        .address(address), .data(code), .live(live));

    always #(PERIOD / 2) clk = ~clk;

    // The model

    reg [8*INPUT_BYTES-1:0] m_live;
    integer m_settle, m_pointer, m_bytes, m_slot;
    integer m_operands;       // that are still to come
    reg [7:0] m_opcode;
    reg m_step, m_capture;    // the byte being executed ends in a step, with a capture
    reg m_rejected;

    function [8*OUTPUT_BYTES-1:0] outputs_of(input [8*INPUT_BYTES-1:0] in, input integer which);
        outputs_of = which ? ~in[8 +: 24] : in[0 +: 24] ^ {in[39:32], in[39:32], 8'h5A};
    endfunction

    task m_reset;
        begin
            m_live = 0;
            m_settle = 1;
            m_pointer = 0;
            m_bytes = 1;
            m_slot = 0;
            m_operands = 0;
        end
    endtask

    task m_write(input [7:0] value);
        begin
            if (m_pointer < INPUT_BYTES)
                m_live[8*m_pointer +: 8] = value;
            m_pointer = (m_pointer + 1) % 8;
        end
    endtask

    task m_execute(input [7:0] value);
        begin
            m_step = 1'b0;
            m_capture = 1'b0;
            m_rejected = 1'b0;
            if (m_operands > 0) begin
                m_operands = m_operands - 1;
                casez (m_opcode)
                    8'b01??????: begin
                        m_write(value);
                        m_step = 1'b1;
                        m_capture = m_opcode[5];
                    end
                    8'b001?????, 8'b0001????: m_write(value);
                    8'd3: m_settle = value == 0 ? 256 : value;
                    8'd4: m_pointer = value % 8;
                    8'd5: m_bytes = value % 4 + 1;
                    8'd6: m_slot = value % 2;
                endcase
            end else begin
                m_opcode = value;
                casez (value)
                    8'b1???????: begin
                        m_live[5:0] = value[5:0];
                        m_step = 1'b1;
                        m_capture = value[6];
                    end
                    8'b01??????, 8'b001?????: begin
                        m_operands = 1;
                        m_pointer = value[4:0] % 8;
                    end
                    8'b0001????: m_operands = value[3:0] + 1;
                    8'd0: ;
                    8'd1: m_step = 1'b1;
                    8'd2: begin
                        m_step = 1'b1;
                        m_capture = 1'b1;
                    end
                    8'd3, 8'd4, 8'd5, 8'd6: m_operands = 1;
                    default: m_rejected = 1'b1;
                endcase
            end
        end
    endtask

    // The designs: right only in the last 2 ns of the settle time and after.

    time                            changed = 0;
    reg                             stable = 1'b0;
    wire [8*OUTPUT_BYTES-1:0]       settled = outputs_of(live, slot);
    reg  [8*OUTPUT_BYTES-1:0]       outputs;

    always @(live)
        changed = $time;
    always #1 begin
        stable = $time >= changed + m_settle * PERIOD - 2;
        outputs = stable ? settled : ~settled;
    end

    output_multiplexer #(.BYTES(OUTPUT_BYTES), .SELECT_BITS(2)) multiplexer (
        .outputs(outputs), .select(select), .selected(selected));
    capture_register capture (.cap_clk(clk), .selected(selected), .captured(captured));

    // The buffer's side of the capture crossing.

    integer   capture_count = 0;
    integer   select_still = 0;
    reg [7:0] taken;

    always @(select)
        select_still = 0;
    always @(posedge clk)
        select_still = select_still + 1;

    function [7:0] expected_capture(input integer n);
        reg [8*OUTPUT_BYTES-1:0] all;
        begin
            all = outputs_of(m_live, m_slot);
            expected_capture = n < OUTPUT_BYTES ? all[8*n +: 8] : 8'h00;
        end
    endfunction

    initial forever begin : sink
        @(negedge clk);
        if (capture_send) begin
            check(m_capture, "a capture nobody asked for");
            // The edge that sends the byte is the second one.
            check(select_still >= 1, "the select was not still for two edges");
            check(captured === expected_capture(capture_count),
                  $sformatf("capture byte %0d is %h, not %h", capture_count, captured, expected_capture(capture_count)));
            taken = captured;
            capture_count = capture_count + 1;
            @(posedge clk);
            #1 capture_busy = 1'b1;
            repeat (1 + $urandom % 7) begin
                @(posedge clk);
                check(captured === taken, "the captured byte moved while it crossed");
            end
            #1 capture_busy = 1'b0;
        end
    end

    // Feeding

    integer cycles;           // edges since the byte was presented
    integer steps = 0, captures = 0, rejects = 0;
    reg [8*INPUT_BYTES-1:0] before_byte;
    reg seen_capture;

    task feed(input [7:0] value);
        begin
            repeat ($urandom % 3) begin
                code = $urandom;
                @(negedge clk);
                check(live === m_live, "inputs change between bytes");
            end
            before_byte = m_live;
            m_execute(value);
            capture_count = 0;
            code = value;
            code_valid = 1'b1;
            cycles = 0;
            seen_capture = 1'b0;
            #1;
            while (!code_take) begin
                check(live === (cycles == 0 ? before_byte : m_live),
                      "inputs are not written at the first edge");
                if (capture_send && !seen_capture) begin
                    seen_capture = 1'b1;
                    check(cycles == m_settle + 1,
                          $sformatf("capture after %0d cycles at settle %0d", cycles - 1, m_settle));
                end
                @(negedge clk);
                cycles = cycles + 1;
                check(cycles < 400, "the byte is not taken");
                #1;
            end
            // Taken in the cycle that ends with the settle time's last edge.
            if (m_step && !m_capture)
                check(cycles == m_settle,
                      $sformatf("step ends after %0d cycles at settle %0d", cycles, m_settle));
            if (!m_step)
                check(cycles == 0, "a byte without a step takes time");
            check(capture_count == (m_capture ? m_bytes : 0),
                  $sformatf("%0d bytes captured", capture_count));
            @(negedge clk);
            code_valid = 1'b0;
            check(live === m_live, $sformatf("inputs are %h, not %h", live, m_live));
            check(stepped === m_step, "report: stepped");
            check(rejected === m_rejected, "report: rejected");
            steps = steps + m_step;
            captures = captures + m_capture;
            rejects = rejects + m_rejected;
        end
    endtask

    integer n;
    reg [7:0] value;

    initial deadline(20_000_000);

    initial begin
        m_reset;
        repeat (3) @(negedge clk);
        reset = 1'b0;

        for (n = 0; n < 20000; n = n + 1) begin
            value = $urandom;
            if (m_operands == 0)
                // Half of the opcodes from the crowded end.
                value = $urandom % 2 ? value : value % 9;
            else if (m_opcode == 8'd3)
                value = $urandom % 50 == 0 ? 8'd0 : $urandom % 12 + 1;
            feed(value);

            if (n % 1000 == 999) begin
                // Reset in the middle of whatever was begun; bytes are swallowed.
                reset = 1'b1;
                m_reset;
                code = 8'hFF;
                @(negedge clk);
                code_valid = 1'b1;
                #1 check(code_take, "reset does not swallow a byte");
                @(negedge clk);
                code_valid = 1'b0;
                @(negedge clk);
                check(live === 0 && select === 0 && slot === 0, "reset");
                reset = 1'b0;
            end
        end
        check(steps > 5000 && captures > 2000 && rejects > 100, "too little was tried");
        pass;
    end
endmodule
