//! Several clocks at once: the board's, and what PLLs make of it.

use crate::device::TileAt;
use crate::engine::{Engine, Ran, Unsettled};
use crate::netlist::{Net, Netlist};

/// The clocks of a board with PLLs, on a common time base: every edge of every
/// clock falls on a whole number of ticks.
pub(crate) struct Oscillators {
    clocks: Vec<Oscillator>,
    /// Ticks since configuration.
    now: u64,
}

struct Oscillator {
    net: Net,
    /// Ticks between two edges.
    half_period: u64,
    next_edge: u64,
    level: bool,
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl Oscillators {
    /// The clocks of `netlist` when `clock` is the board's; `None` when there
    /// are no PLLs. Fails with the place of a PLL whose reference is another
    /// net.
    pub fn new(netlist: &Netlist, clock: Net) -> Result<Option<Oscillators>, TileAt> {
        if netlist.plls.is_empty() {
            return Ok(None);
        }
        let mut outputs = Vec::new();
        for pll in &netlist.plls {
            if pll.reference != clock {
                return Err(pll.at);
            }
            outputs.extend(pll.outputs.iter().map(|output| {
                let (multiply, divide) = (u64::from(output.multiply), u64::from(output.divide));
                let common = gcd(multiply, divide);
                (output.net, multiply / common, divide / common)
            }));
        }
        // A clock at m/d of the board's has a half period of d/m of its own;
        // with the board's being the common multiple of all m, it is whole.
        let board =
            outputs.iter().fold(1, |all, &(_, multiply, _)| all / gcd(all, multiply) * multiply);
        let clocks = std::iter::once((clock, board))
            .chain(outputs.iter().map(|&(net, multiply, divide)| (net, board / multiply * divide)))
            .map(|(net, half_period)| Oscillator { net, half_period, next_edge: 0, level: false })
            .collect();
        Ok(Some(Oscillators { clocks, now: 0 }))
    }

    /// As [`Engine::run_cycles`], in cycles of the board's clock.
    pub fn run(
        &mut self,
        engine: &mut dyn Engine,
        cycles: u64,
        watch: [Net; 2],
    ) -> Result<Ran, Unsettled> {
        let levels = watch.map(|net| engine.pad_value(net));
        let cycle = 2 * self.clocks[0].half_period;
        let mut changes = Vec::with_capacity(self.clocks.len());
        for done in 1..=cycles {
            let end = self.now + cycle;
            loop {
                let next = self.clocks.iter().map(|c| c.next_edge).min().unwrap_or(end);
                if next >= end {
                    break;
                }
                changes.clear();
                for clock in self.clocks.iter_mut().filter(|c| c.next_edge == next) {
                    clock.level = !clock.level;
                    clock.next_edge += clock.half_period;
                    changes.push((clock.net, clock.level));
                }
                engine.set(&changes)?;
            }
            self.now = end;
            if watch.map(|net| engine.pad_value(net)) != levels {
                return Ok(Ran { cycles: done, quiescent: false });
            }
        }
        Ok(Ran { cycles, quiescent: false })
    }
}
