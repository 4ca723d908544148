// Soft MCU program of the system benches, assembled by hand; fills image (see image.vh).
//
// A monitor that takes one-letter commands:
//   E x        echo: answers x + 1
//   C x        CONTROL = x; answers C
//   S          answers STATUS (low byte, high byte)
//   B lo hi x  BLOCK_LENGTH = hi:lo, waits; answers BLOCK_WAIT (low byte); a good
//              block is then played (x = P: PLAY, waits; answers PLAY_WAIT (low, high
//              byte), CAPTURED (bytes low, bytes high, steps)), or played likewise with
//              the ring flushed behind it (x = F), or dropped (x = D)
//   A          SEND_CAPTURED
//   R          reads RX_DATA, then STATUS; answers VALID and STATUS (low byte)
//   M          stores and loads of all widths; answers four bytes
image['h000] = 32'h80000437;  // lui s0, 0x80000
// loop:
image['h001] = 32'h00442503;  // lw a0, 4(s0)
image['h002] = 32'h0ff57513;  // andi a0, a0, 0xff
image['h003] = 32'h04500293;  // addi t0, zero, 0x45
image['h004] = 32'h02550c63;  // beq a0, t0, echo
image['h005] = 32'h04300293;  // addi t0, zero, 0x43
image['h006] = 32'h04550063;  // beq a0, t0, control
image['h007] = 32'h05300293;  // addi t0, zero, 0x53
image['h008] = 32'h04550463;  // beq a0, t0, status
image['h009] = 32'h04200293;  // addi t0, zero, 0x42
image['h00a] = 32'h04550a63;  // beq a0, t0, block
image['h00b] = 32'h04100293;  // addi t0, zero, 0x41
image['h00c] = 32'h0c550463;  // beq a0, t0, answer
image['h00d] = 32'h05200293;  // addi t0, zero, 0x52
image['h00e] = 32'h0c550863;  // beq a0, t0, read
image['h00f] = 32'h04d00293;  // addi t0, zero, 0x4d
image['h010] = 32'h0e550063;  // beq a0, t0, memory
image['h011] = 32'hfc1ff06f;  // jal zero, loop
// echo:
image['h012] = 32'h00442583;  // lw a1, 4(s0)
image['h013] = 32'h00158593;  // addi a1, a1, 1
image['h014] = 32'h00b42423;  // sw a1, 8(s0)
image['h015] = 32'hfb1ff06f;  // jal zero, loop
// control:
image['h016] = 32'h00442583;  // lw a1, 4(s0)
image['h017] = 32'h00b42623;  // sw a1, 12(s0)
image['h018] = 32'h00a42423;  // sw a0, 8(s0)
image['h019] = 32'hfa1ff06f;  // jal zero, loop
// status:
image['h01a] = 32'h00042583;  // lw a1, 0(s0)
image['h01b] = 32'h00b42423;  // sw a1, 8(s0)
image['h01c] = 32'h0085d593;  // srli a1, a1, 8
image['h01d] = 32'h00b42423;  // sw a1, 8(s0)
image['h01e] = 32'hf8dff06f;  // jal zero, loop
// block:
image['h01f] = 32'h00442583;  // lw a1, 4(s0)
image['h020] = 32'h0ff5f593;  // andi a1, a1, 0xff
image['h021] = 32'h00442603;  // lw a2, 4(s0)
image['h022] = 32'h0ff67613;  // andi a2, a2, 0xff
image['h023] = 32'h00861613;  // slli a2, a2, 8
image['h024] = 32'h00c5e5b3;  // or a1, a1, a2
image['h025] = 32'h00442683;  // lw a3, 4(s0)
image['h026] = 32'h0ff6f693;  // andi a3, a3, 0xff
image['h027] = 32'h00b42823;  // sw a1, 16(s0)
image['h028] = 32'h01442583;  // lw a1, 20(s0)
image['h029] = 32'h00b42423;  // sw a1, 8(s0)
image['h02a] = 32'h0205f593;  // andi a1, a1, 0x20
image['h02b] = 32'hf4058ce3;  // beq a1, zero, loop
image['h02c] = 32'h04400293;  // addi t0, zero, 0x44
image['h02d] = 32'h04568663;  // beq a3, t0, drop
// play:
image['h02e] = 32'h00042c23;  // sw zero, 24(s0)
image['h02f] = 32'h01c42583;  // lw a1, 28(s0)
image['h030] = 32'h00b42423;  // sw a1, 8(s0)
image['h031] = 32'h0085d593;  // srli a1, a1, 8
image['h032] = 32'h00b42423;  // sw a1, 8(s0)
image['h033] = 32'h02042583;  // lw a1, 32(s0)
image['h034] = 32'h00b42423;  // sw a1, 8(s0)
image['h035] = 32'h0085d613;  // srli a2, a1, 8
image['h036] = 32'h00c42423;  // sw a2, 8(s0)
image['h037] = 32'h0105d613;  // srli a2, a1, 16
image['h038] = 32'h00c42423;  // sw a2, 8(s0)
image['h039] = 32'h04600293;  // addi t0, zero, 0x46
image['h03a] = 32'hf0569ee3;  // bne a3, t0, loop
image['h03b] = 32'h00400593;  // addi a1, zero, 4
image['h03c] = 32'h00b42623;  // sw a1, 12(s0)
image['h03d] = 32'hf11ff06f;  // jal zero, loop
// answer:
image['h03e] = 32'h02042223;  // sw zero, 36(s0)
image['h03f] = 32'hf09ff06f;  // jal zero, loop
// drop:
image['h040] = 32'h02042423;  // sw zero, 40(s0)
image['h041] = 32'hf01ff06f;  // jal zero, loop
// read:
image['h042] = 32'h00442583;  // lw a1, 4(s0)
image['h043] = 32'h00042603;  // lw a2, 0(s0)
image['h044] = 32'h0085d593;  // srli a1, a1, 8
image['h045] = 32'h00b42423;  // sw a1, 8(s0)
image['h046] = 32'h00c42423;  // sw a2, 8(s0)
image['h047] = 32'hee9ff06f;  // jal zero, loop
// memory:
image['h048] = 32'h40000493;  // addi s1, zero, 0x400
image['h049] = 32'h00149493;  // slli s1, s1, 1
image['h04a] = 32'h999995b7;  // lui a1, 0x99999
image['h04b] = 32'h00b4a023;  // sw a1, 0(s1)
image['h04c] = 32'h000045b7;  // lui a1, 0x4
image['h04d] = 32'h43358593;  // addi a1, a1, 0x433
image['h04e] = 32'h00b49123;  // sh a1, 2(s1)
image['h04f] = 32'h02200593;  // addi a1, zero, 0x22
image['h050] = 32'h00b480a3;  // sb a1, 1(s1)
image['h051] = 32'h09100593;  // addi a1, zero, 0x91
image['h052] = 32'h00b48023;  // sb a1, 0(s1)
image['h053] = 32'h00048603;  // lb a2, 0(s1)
image['h054] = 32'h01865613;  // srli a2, a2, 24
image['h055] = 32'h00c42423;  // sw a2, 8(s0)
image['h056] = 32'h0024d603;  // lhu a2, 2(s1)
image['h057] = 32'h00c42423;  // sw a2, 8(s0)
image['h058] = 32'h0004a603;  // lw a2, 0(s1)
image['h059] = 32'h00865613;  // srli a2, a2, 8
image['h05a] = 32'h00c42423;  // sw a2, 8(s0)
image['h05b] = 32'h0034c603;  // lbu a2, 3(s1)
image['h05c] = 32'h00c42423;  // sw a2, 8(s0)
image['h05d] = 32'he91ff06f;  // jal zero, loop
