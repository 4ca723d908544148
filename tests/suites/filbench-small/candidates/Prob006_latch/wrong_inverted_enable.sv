module TopModule (
  input ena,
  input [3:0] d,
  output reg [3:0] q
);
  always @* if (!ena) q = d;
endmodule
