// expect: fail (limit)
module TopModule (
    input  clk,
    input  d,
    output q
);
  wire [16777216:0] chain;
  assign chain[0] = d;
  genvar i;
  generate
    for (i = 0; i < 16777216; i = i + 1) begin : link
      reg stage;
      always @(posedge clk) stage <= chain[i];
      assign chain[i+1] = stage;
    end
  endgenerate
  assign q = chain[16777216];
endmodule
