// Soft MCU program of mcu_tb, assembled by hand; fills image (see image.vh). Every store to
// 0x8000_0008 is a result that the bench knows; loads from 0x8000_0004 are served by it.
image['h000] = 32'h80000437;  // lui s0, 0x80000
image['h001] = 32'h00442483;  // lw s1, 4(s0)
image['h002] = 32'h00442903;  // lw s2, 4(s0)
image['h003] = 32'h01248533;  // add a0, s1, s2
image['h004] = 32'h00a42423;  // sw a0, 8(s0)
image['h005] = 32'h41248533;  // sub a0, s1, s2
image['h006] = 32'h00a42423;  // sw a0, 8(s0)
image['h007] = 32'h0124c533;  // xor a0, s1, s2
image['h008] = 32'h00a42423;  // sw a0, 8(s0)
image['h009] = 32'h0124f533;  // and a0, s1, s2
image['h00a] = 32'h00a42423;  // sw a0, 8(s0)
image['h00b] = 32'h0124e533;  // or a0, s1, s2
image['h00c] = 32'h00a42423;  // sw a0, 8(s0)
image['h00d] = 32'hfff4a513;  // slti a0, s1, -1
image['h00e] = 32'h00a42423;  // sw a0, 8(s0)
image['h00f] = 32'hfff92513;  // slti a0, s2, -1
image['h010] = 32'h00a42423;  // sw a0, 8(s0)
image['h011] = 32'h00749513;  // slli a0, s1, 7
image['h012] = 32'h00a42423;  // sw a0, 8(s0)
image['h013] = 32'h0094d513;  // srli a0, s1, 9
image['h014] = 32'h00a42423;  // sw a0, 8(s0)
image['h015] = 32'h41f4d513;  // srai a0, s1, 31
image['h016] = 32'h00a42423;  // sw a0, 8(s0)
image['h017] = 32'h00a00293;  // addi t0, zero, 10
image['h018] = 32'h00000513;  // addi a0, zero, 0
// sum:
image['h019] = 32'h00550533;  // add a0, a0, t0
image['h01a] = 32'hfff28293;  // addi t0, t0, -1
image['h01b] = 32'hfe029ce3;  // bne t0, zero, sum
image['h01c] = 32'h00a42423;  // sw a0, 8(s0)
image['h01d] = 32'h00500013;  // addi zero, zero, 5
image['h01e] = 32'h00042423;  // sw zero, 8(s0)
image['h01f] = 32'h074000ef;  // jal ra, twice
image['h020] = 32'h00a42423;  // sw a0, 8(s0)
image['h021] = 32'h00802503;  // lw a0, 8(zero)
image['h022] = 32'h00a42423;  // sw a0, 8(s0)
image['h023] = 32'h7c000993;  // addi s3, zero, 0x7c0
image['h024] = 32'h0099a023;  // sw s1, 0(s3)
image['h025] = 32'h01298123;  // sb s2, 2(s3)
image['h026] = 32'h0009a503;  // lw a0, 0(s3)
image['h027] = 32'h00a42423;  // sw a0, 8(s0)
image['h028] = 32'h01299023;  // sh s2, 0(s3)
image['h029] = 32'h0009a503;  // lw a0, 0(s3)
image['h02a] = 32'h00a42423;  // sw a0, 8(s0)
image['h02b] = 32'h00398503;  // lb a0, 3(s3)
image['h02c] = 32'h00a42423;  // sw a0, 8(s0)
image['h02d] = 32'h0039c503;  // lbu a0, 3(s3)
image['h02e] = 32'h00a42423;  // sw a0, 8(s0)
image['h02f] = 32'h00299503;  // lh a0, 2(s3)
image['h030] = 32'h00a42423;  // sw a0, 8(s0)
image['h031] = 32'h0029d503;  // lhu a0, 2(s3)
image['h032] = 32'h00a42423;  // sw a0, 8(s0)
image['h033] = 32'h00100513;  // addi a0, zero, 1
image['h034] = 32'h0124c463;  // blt s1, s2, less
image['h035] = 32'h00200513;  // addi a0, zero, 2
// less:
image['h036] = 32'h00a42423;  // sw a0, 8(s0)
image['h037] = 32'h00300513;  // addi a0, zero, 3
image['h038] = 32'h0124d463;  // bge s1, s2, more
image['h039] = 32'h00400513;  // addi a0, zero, 4
// more:
image['h03a] = 32'h00a42423;  // sw a0, 8(s0)
image['h03b] = 32'h00c0006f;  // jal zero, end
// twice:
image['h03c] = 32'h00a50533;  // add a0, a0, a0
image['h03d] = 32'h00008067;  // jalr zero, 0(ra)
// end:
image['h03e] = 32'h02042623;  // sw zero, 44(s0)
image['h03f] = 32'hffdff06f;  // jal zero, end
