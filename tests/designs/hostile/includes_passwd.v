// expect: fail (parse)
// There is no such file where synthesis runs.
`include "/etc/passwd"
module TopModule (
    input      clk,
    input      d,
    output reg q
);
  always @(posedge clk) q <= d;
endmodule
