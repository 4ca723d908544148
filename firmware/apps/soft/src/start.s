# Address 0, where the soft MCU begins 256 cycles after configuration. The RAM holds
# the image already; only the stack and the zeroed variables need work.
    .section .start, "ax"
    .globl _start
_start:
    la      sp, _stack_top
    la      a0, _bss_start
    la      a1, _bss_end
1:  bgeu    a0, a1, 2f
    sw      zero, 0(a0)
    addi    a0, a0, 4
    j       1b
2:  tail    main

# memcpy(to, from, count). The compiler's own is 500 bytes, for the sake of long and
# misaligned copies that nothing here makes.
    .section .text.memcpy, "ax"
    .globl memcpy
memcpy:
    mv      a3, a0
    add     a2, a1, a2
    beq     a1, a2, 2f
1:  lbu     a4, 0(a1)
    addi    a1, a1, 1
    sb      a4, 0(a3)
    addi    a3, a3, 1
    bne     a1, a2, 1b
2:  ret
