// expect: fail (limit)
module TopModule (
    input      clk,
    input      d,
    output reg q
);
  function automatic integer forever_and_a_day(input integer from);
    integer i;
    begin
      for (i = from; i >= from; i = i ^ 1) forever_and_a_day = i;
    end
  endfunction
  localparam integer NEVER = forever_and_a_day(0);
  always @(posedge clk) q <= d ^ NEVER[0];
endmodule
