// Loads a program into the soft MCU's RAM, bit by bit where the link step puts it (see
// mcu_ram.v); included inside a bench module that defines MCU, the soft MCU's path.
//
// The file is one for $readmemh: one 32-bit word a line, address 0 first, as a rule
// ending with word 3ff. It must be called at time 0, before the MCU fetches.

reg [31:0] image [0:1023];

task load_image(input string path);
    integer a, j;
    begin
        for (a = 0; a < 1024; a = a + 1)
            image[a] = 32'd0;
        $readmemh(path, image);
        #0;
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
