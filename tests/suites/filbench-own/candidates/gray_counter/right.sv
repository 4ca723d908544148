module gray_counter(input logic clk, rst_n, en, output logic [3:0] gray);
  logic [3:0] count, next;
  assign next = count + 4'(en);
  always_ff @(posedge clk, negedge rst_n)
    if (!rst_n) {count, gray} <= '0;
    else {count, gray} <= {next, next ^ (next >> 1)};
endmodule
