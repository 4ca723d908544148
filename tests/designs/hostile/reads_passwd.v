// expect: fail (elaborate)
// There is no such file where synthesis runs.
module TopModule (
    input      clk,
    input      d,
    output reg q
);
  reg [7:0] memory[0:63];
  initial $readmemh("/etc/passwd", memory);
  always @(posedge clk) q <= d ^ memory[d][0];
endmodule
