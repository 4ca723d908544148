// The soft MCU's program; included inside a bench module that defines MCU, the soft MCU's
// path. A bench calls clear_image, fills `image` (one 32-bit word an element, address 0
// first), and calls load_image, which puts it bit by bit where the link step does (see
// mcu_ram.v). All at time 0, before the MCU fetches.

reg [31:0] image [0:1023];

task clear_image;
    integer a;
    for (a = 0; a < 1024; a = a + 1)
        image[a] = 32'd0;
endtask

task load_image;
    integer a, j;
    begin
        #0;  // behind the block RAMs' own initial contents
        for (a = 0; a < 1024; a = a + 1)
            for (j = 0; j < 4; j = j + 1) begin
                `MCU.ram.nibble0.memory[a & 255][4*j + a / 256] = image[a][j];
                `MCU.ram.nibble1.memory[a & 255][4*j + a / 256] = image[a][4 + j];
                `MCU.ram.nibble2.memory[a & 255][4*j + a / 256] = image[a][8 + j];
                `MCU.ram.nibble3.memory[a & 255][4*j + a / 256] = image[a][12 + j];
                `MCU.ram.nibble4.memory[a & 255][4*j + a / 256] = image[a][16 + j];
                `MCU.ram.nibble5.memory[a & 255][4*j + a / 256] = image[a][20 + j];
                `MCU.ram.nibble6.memory[a & 255][4*j + a / 256] = image[a][24 + j];
                `MCU.ram.nibble7.memory[a & 255][4*j + a / 256] = image[a][28 + j];
            end
    end
endtask
