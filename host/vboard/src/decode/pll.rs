//! PLLs, as clocks with a fixed frequency ratio to their reference.
//!
//! Delays and phases inside a reference period are not modelled; modes that
//! are about nothing else are refused. The configuration bits are listed in
//! IceStorm's "IO Tile Documentation", PLL Cores.

use super::io::IoCell;
use super::{DecodeError, Decoder};
use crate::chipdb::{ExtraCell, ExtraPort, IoAt};
use crate::netlist::{Lut, Net, Pll, PllOutput};

/// A PLL in use.
pub(super) struct PllCell {
    cell: &'static ExtraCell,
    reference: Reference,
    /// Block whose input path each output takes, the net that reaches the
    /// fabric there, the net that oscillates, and its frequency.
    outputs: Vec<Output>,
    /// `SB_PLL40_2_PAD` hands its pad on as output A.
    lock: Net,
}

struct Output {
    block: IoAt,
    fabric: Net,
    oscillator: PllOutput,
}

enum Reference {
    /// The pad of the block that output A takes.
    Pad(IoAt),
    /// `REFERENCECLK`.
    Fabric,
}

/// What the fabric sees of an output: the reference when `BYPASS` is 1, else
/// the oscillator, which `RESETB` = 0 stops at 0. Inputs: oscillator,
/// `RESETB`, `BYPASS`, reference.
const GATED_OUTPUT: u16 = 0xf808;

/// A buffer of input 0.
const BUFFER: u16 = 0xaaaa;

impl PllCell {
    /// The net that takes the place of a block's input, if the PLL has it.
    pub fn input_of(&self, block: IoAt) -> Option<Net> {
        self.outputs.iter().find(|output| output.block == block).map(|output| output.fabric)
    }

    /// Whether the PLL's reference is the pad of `block`.
    pub fn takes_pad(&self, block: IoAt) -> bool {
        matches!(self.reference, Reference::Pad(pad) if pad == block)
    }
}

