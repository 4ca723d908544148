// expect: fail (interface)
module TopModule (
    input            clk,
    input      [1:0] data,
    output reg       q
);
  always @(posedge clk) q <= data[0];
endmodule
