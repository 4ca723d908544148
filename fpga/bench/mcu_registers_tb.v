// SERV's side played by the bench: one-pass instructions (read two registers, write one) and
// two-pass ones (read, pause, write), against a model; and rest in between.
`timescale 1ns/1ns

module mcu_registers_tb;
    localparam BENCH = "mcu_registers_tb";
    `include "check.vh"

    reg        clk = 1'b0;
    reg        reset = 1'b1;
    reg        read_request = 1'b0;
    reg        write_request = 1'b0;
    wire       ready;
    reg  [4:0] rs1 = 5'd0;
    reg  [4:0] rs2 = 5'd0;
    wire       rs1_bit;
    wire       rs2_bit;
    reg  [4:0] rd = 5'd0;
    reg        rd_write = 1'b0;
    reg        rd_bit = 1'b0;

    mcu_registers dut (
        .clk(clk), .reset(reset), .read_request(read_request), .write_request(write_request),
        .ready(ready), .rs1(rs1), .rs2(rs2), .rs1_bit(rs1_bit), .rs2_bit(rs2_bit),
        .rd(rd), .rd_write(rd_write), .rd_bit(rd_bit));

    always #5 clk = ~clk;

    reg [31:0] model [0:31];
    reg [31:0] result, got1, got2, expected1, expected2;
    integer    i, n, cycles;

    // 32 cycles of SERV; bit 0 is in the cycle after `ready`.
    task pass_of_32(input writes);
        begin
            for (i = 0; i < 32; i = i + 1) begin
                rd_write = writes && rd != 0;  // SERV gates register 0 itself
                rd_bit = result[i];
                #1 got1[i] = rs1_bit;
                got2[i] = rs2_bit;
                @(negedge clk);
            end
            rd_write = 1'b0;
            rd_bit = $urandom;
            if (writes && rd != 0)
                model[rd] = result;
        end
    endtask

    task fetch;
        begin
            read_request = 1'b1;
            @(negedge clk);
            read_request = 1'b0;
            cycles = 1;
            while (!ready) begin
                @(negedge clk);
                cycles = cycles + 1;
                check(cycles < 5, "not ready");
            end
            check(cycles == 2, $sformatf("ready after %0d cycles", cycles));
            @(negedge clk);
        end
    endtask

    task check_operands;
        begin
            check(got1 === expected1, $sformatf("rs1 = x%0d is %h, not %h", rs1, got1, expected1));
            check(got2 === expected2, $sformatf("rs2 = x%0d is %h, not %h", rs2, got2, expected2));
        end
    endtask

    // At rest nothing moves, for as long as a bus transfer may take.
    task rest;
        reg [31:0] held;
        begin
            repeat (3)
                @(negedge clk);
            held = {dut.count, dut.ready_next, dut.granted, dut.rs1_pair, dut.rs2_high, dut.rs2_read,
                    dut.write_last, dut.read_pair};
            repeat (100) begin
                @(negedge clk);
                check(held === {dut.count, dut.ready_next, dut.granted, dut.rs1_pair, dut.rs2_high,
                                dut.rs2_read, dut.write_last, dut.read_pair}, "it moves at rest");
            end
        end
    endtask

    initial begin
        for (n = 0; n < 32; n = n + 1)
            model[n] = 32'd0;
        repeat (40) @(negedge clk);
        check(!ready, "ready in reset");
        reset = 1'b0;

        for (n = 0; n < 3000; n = n + 1) begin
            rs1 = $urandom;
            rs2 = $urandom;
            rd = $urandom % 4 == 0 ? rs1 : $urandom;
            result = $urandom;
            fetch;
            expected1 = model[rs1];
            expected2 = model[rs2];
            if (n % 3) begin
                // Operands are read while rd is written, and may be rd.
                pass_of_32(1'b1);
                check_operands;
            end else begin
                pass_of_32(1'b0);
                check_operands;
                if (n % 300 == 0)
                    rest;
                else
                    repeat ($urandom % 4)
                        @(negedge clk);
                write_request = 1'b1;
                #1 check(ready, "a second pass begins at once");
                @(negedge clk);
                write_request = 1'b0;
                pass_of_32(1'b1);
            end
            // The next fetch takes at least a cycle; nothing is written any more.
            @(negedge clk);
        end
        check(model[0] === 32'd0, "register 0");
        pass;
    end
endmodule
