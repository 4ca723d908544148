// expect: fail (limit)
module TopModule (
    input      clk,
    input      d,
    output reg q
);
  // 2^31 bits of constant, several times over.
  localparam [2147483646:0] HUGE = {2147483647{1'b1}};
  localparam [2147483646:0] HUGER = HUGE ^ (HUGE << 1);
  always @(posedge clk) q <= d ^ HUGER[d];
endmodule
