// Every register in every combination of what it depends on: when it is ready, what it reads, what
// it does; the sticky errors and the step count.
`timescale 1ns/1ns

module bus_registers_tb;
    localparam BENCH = "bus_registers_tb";
    `include "check.vh"
    `include "regmap.vh"

    reg         clk = 1'b0;
    reg         reset = 1'b1;
    reg         request = 1'b0;
    reg         write = 1'b0;
    reg  [5:0]  register = 6'd0;
    reg  [31:0] write_data = 32'd0;
    wire        ready;
    wire [31:0] read_data;
    wire        waiting_for_host;
    reg         rx_available = 0, rx_stored = 0, rx_error = 0;
    reg  [7:0]  rx_byte = 8'd0;
    reg  [10:0] rx_free = 11'd0;
    wire        rx_take, flush, stall_run;
    reg         stall_expired = 0;
    wire        tx_request;
    reg         tx_taken = 0, tx_busy = 0;
    wire        check_block, play, drop;
    reg         block_checked = 0, block_good = 0, playing = 0;
    wire        player_reset;
    reg         executed = 0, stepped = 0, rejected = 0;
    reg  [10:0] captured = 11'd0;
    reg         capture_overflow = 0;
    wire        send;
    reg         sending = 0;

    bus_registers dut (
        .clk(clk), .reset(reset), .request(request), .write(write), .address(register[5:2]),
        .write_data(write_data), .ready(ready), .read_data(read_data),
        .waiting_for_host(waiting_for_host), .rx_available(rx_available), .rx_byte(rx_byte),
        .rx_stored(rx_stored), .rx_error(rx_error), .rx_free(rx_free), .rx_take(rx_take), .flush(flush),
        .stall_run(stall_run), .stall_expired(stall_expired), .tx_request(tx_request),
        .tx_taken(tx_taken), .tx_busy(tx_busy), .check(check_block), .play(play), .drop(drop),
        .block_checked(block_checked), .block_good(block_good), .playing(playing),
        .player_reset(player_reset), .executed(executed), .stepped(stepped),
        .rejected(rejected), .captured(captured), .capture_overflow(capture_overflow),
        .send(send), .sending(sending));

    always #5 clk = ~clk;

    // The model's registers
    reg       m_stall_timer = 0, m_player_reset = 0, m_timed_out = 0, m_overflow = 0, m_bad = 0;
    reg [10:0] m_steps = 11'd0;

    reg        m_ready, moved;
    reg [31:0] m_read;
    reg        m_control;

    // Expectations for the cycle under way, from fpga/regmap.toml.
    task expect_cycle;
        begin
            case (register)
                REG_RX_DATA: m_ready = rx_available || stall_expired;
                REG_BLOCK_WAIT: m_ready = block_checked || stall_expired;
                REG_TX_DATA: m_ready = tx_taken && !sending;
                REG_CONTROL, REG_BLOCK_LENGTH, REG_PLAY_WAIT, REG_DROP_BLOCK: m_ready = !playing;
                REG_PLAY, REG_SEND_CAPTURED: m_ready = !playing && !sending;
                default: m_ready = 1'b1;
            endcase
            if (request)
                check(ready === m_ready, $sformatf("register %02h: ready is %b", register, ready));

            case (register)
                REG_RX_DATA: m_read = {rx_available, rx_byte};
                REG_CAPTURED: m_read = {m_steps, 5'd0, captured};
                default: m_read = {rx_free, 7'd0, capture_overflow, m_bad, playing, block_good && block_checked,
                                   block_checked, tx_busy || sending, m_overflow, m_timed_out || stall_expired,
                                   rx_available};
            endcase
            case (register)
                REG_STATUS, REG_RX_DATA, REG_BLOCK_WAIT, REG_PLAY_WAIT, REG_CAPTURED:
                    check(read_data === m_read,
                          $sformatf("register %02h reads %h, not %h", register, read_data, m_read));
            endcase

            moved = request && write && m_ready;
            m_control = moved && register == REG_CONTROL;
            check(rx_take === (request && !write && register == REG_RX_DATA && rx_available),
                  "rx_take");
            check(tx_request === (request && write && register == REG_TX_DATA && !sending),
                  "tx_request");
            check(check_block === (moved && register == REG_BLOCK_LENGTH), "check");
            check(play === (moved && register == REG_PLAY), "play");
            check(drop === (moved && register == REG_DROP_BLOCK), "drop");
            check(send === (moved && register == REG_SEND_CAPTURED), "send");
            check(flush === (m_control && write_data[CONTROL_FLUSH_RX]), "flush");
            check(player_reset === m_player_reset, "player_reset");
            if (request && !write) begin
                moved = register == REG_RX_DATA || register == REG_BLOCK_WAIT;
                check(stall_run === (moved && m_stall_timer), "stall_run");
                check(waiting_for_host === (moved && !m_ready), "waiting_for_host");
            end
            if (!request)
                check(!stall_run && !waiting_for_host, "waits without a request");
        end
    endtask

    task model_edge;
        reg clear;
        begin
            clear = m_control && write_data[CONTROL_CLEAR_ERRORS];
            m_timed_out = rx_stored || clear ? 1'b0 : m_timed_out || stall_expired;
            m_overflow = rx_error || (m_overflow && !clear);
            m_bad = (executed && rejected) || (m_bad && !clear);
            m_steps = m_player_reset ? 11'd0 : m_steps + (executed && stepped);
            if (m_control) begin
                m_stall_timer = write_data[CONTROL_STALL_TIMER];
                m_player_reset = write_data[CONTROL_RESET_PLAYER];
            end
            if (reset) begin
                {m_stall_timer, m_player_reset, m_timed_out, m_overflow, m_bad} = 5'd0;
                m_steps = 11'd0;
            end
        end
    endtask

    integer n;
    reg [31:0] noise;
    integer transfers [0:15];

    initial begin
        repeat (2) @(negedge clk);
        for (n = 0; n < 16; n = n + 1)
            transfers[n] = 0;
        for (n = 0; n < 200000; n = n + 1) begin
            reset = n == 0 || $urandom % 2000 == 0;
            request = $urandom % 4 != 0;
            write = $urandom;
            register = {$urandom, 2'b00};
            // Bit patterns of CONTROL that change the modes not too often.
            write_data = $urandom;
            noise = $urandom;
            {rx_available, block_checked, block_good, playing, sending, tx_taken, tx_busy, capture_overflow} = noise[7:0];
            {rx_stored, rx_error, stall_expired, executed, stepped, rejected} = noise[13:8] & noise[19:14];
            rx_byte = noise[27:20];
            captured = $urandom % (CAPACITY_CAPTURE + 1);
            rx_free = $urandom;
            #1 expect_cycle;
            if (request && ready)
                transfers[register / 4] = transfers[register / 4] + 1;
            model_edge;
            @(negedge clk);
        end
        for (n = 0; n < 16; n = n + 1)
            check(transfers[n] > 1000, $sformatf("register %02h hardly ever transferred", 4 * n));
        pass;
    end
endmodule
