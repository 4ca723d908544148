module TopModule (
  input clk,
  input load,
  input d,
  output reg [511:0] q
);
  always @(posedge clk)
    q <= load ? {512{d}} : {q[510:40], q[40], q[38:0], d};
endmodule