impl Decoder<'_> {
    /// Finds the PLLs in use and numbers their outputs.
    pub(super) fn pll_cells(&mut self) -> Result<Vec<PllCell>, DecodeError> {
        let mut cells = Vec::new();
        for cell in self.db.extra_cells.iter().filter(|c| c.kind == "PLL") {
            let kind = self.extra_value(cell, "PLLTYPE", 3);
            if kind == 0 {
                continue;
            }
            let refuse = |what: &str| self.unmodelled(format!("a PLL with {what}"), cell.at);
            let block = |name: &str| {
                cell.ports
                    .iter()
                    .find_map(|(port, value)| match value {
                        ExtraPort::Block(io) if port == name => Some(*io),
                        _ => None,
                    })
                    .ok_or_else(|| refuse("outputs at no IO block"))
            };
            // PLLTYPE: 2 PAD, 4 2_PAD, 6 2F_PAD, 3 CORE, 7 2F_CORE.
            let (from_pad, drives_a, drives_b) = match kind {
                0b010 => (true, true, false),
                0b100 => (true, false, true),
                0b110 => (true, true, true),
                0b011 => (false, true, false),
                0b111 => (false, true, true),
                _ => return Err(refuse("an unknown PLLTYPE")),
            };
            for (name, what) in [
                ("TEST_MODE", "TEST_MODE"),
                ("DELAY_ADJMODE_FB", "a dynamic feedback delay"),
                ("DELAY_ADJMODE_REL", "a dynamic relative delay"),
                ("ENABLE_ICEGATE_PORTA", "ICEGATE on port A"),
                ("ENABLE_ICEGATE_PORTB", "ICEGATE on port B"),
            ] {
                if self.extra_flag(cell, name) {
                    return Err(refuse(what));
                }
            }
            let divf = self.extra_value(cell, "DIVF", 7) + 1;
            let divr = self.extra_value(cell, "DIVR", 4) + 1;
            let divq = self.extra_value(cell, "DIVQ", 3);
            let (multiply, divide) = match self.extra_value(cell, "FEEDBACK_PATH", 3) {
                // DELAY: the feedback runs over the output divider.
                0b000 => (divf, divr),
                // SIMPLE: it comes straight from the oscillator.
                0b001 => (divf, divr << divq),
                0b010 => return Err(refuse("FEEDBACK_PATH PHASE_AND_DELAY")),
                0b110 => return Err(refuse("FEEDBACK_PATH EXTERNAL")),
                _ => return Err(refuse("an unknown FEEDBACK_PATH")),
            };
            let mut ports = Vec::new();
            for (used, name, select) in [
                (drives_a, "PLLOUT_A", "PLLOUT_SELECT_A"),
                (drives_b, "PLLOUT_B", "PLLOUT_SELECT_B"),
            ] {
                if used {
                    let halving = match self.extra_value(cell, select, 2) {
                        0 => 1,
                        1 => 2,
                        2 => return Err(refuse("output SHIFTREG_90deg")),
                        _ => return Err(refuse("output SHIFTREG_0deg")),
                    };
                    ports.push((block(name)?, halving));
                }
            }
            let reference =
                if from_pad { Reference::Pad(block("PLLOUT_A")?) } else { Reference::Fabric };
            let lock_net = self.extra_net(cell, "LOCK");
            let outputs = ports
                .into_iter()
                .map(|(block, halving)| Output {
                    block,
                    fabric: self.new_net(),
                    oscillator: PllOutput {
                        net: self.new_net(),
                        multiply,
                        divide: divide * halving,
                    },
                })
                .collect();
            let lock = match lock_net {
                Some(net) => self.drive(net),
                None => self.new_net(),
            };
            cells.push(PllCell { cell, reference, outputs, lock });
        }
        Ok(cells)
    }

    /// Follows the PLLs' inputs.
    pub(super) fn connect_plls(
        &mut self,
        cells: Vec<PllCell>,
        ios: &[IoCell],
        luts: &mut Vec<Lut>,
    ) -> Result<Vec<Pll>, DecodeError> {
        let mut plls = Vec::with_capacity(cells.len());
        for pll in cells {
            let reference = match pll.reference {
                Reference::Pad(block) => {
                    ios.iter().find(|io| io.at == block).and_then(|io| io.pad).unwrap_or(Net::ZERO)
                }
                Reference::Fabric => self.extra_input(pll.cell, "REFERENCECLK", Net::ZERO)?,
            };
            let resetb = self.extra_input(pll.cell, "RESETB", Net::ZERO)?;
            let bypass = self.extra_input(pll.cell, "BYPASS", Net::ZERO)?;
            for output in &pll.outputs {
                luts.push(Lut {
                    table: GATED_OUTPUT,
                    inputs: [output.oscillator.net, resetb, bypass, reference],
                    output: output.fabric,
                    at: None,
                });
            }
            // It locks at once, and stays so while it is not reset.
            luts.push(Lut {
                table: BUFFER,
                inputs: [resetb, Net::ZERO, Net::ZERO, Net::ZERO],
                output: pll.lock,
                at: None,
            });
            plls.push(Pll {
                at: pll.cell.at,
                reference,
                outputs: pll.outputs.iter().map(|output| output.oscillator).collect(),
            });
        }
        Ok(plls)
    }
}

#[cfg(test)]
mod tests {
    use super::GATED_OUTPUT;

    #[test]
    fn the_gate_is_as_described() {
        for inputs in 0..16u16 {
            let [oscillator, resetb, bypass, reference] =
                [0, 1, 2, 3].map(|k| inputs >> k & 1 != 0);
            let expected = if bypass { reference } else { oscillator && resetb };
            assert_eq!(GATED_OUTPUT >> inputs & 1 != 0, expected, "{inputs:04b}");
        }
    }
}
