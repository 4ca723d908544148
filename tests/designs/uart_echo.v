// A design of its own, without filbench's fixture: sends every byte back that it
// receives, 8N1. Bytes that come while one is sent wait in a FIFO.
//
// No reset: registers start as iCE40 flip-flops do, at 0.
module uart_echo #(
    parameter DIVIDER = 4  // cycles of clk a bit
) (
    input  wire clk,
    input  wire rx,
    output wire tx
);
    // The level of rx, two flip-flops behind, inverted so that 0 is idle.
    reg [1:0] rx_n;
    always @(posedge clk) rx_n <= {rx_n[0], ~rx};

    // Receiver: 10 samples in the middle of a bit, from start to stop bit.
    reg        receiving;
    reg  [3:0] rx_bits;
    reg  [7:0] rx_cycles;
    reg  [7:0] rx_byte;
    wire       sample = receiving && rx_cycles == 0;
    reg        received;
    always @(posedge clk) begin
        received <= sample && rx_bits == 8;
        if (!receiving) begin
            receiving <= rx_n[1];
            rx_bits   <= 0;
            rx_cycles <= DIVIDER / 2 - 1;
        end else if (sample) begin
            if (rx_bits <= 8) rx_byte <= {~rx_n[1], rx_byte[7:1]};
            rx_bits   <= rx_bits + 1;
            rx_cycles <= DIVIDER - 1;
            if (rx_bits == 9) receiving <= 0;
        end else rx_cycles <= rx_cycles - 1;
    end

    // A block RAM.
    reg [7:0] fifo [0:511];
    reg [8:0] write_at, read_at;
    reg [7:0] next;
    always @(posedge clk) begin
        if (received) begin
            fifo[write_at] <= rx_byte;
            write_at <= write_at + 1;
        end
        next <= fifo[read_at];
    end

    // Transmitter: what is in `shift` is inverted, so that it starts idle.
    reg  [8:0] shift;
    reg  [3:0] tx_bits;
    reg  [7:0] tx_cycles;
    reg        fresh;  // `next` is the byte at read_at
    always @(posedge clk) begin
        fresh <= write_at != read_at;
        if (tx_cycles != 0) tx_cycles <= tx_cycles - 1;
        else if (tx_bits != 0) begin
            shift     <= shift >> 1;
            tx_bits   <= tx_bits - 1;
            tx_cycles <= DIVIDER - 1;
        end else if (fresh) begin
            shift     <= {~next, 1'b1};
            tx_bits   <= 9;
            tx_cycles <= DIVIDER - 1;
            read_at   <= read_at + 1;
            fresh     <= 0;
        end
    end
    assign tx = ~shift[0];
endmodule
