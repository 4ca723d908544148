//! Behaviour of the larger cells, shared by both engines.
//!
//! Source: Yosys' `ice40/cells_sim.v`, which the tests simulate beside them.

pub mod block_ram;
pub mod mac16;
pub mod spram;
