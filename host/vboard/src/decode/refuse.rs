//! Cells that are not modelled: refused when the bitstream uses them.

use super::{DecodeError, Decoder};
use crate::chipdb::{ExtraPort, FabricNet};

/// Kinds of extra cells that are modelled.
const MODELLED: [&str; 3] = ["PLL", "SPRAM", "MAC16"];

impl Decoder<'_> {
    /// Refuses every extra cell of another kind that has a configuration bit
    /// set, an input connected, or an output taken.
    pub(super) fn refuse_unmodelled(&self) -> Result<(), DecodeError> {
        let globals: Vec<FabricNet> = (0..8).filter_map(|g| self.global_net(g)).collect();
        for cell in &self.db.extra_cells {
            if MODELLED.contains(&cell.kind.as_str()) {
                continue;
            }
            let used = cell.ports.iter().find(|(_, port)| match port {
                ExtraPort::ConfigBit(at, bit) => self.bit(*at, *bit),
                // A global network is there for all; whether the cell feeds
                // it shows in the cell's other ports.
                ExtraPort::Net(net) if globals.contains(net) => false,
                ExtraPort::Net(net) => self.routing.has_driver(*net) || self.routing.is_taken(*net),
                ExtraPort::Block(_) => false,
            });
            if let Some((port, _)) = used {
                return Err(self.unmodelled(format!("hard IP {} (its {port})", cell.kind), cell.at));
            }
        }
        Ok(())
    }
}
