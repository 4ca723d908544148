// SERV's register file: 32 registers of 32 bits in one block RAM of 512 x 2.
//
// It takes the place of SERV's own serv_rf_ram_if and serv_rf_ram, for two
// reasons: theirs count for ever, while here nothing moves once an instruction
// is done (a waiting soft MCU must stand still); and without CSRs the second
// write port is not needed.
//
// Timing, in cycles, `count` being 0 in the first cycle after read_request:
//   count 0, 2, …   reads bits 1:0, 3:2, … of rs1   (register in the RAM: 1 later)
//   count 1, 3, …   reads the same bits of rs2
//   count 2 to 33   SERV works on bit 0 to 31
//   count 3, 5, …   writes bits 1:0, 3:2, … of rd
//   count 34        rest
// ready comes two cycles after read_request. write_request starts SERV's second
// pass at once, with count 2; SERV does not look at rs1 and rs2 in it.
//
// Register 0 is never written: SERV gives no write enable for it, and it is 0
// by configuration. Reset: no ready pending; a count under way runs to its end.
`default_nettype none

module mcu_registers (
    input  wire       clk,
    input  wire       reset,

    input  wire       read_request,
    input  wire       write_request,
    output wire       ready,
    input  wire [4:0] rs1,
    input  wire [4:0] rs2,
    output wire       rs1_bit,
    output wire       rs2_bit,
    input  wire [4:0] rd,
    input  wire       rd_write,
    input  wire       rd_bit
);
    // A register is never read in the cycles in which its own bits are written:
    // reading is at least one pair ahead.
    (* no_rw_check *) reg [1:0] memory [0:511];
    reg [1:0] read_pair;

    reg [5:0] count = 6'd0;
    reg       ready_next = 1'b0;
    reg       granted = 1'b0;
    reg [1:0] rs1_pair;    // shifts towards rs1_bit
    reg       rs2_high;    // second bit of the pair
    reg       rs2_read;    // read_pair holds bits of rs2
    reg       write_last;  // rd_write and rd_bit of the cycle before
    reg       bit_last;

    wire at_rest = count[5] & count[1];
    wire read_rs2 = count[0];
    wire [3:0] write_index = count[4:1] - 4'd1;

    assign ready = granted | write_request;
    assign rs1_bit = rs1_pair[0];
    assign rs2_bit = rs2_read ? read_pair[0] : rs2_high;

    integer i;
    initial
        for (i = 0; i < 512; i = i + 1)
            memory[i] = 2'b00;

    always @(posedge clk) begin
        if (count[0] & write_last)
            memory[{rd, write_index}] <= {rd_bit, bit_last};
        read_pair <= memory[{read_rs2 ? rs2 : rs1, count[4:1]}];
    end

    always @(posedge clk) begin
        if (read_request)
            count <= 6'd0;
        else if (write_request)
            count <= 6'd2;
        else if (!at_rest)
            count <= count + 6'd1;

        ready_next <= read_request & ~reset;
        granted <= ready_next & ~reset;

        rs1_pair <= read_rs2 ? read_pair : {1'b0, rs1_pair[1]};
        rs2_read <= read_rs2;
        if (rs2_read)
            rs2_high <= read_pair[1];

        write_last <= rd_write;
        bit_last <= rd_bit;
    end
endmodule

`default_nettype wire
