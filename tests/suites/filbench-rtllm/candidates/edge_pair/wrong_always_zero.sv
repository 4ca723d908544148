module edge_pair (
    input      clk,
    input      rst_n,
    input      a,
    output reg rise,
    output reg fall
);
  reg was;
  always @(posedge clk or negedge rst_n)
    if (!rst_n) {rise, fall, was} <= 3'b000;
    else {rise, fall, was} <= 3'b000;
endmodule
