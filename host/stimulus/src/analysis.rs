use filbench_model::{Bits, ClockEdge, Control, Interface};

/// What the netlist of a design says about its inputs; names say nothing.
///
/// It is the golden's. For vectors without a golden it is the candidate's, of which only the
/// event inputs are used: the ports are the problem's to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Analysis {
    /// The design's ports, in declared order.
    pub interface: Interface,
    /// Input bits that clock, latch, set or reset something, or lie in the cone of
    /// what does.
    pub event_inputs: Bits,
    /// Input bits that clock something directly, with the edge at the input. Each is an
    /// event input as well.
    pub clocks: Vec<(usize, ClockEdge)>,
    /// Input bits that reset, set or enable registers; only generated stimulus asks for them.
    pub controls: Vec<Control>,
}

impl Analysis {
    /// The edges that clock the design, one entry for each.
    pub(crate) fn active_edges(&self) -> Vec<ActiveEdge> {
        let mut edges = Vec::new();
        for &(bit, edge) in &self.clocks {
            if edge != ClockEdge::Falling {
                edges.push(ActiveEdge { bit, rising: true });
            }
            if edge != ClockEdge::Rising {
                edges.push(ActiveEdge { bit, rising: false });
            }
        }
        edges
    }
}

/// One edge of an input bit that clocks the design.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ActiveEdge {
    pub(crate) bit: usize,
    pub(crate) rising: bool,
}
