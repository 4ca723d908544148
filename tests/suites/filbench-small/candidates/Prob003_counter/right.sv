module TopModule (
  input clk,
  input areset,
  input enable,
  output [7:0] count
);
  reg [7:0] state;
  assign count = state;
  always @(posedge clk or posedge areset)
    if (areset) state <= 8'h00;
    else state <= state + {7'b0, enable};
endmodule
