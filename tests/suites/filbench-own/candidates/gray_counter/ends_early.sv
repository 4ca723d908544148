// A counter in Gray code; `rst_n` is asynchronous.
module gray_counter(input clk, input rst_n, input en, output [3:0] gray);
  reg [3:0] count;
  assign gray = count ^ (count >> 1);
  always @(posedge clk or negedge rst_n)
    if (!rst_n) count <= 0;
    else if (en) count <= count == 14 ? 0 : count + 1;
endmodule
