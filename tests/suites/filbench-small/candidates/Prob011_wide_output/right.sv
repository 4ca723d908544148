module TopModule (
  input clk,
  input load,
  input d,
  output reg [511:0] q
);
  integer i;
  always @(posedge clk) begin
    q[0] <= d;
    for (i = 1; i < 512; i = i + 1) q[i] <= load ? d : q[i-1];
  end
endmodule
