module RefModule (
  input clk,
  input load,
  input d,
  output logic [511:0] q
);
  always @(posedge clk)
    q <= load ? {512{d}} : {q[510:0], d};
endmodule
