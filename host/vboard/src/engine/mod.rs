//! Engines that run a netlist.
//!
//! Both have the same semantics. State is flip-flops, memories and MAC
//! registers; everything else follows from it and the pins. A change of pins
//! runs in rounds:
//!
//! 1. The combinational cells settle, and with them the asynchronous sets and
//!    resets, which act by level. They take turns: the cells settle, then every
//!    set and reset that is active acts, all at the same moment, so that one by
//!    a flip-flop that is itself being reset is seen, whatever stands where.
//!    Loops (latches) are swept in a fixed order until they stand still.
//! 2. Clocks that are now different from before the round have an edge. What
//!    they clock takes what stood *before* the round; memories are read before
//!    they are written.
//! 3. That changes the state, and the next round begins, until no clock has an
//!    edge.
//!
//! Sweeps and rounds are bounded: what does not settle is an [`Unsettled`].

#[cfg(test)]
mod agreement;
pub mod event;
pub(crate) mod order;
pub mod plain;

use crate::netlist::{LogicCellAt, Net};

/// The netlist oscillates: after many rounds it still changes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the design does not settle: it still changes {kind} after {rounds} rounds{}",
    near.map(|at| format!(", near {at}")).unwrap_or_default())]
pub struct Unsettled {
    /// What kind of oscillation it is.
    pub kind: Oscillation,
    /// Rounds that were tried.
    pub rounds: u32,
    /// A cell that takes part, where known.
    pub near: Option<LogicCellAt>,
}

/// What keeps changing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oscillation {
    /// A combinational loop.
    Loop,
    /// A flip-flop that sets or resets itself asynchronously.
    SetReset,
    /// A clock that depends on what it clocks.
    Clock,
}

impl std::fmt::Display for Oscillation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Oscillation::Loop => "in a combinational loop",
            Oscillation::SetReset => "through an asynchronous set or reset",
            Oscillation::Clock => "through a clock made of what it clocks",
        })
    }
}

/// Bound on sweeps of a loop, and on rounds: 256, and one for each of the `cells` that may
/// wait for one another, as the stages of a ripple counter do.
pub(crate) fn rounds_max(cells: usize) -> u32 {
    u32::try_from(cells).unwrap_or(u32::MAX).saturating_add(256)
}

/// What [`Engine::run_cycles`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ran {
    /// Cycles that have passed.
    pub cycles: u64,
    /// No further cycle of this clock changes anything until a pin does; what
    /// was left of the cycles has been skipped.
    pub quiescent: bool,
}

/// A netlist that runs.
pub trait Engine: Send {
    /// Sets input nets (all at once) and settles.
    ///
    /// # Errors
    /// When the netlist oscillates. Its state is then of no use.
    fn set(&mut self, changes: &[(Net, bool)]) -> Result<(), Unsettled>;

    /// Runs up to `cycles` cycles of `clock`, each a rise and a fall, and
    /// returns early after one in which the value of a net of `watch` changed.
    ///
    /// # Errors
    /// When the netlist oscillates.
    fn run_cycles(&mut self, clock: Net, cycles: u64, watch: [Net; 2]) -> Result<Ran, Unsettled>;

    /// Value of a net that is a pad's input, output or output enable.
    fn pad_value(&self, net: Net) -> bool;

    /// Value of any net; `None` if this engine has no such net any more.
    fn net_value(&self, net: Net) -> Option<bool>;

    /// Outputs of all flip-flops, in the netlist's order.
    fn flip_flops(&self) -> Vec<bool>;

    /// Contents of block RAM `index` of the netlist.
    fn block_ram(&self, index: usize) -> &[u16];

    /// Contents of SPRAM `index` of the netlist.
    fn spram(&self, index: usize) -> &[u16];

    /// Registers of MAC16 `index` of the netlist.
    fn mac16(&self, index: usize) -> [u32; 6];

    /// Inverts one bit of a block RAM, as an upset would.
    fn flip_block_ram(&mut self, index: usize, word: u8, bit: u8);
}

/// [`Engine::run_cycles`] through the clock's pin.
fn run_cycles_of_pins<E: Engine>(
    engine: &mut E,
    clock: Net,
    cycles: u64,
    watch: [Net; 2],
) -> Result<Ran, Unsettled> {
    let levels = watch.map(|net| engine.pad_value(net));
    for done in 1..=cycles {
        engine.set(&[(clock, true)])?;
        engine.set(&[(clock, false)])?;
        if watch.map(|net| engine.pad_value(net)) != levels {
            return Ok(Ran { cycles: done, quiescent: false });
        }
    }
    Ok(Ran { cycles, quiescent: false })
}
