module RefModule (
  input clk,
  input reset,
  input x,
  output logic [1:0] y,
  output found,
  output level
);
  always @(posedge clk)
    if (reset) y <= 2'd1;
    else
      case (y)
        2'd1: y <= x ? 2'd2 : 2'd1;
        2'd2: y <= x ? 2'd2 : 2'd3;
        2'd3: y <= 2'd1;
        default: y <= 2'bxx;
      endcase
  assign found = y == 2'd3;
  assign level = y == 2'd1 ? 1'bx : y == 2'd3;
endmodule
