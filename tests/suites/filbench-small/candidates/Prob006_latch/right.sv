module TopModule (
  input ena,
  input [3:0] d,
  output [3:0] q
);
  reg [3:0] state;
  always @* if (ena) state = d;
  assign q = state;
endmodule
