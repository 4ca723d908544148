// Right, and asked to be faster than its counter can be.
module strict_register(input clk, input rst, input en, input [7:0] d, output [7:0] q);
  reg [7:0] mask = 0, mask_of_q = 0, masked = 0;
  assign q = masked ^ mask_of_q;
  always @(posedge clk) begin
    mask <= mask + 1;
    if (rst) {masked, mask_of_q} <= 0;
    else if (en) {masked, mask_of_q} <= {d ^ mask, mask};
  end
endmodule
