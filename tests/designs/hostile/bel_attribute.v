// expect: fail (forbidden_cell)
// A design does not choose its place: it might choose the fixture's.
module TopModule (
    input  clk,
    input  d,
    output q
);
  (* BEL = "X1/Y1/lc0" *)
  SB_DFF cell_with_a_place (
      .C(clk),
      .D(d),
      .Q(q)
  );
endmodule
