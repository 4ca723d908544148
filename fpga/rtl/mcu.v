// The soft MCU: SERV without CSRs, its register file, 4 KiB of RAM at address 0,
// and a bus to the fixture's registers at 0x8000_0000.
//
// The register bus: while `request` is 1, `write`, `address` and `write_data` stand
// still; the transfer happens in the one cycle in which `ready` is 1 too, and
// read_data is taken in it. A transfer that waits stops everything here: SERV has
// no counter of its own and mcu_registers rests.
//
// SERV never fetches and loads at once, so one RAM port serves both. RAM answers
// in the cycle after the request.
//
// Reset: starts at address 0 when it ends.
`default_nettype none

module mcu (
    input  wire        clk,
    input  wire        reset,

    output wire        request,
    output wire        write,
    output wire [5:2]  address,
    output wire [31:0] write_data,
    input  wire        ready,
    input  wire [31:0] read_data
);
    wire [31:0] fetch_address;
    wire        fetch;
    wire [31:0] data_address;
    wire [3:0]  data_lanes;
    wire        data_cycle;

    wire        rf_read_request;
    wire        rf_write_request;
    wire        rf_ready;
    wire [4:0]  rd;
    wire        rd_write;
    wire        rd_bit;
    wire [4:0]  rs1;
    wire [4:0]  rs2;
    wire        rs1_bit;
    wire        rs2_bit;

    wire        to_registers = data_address[31];
    wire        ram_request = fetch | (data_cycle & ~to_registers);
    wire        ram_write = data_cycle & write & ~to_registers;
    reg         ram_ready = 1'b0;
    wire [31:0] ram_data;

    assign request = data_cycle & to_registers;
    assign address = data_address[5:2];

    always @(posedge clk)
        ram_ready <= ram_request & ~ram_ready & ~reset;

    mcu_ram ram (
        .clk(clk),
        .address(fetch ? fetch_address[11:2] : data_address[11:2]),
        .write_lanes(data_lanes & {4{ram_write}}),
        .write_data(write_data),
        .read_data(ram_data));

    mcu_registers registers (
        .clk(clk),
        .reset(reset),
        .read_request(rf_read_request),
        .write_request(rf_write_request),
        .ready(rf_ready),
        .rs1(rs1),
        .rs2(rs2),
        .rs1_bit(rs1_bit),
        .rs2_bit(rs2_bit),
        .rd(rd),
        .rd_write(rd_write),
        .rd_bit(rd_bit));

    serv_top #(
        .WITH_CSR(0),
        .PRE_REGISTER(1),
        .RESET_STRATEGY("MINI"),
        .RESET_PC(32'd0)
    ) cpu (
        .clk(clk),
        .i_rst(reset),
        .i_timer_irq(1'b0),

        .o_rf_rreq(rf_read_request),
        .o_rf_wreq(rf_write_request),
        .i_rf_ready(rf_ready),
        .o_wreg0(rd),
        .o_wreg1(),
        .o_wen0(rd_write),
        .o_wen1(),
        .o_wdata0(rd_bit),
        .o_wdata1(),
        .o_rreg0(rs1),
        .o_rreg1(rs2),
        .i_rdata0(rs1_bit),
        .i_rdata1(rs2_bit),

        .o_ibus_adr(fetch_address),
        .o_ibus_cyc(fetch),
        .i_ibus_rdt(ram_data),
        .i_ibus_ack(ram_ready & fetch),
        .o_dbus_adr(data_address),
        .o_dbus_dat(write_data),
        .o_dbus_sel(data_lanes),
        .o_dbus_we(write),
        .o_dbus_cyc(data_cycle),
        .i_dbus_rdt(to_registers ? read_data : ram_data),
        .i_dbus_ack(to_registers ? ready & data_cycle : ram_ready & ~fetch),

        .o_ext_funct3(),
        .i_ext_ready(1'b0),
        .i_ext_rd(32'd0),
        .o_ext_rs1(),
        .o_ext_rs2(),
        .o_mdu_valid());
endmodule

`default_nettype wire
