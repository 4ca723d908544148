//! The UltraPlus' multiply-accumulate blocks.

use super::{DecodeError, Decoder};
use crate::cells::mac16::{Mac16Config, control};
use crate::chipdb::{ExtraCell, ExtraPort};
use crate::device::TileAt;
use crate::netlist::{Clock, Mac16, Net};

/// A MAC16 in use.
pub(super) struct MacCell {
    cell: &'static ExtraCell,
    outputs: [Net; 33],
}

impl Decoder<'_> {
    /// Finds the MAC16s in use: one whose configuration is not all zero, or
    /// whose output goes anywhere. (A parameter set of all zeros is a legal
    /// adder.)
    pub(super) fn mac16_cells(&mut self) -> Vec<MacCell> {
        let mut cells = Vec::new();
        for cell in self.db.extra_cells.iter().filter(|c| c.kind == "MAC16") {
            let used = cell.ports.iter().any(|(name, port)| match port {
                ExtraPort::ConfigBit(at, bit) => self.bit(*at, *bit),
                ExtraPort::Net(net) => is_output(name) && self.routing.is_taken(*net),
                ExtraPort::Block(_) => false,
            });
            if !used {
                continue;
            }
            let outputs = std::array::from_fn(|k| {
                let port = match k {
                    32 => "CO".to_owned(),
                    k => format!("O_{k}"),
                };
                match self.extra_net(cell, &port) {
                    Some(net) => self.drive(net),
                    None => self.new_net(),
                }
            });
            cells.push(MacCell { cell, outputs });
        }
        cells
    }

    fn mac16_config(&self, cell: &ExtraCell) -> Mac16Config {
        let flag = |name: &str| self.extra_flag(cell, name);
        let two = |name: &str| self.extra_value(cell, name, 2) as u8;
        Mac16Config {
            c_reg: flag("C_REG"),
            a_reg: flag("A_REG"),
            b_reg: flag("B_REG"),
            d_reg: flag("D_REG"),
            top_8x8_mult_reg: flag("TOP_8x8_MULT_REG"),
            bot_8x8_mult_reg: flag("BOT_8x8_MULT_REG"),
            pipeline_16x16_mult_reg1: flag("PIPELINE_16x16_MULT_REG1"),
            pipeline_16x16_mult_reg2: flag("PIPELINE_16x16_MULT_REG2"),
            topoutput_select: two("TOPOUTPUT_SELECT"),
            topaddsub_lowerinput: two("TOPADDSUB_LOWERINPUT"),
            topaddsub_upperinput: flag("TOPADDSUB_UPPERINPUT"),
            topaddsub_carryselect: two("TOPADDSUB_CARRYSELECT"),
            botoutput_select: two("BOTOUTPUT_SELECT"),
            botaddsub_lowerinput: two("BOTADDSUB_LOWERINPUT"),
            botaddsub_upperinput: flag("BOTADDSUB_UPPERINPUT"),
            botaddsub_carryselect: two("BOTADDSUB_CARRYSELECT"),
            mode_8x8: flag("MODE_8x8"),
            a_signed: flag("A_SIGNED"),
            b_signed: flag("B_SIGNED"),
        }
    }

    /// Follows the inputs of the MAC16s.
    pub(super) fn connect_mac16s(
        &mut self,
        cells: Vec<MacCell>,
    ) -> Result<Vec<Mac16>, DecodeError> {
        let mut macs = Vec::with_capacity(cells.len());
        for MacCell { cell, outputs } in cells {
            let mut inputs = Vec::with_capacity(Mac16::INPUT_COUNT);
            for bus in ["A", "B", "C", "D"] {
                inputs.extend(self.extra_bus::<16>(cell, bus)?);
            }
            for name in control::NAMES {
                // An unconnected clock enable is on, as in a logic tile.
                let unconnected = if name == "CE" { Net::ONE } else { Net::ZERO };
                inputs.push(self.extra_input(cell, name, unconnected)?);
            }
            // DSP2, where the clock enters, has a `NegClk` bit. No tool sets it
            // (nextpnr drops NEG_TRIGGER), so what it does is not known.
            let dsp2 = TileAt { y: cell.at.y + 2, ..cell.at };
            if self.flag(dsp2, "NegClk") {
                return Err(self.unmodelled("a MAC16 on the falling edge", cell.at));
            }
            let config = self.mac16_config(cell);
            for (selected, cascade) in [
                (config.botaddsub_lowerinput == 3, "SIGNEXTIN"),
                (config.botaddsub_carryselect == 2, "ACCUMCI"),
            ] {
                if selected {
                    let what = format!("a MAC16 that takes {cascade} from its neighbour");
                    return Err(self.unmodelled(what, cell.at));
                }
            }
            macs.push(Mac16 {
                at: cell.at,
                config,
                clock: Clock { net: self.extra_input(cell, "CLK", Net::ZERO)?, falling: false },
                inputs,
                outputs,
            });
        }
        Ok(macs)
    }
}

fn is_output(port: &str) -> bool {
    port.starts_with("O_") || port == "CO"
}
