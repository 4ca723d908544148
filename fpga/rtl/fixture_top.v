// The fixture: everything in the bitstream but the designs under test.
//
//   rx ─► uart_receiver ─► receive_ring ─► block_sequencer ─┐ byte_crossing
//                              │                            ▼
//                             mcu                         player ─► input_bank ─► design_slots
//                              │                            ▲                         │
//   tx ◄─ uart_transmitter ◄───┴─ capture_sender ◄─ capture_buffer ◄── capture_register ◄┘
//
// Three clocks, all from the pin `clk`:
//   clk        soft MCU, UART, ring, check pass, capture buffer
//   play_clk   player and live inputs
//   cap_clk    the capture register and nothing else
// play_clk and cap_clk have global buffers of their own, so that timing is
// reported for each pair of clocks, and so that play_clk can come from a PLL one
// day. clk and play_clk are treated as unrelated: bytes cross in byte_crossing,
// levels in level_crossing. play_clk to cap_clk is the path through the design; see
// capture_register.
//
// While the soft MCU waits in a blocking read and the stall timer is off, no register
// of the fixture changes. A simulator may let time jump.
//
// Reset: the first 256 cycles after configuration; see reset_generator. The
// designs' inputs are 0 from configuration on.
//
// led_n (active low) is lit while the soft MCU works and dark while it waits
// for the host.
`default_nettype none

module fixture_top #(
    parameter INPUT_BYTES = 4,   // 1 to 255, as the identity block can say
    parameter OUTPUT_BYTES = 4,  // 1 to 255
    parameter UART_DIVIDER = 4,  // cycles of clk a bit, 4 or more
    parameter SLOTS = 1          // 1 to 255
) (
    input  wire clk,
    input  wire rx,
    output wire tx,
    output reg  led_n
);
    localparam INPUT_ADDRESS_BITS = INPUT_BYTES > 1 ? $clog2(INPUT_BYTES) : 1;
    localparam OUTPUT_ADDRESS_BITS = OUTPUT_BYTES > 1 ? $clog2(OUTPUT_BYTES) : 1;
    localparam SLOT_BITS = SLOTS > 1 ? $clog2(SLOTS) : 1;

    // Clocks and reset

    // Kept, so that these are the names in the timing report.
    (* keep *) wire play_clk;
    (* keep *) wire cap_clk;
    wire reset;
    wire play_reset;
    wire player_reset;

    SB_GB play_clk_buffer (.USER_SIGNAL_TO_GLOBAL_BUFFER(clk), .GLOBAL_BUFFER_OUTPUT(play_clk));
    SB_GB cap_clk_buffer (.USER_SIGNAL_TO_GLOBAL_BUFFER(clk), .GLOBAL_BUFFER_OUTPUT(cap_clk));

    reset_generator reset_source (.clk(clk), .reset(reset));

    reg player_held = 1'b0;
    always @(posedge clk)
        player_held <= reset | player_reset;

    level_crossing play_reset_crossing (
        .clk(play_clk), .source(player_held), .sink(play_reset));

    // Soft MCU and its registers

    wire        bus_request;
    wire        bus_write;
    wire [5:2]  bus_address;
    wire [31:0] bus_write_data;
    wire        bus_ready;
    wire [31:0] bus_read_data;
    wire        waiting_for_host;

    wire        flush;
    wire        stall_run;
    wire        stall_expired;

    wire [7:0]  received;
    wire        byte_valid;
    wire        bad_stop;
    wire        ring_stored;
    wire        ring_overflow;
    wire [10:0] ring_free;
    wire [7:0]  head;
    wire        head_ready;
    wire [10:0] offset;
    wire        advance;
    wire        rewind;
    wire        consume;
    wire        rx_take;

    wire        check;
    wire        play;
    wire        drop;
    wire        block_free;
    wire        block_checked;
    wire        block_good;
    wire        playing;
    wire        feed_send;
    wire        feed_busy;
    wire        executed;
    wire        stepped;
    wire        rejected;

    wire [10:0] captured_bytes;
    wire        capture_overflow;
    wire        start_sending;
    wire        sending;

    wire        mcu_send;
    wire        transmitter_busy;
    wire        byte_taken;

    mcu mcu (
        .clk(clk),
        .reset(reset),
        .request(bus_request),
        .write(bus_write),
        .address(bus_address),
        .write_data(bus_write_data),
        .ready(bus_ready),
        .read_data(bus_read_data));

    bus_registers registers (
        .clk(clk),
        .reset(reset),
        .request(bus_request),
        .write(bus_write),
        .address(bus_address),
        .write_data(bus_write_data),
        .ready(bus_ready),
        .read_data(bus_read_data),
        .waiting_for_host(waiting_for_host),
        .rx_available(head_ready & block_free),
        .rx_byte(head),
        .rx_stored(ring_stored),
        .rx_error(ring_overflow | bad_stop),
        .rx_free(ring_free),
        .rx_take(rx_take),
        .flush(flush),
        .stall_run(stall_run),
        .stall_expired(stall_expired),
        .tx_request(mcu_send),
        .tx_taken(byte_taken),
        .tx_busy(transmitter_busy),
        .check(check),
        .play(play),
        .drop(drop),
        .block_checked(block_checked),
        .block_good(block_good),
        .playing(playing),
        .player_reset(player_reset),
        .executed(executed),
        .stepped(stepped),
        .rejected(rejected),
        .captured(captured_bytes),
        .capture_overflow(capture_overflow),
        .send(start_sending),
        .sending(sending));

    stall_timer stall_timer (
        .clk(clk), .run(stall_run), .restart(ring_stored), .expired(stall_expired));

    always @(posedge clk)
        led_n <= waiting_for_host;

    // From the host to the player

    uart_receiver #(.DIVIDER(UART_DIVIDER)) receiver (
        .clk(clk),
        .reset(reset),
        .rx(rx),
        .received(received),
        .byte_valid(byte_valid),
        .bad_stop(bad_stop));

    receive_ring ring (
        .clk(clk),
        .reset(reset),
        .flush(flush),
        .received(received),
        .arrived(byte_valid),
        .stored(ring_stored),
        .overflow(ring_overflow),
        .free(ring_free),
        .head(head),
        .ready(head_ready),
        .offset(offset),
        .advance(advance),
        .rewind(rewind),
        .consume(consume | rx_take));

    block_sequencer sequencer (
        .clk(clk),
        .reset(reset),
        .flush(flush),
        .check(check),
        .length(bus_write_data[10:0]),
        .play(play),
        .drop(drop),
        .free(block_free),
        .checked(block_checked),
        .good(block_good),
        .playing(playing),
        .head(head),
        .ready(head_ready),
        .offset(offset),
        .advance(advance),
        .rewind(rewind),
        .consume(consume),
        .feed_send(feed_send),
        .feed_busy(feed_busy),
        .executed(executed));

    // Player and designs, on play_clk and cap_clk

    wire                            code_valid;
    wire [7:0]                      code;
    wire                            code_take;
    wire                            input_write;
    wire                            input_write_low;
    wire [INPUT_ADDRESS_BITS-1:0]   input_address;
    wire [8*INPUT_BYTES-1:0]        live;
    wire [8*OUTPUT_BYTES-1:0]       outputs;
    wire [OUTPUT_ADDRESS_BITS-1:0]  select;
    wire [SLOT_BITS-1:0]            slot;
    wire [SLOTS-1:0]                slot_selected;
    wire [7:0]                      selected;
    wire [7:0]                      captured;
    wire                            capture_send;
    wire                            capture_busy;
    wire                            capture_arrived;
    wire [7:0]                      capture_byte;
    wire                            capture_take;

    byte_crossing code_crossing (
        .source_clk(clk),
        .source_send(feed_send),
        .source_data(head),
        .source_busy(feed_busy),
        .sink_clk(play_clk),
        .sink_valid(code_valid),
        .sink_data(code),
        .sink_take(code_take));

    player #(
        .INPUT_BYTES(INPUT_BYTES),
        .OUTPUT_BYTES(OUTPUT_BYTES),
        .SLOTS(SLOTS)
    ) player (
        .play_clk(play_clk),
        .reset(play_reset),
        .code_valid(code_valid),
        .code(code),
        .code_take(code_take),
        .stepped(stepped),
        .rejected(rejected),
        .write(input_write),
        .write_low(input_write_low),
        .address(input_address),
        .select(select),
        .slot(slot),
        .capture_send(capture_send),
        .capture_busy(capture_busy));

    input_bank #(
        .BYTES(INPUT_BYTES),
        .ADDRESS_BITS(INPUT_ADDRESS_BITS)
    ) inputs (
        .play_clk(play_clk),
        .reset(play_reset),
        .write(input_write),
        .write_low(input_write_low),
        .address(input_address),
        .data(code),
        .live(live));

    slot_decoder #(
        .SLOTS(SLOTS), .SLOT_BITS(SLOT_BITS)
    ) decoder (.slot(slot), .selected(slot_selected));

    // The link step looks for `designs` by name.
    design_slots #(
        .INPUT_BITS(8*INPUT_BYTES), .OUTPUT_BITS(8*OUTPUT_BYTES), .SLOTS(SLOTS)
    ) designs (.in(live), .selected(slot_selected), .out(outputs));

    output_multiplexer #(
        .BYTES(OUTPUT_BYTES),
        .SELECT_BITS(OUTPUT_ADDRESS_BITS)
    ) multiplexer (
        .outputs(outputs),
        .select(select),
        .selected(selected));

    capture_register capture (
        .cap_clk(cap_clk), .selected(selected), .captured(captured));

    // From the player to the host

    wire [9:0] read_address;
    wire [7:0] read_byte;
    wire       sender_send;
    wire       sender_bit;
    wire [2:0] bit_index;
    wire       take_bit;

    byte_crossing capture_crossing (
        .source_clk(play_clk),
        .source_send(capture_send),
        .source_data(captured),
        .source_busy(capture_busy),
        .sink_clk(clk),
        .sink_valid(capture_arrived),
        .sink_data(capture_byte),
        .sink_take(capture_take));

    capture_buffer buffer (
        .clk(clk),
        .reset(reset),
        .clear(play),
        .arrived(capture_arrived),
        .captured(capture_byte),
        .take(capture_take),
        .count(captured_bytes),
        .overflow(capture_overflow),
        .read_address(read_address),
        .read_byte(read_byte));

    capture_sender sender (
        .clk(clk),
        .reset(reset),
        .start(start_sending),
        .sending(sending),
        .count(captured_bytes),
        .read_address(read_address),
        .read_byte(read_byte),
        .send(sender_send),
        .bit_index(bit_index),
        .data_bit(sender_bit),
        .take_bit(take_bit),
        .taken(byte_taken));

    uart_transmitter #(.DIVIDER(UART_DIVIDER)) transmitter (
        .clk(clk),
        .reset(reset),
        .send(sending ? sender_send : mcu_send),
        .bit_index(bit_index),
        .data_bit(sending ? sender_bit : bus_write_data[bit_index]),
        .take_bit(take_bit),
        .taken(byte_taken),
        .busy(transmitter_busy),
        .tx(tx));
endmodule

`default_nettype wire
