module RefModule (
  input ena,
  input [3:0] d,
  output logic [3:0] q
);
  always_latch
    if (ena) q = d;
endmodule
