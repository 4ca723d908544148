//! Block RAMs and the UltraPlus' single-port RAMs.

use super::{DecodeError, Decoder};
use crate::chipdb::ExtraCell;
use crate::device::{TileAt, TileKind};
use crate::netlist::{BlockRam, Clock, Net, RamPort, Spram};

/// A block RAM in use: its lower tile and its outputs.
pub(super) struct RamCell {
    at: TileAt,
    read_data: [Net; 16],
}

/// An SPRAM in use.
pub(super) struct SpramCell {
    cell: &'static ExtraCell,
    data_out: [Net; 16],
}

impl Decoder<'_> {
    /// The tile of a block RAM (RAMB or RAMT) that has port `name`.
    fn ram_tile(&self, at: TileAt, name: &str) -> TileAt {
        if self.db.net(at, name).is_some() { at } else { TileAt { y: at.y + 1, ..at } }
    }

    fn ram_input(&self, at: TileAt, port: &str, unconnected: Net) -> Result<Net, DecodeError> {
        let name = format!("ram/{port}");
        self.named_input(self.ram_tile(at, &name), &name, unconnected)
    }

    fn ram_bus<const N: usize>(&self, at: TileAt, port: &str) -> Result<[Net; N], DecodeError> {
        let mut nets = [Net::ZERO; N];
        for (k, net) in nets.iter_mut().enumerate() {
            *net = self.ram_input(at, &format!("{port}_{k}"), Net::ZERO)?;
        }
        Ok(nets)
    }

    /// Finds the block RAMs that are powered up. (`PowerUp` is active high on
    /// both modelled devices; on the 1k it is active low.)
    pub(super) fn block_ram_cells(&mut self) -> Vec<RamCell> {
        let tiles: Vec<TileAt> = self
            .db
            .tiles()
            .filter(|(_, tile)| tile.kind == TileKind::Ramb)
            .map(|(at, _)| at)
            .collect();
        let mut cells = Vec::new();
        for at in tiles {
            if !self.flag(at, "RamConfig.PowerUp") {
                continue;
            }
            let read_data = std::array::from_fn(|k| {
                let name = format!("ram/RDATA_{k}");
                match self.db.net(self.ram_tile(at, &name), &name) {
                    Some(net) => self.drive(net),
                    None => self.new_net(),
                }
            });
            cells.push(RamCell { at, read_data });
        }
        cells
    }

    /// Follows the inputs of the block RAMs.
    pub(super) fn connect_block_rams(
        &mut self,
        cells: Vec<RamCell>,
    ) -> Result<Vec<BlockRam>, DecodeError> {
        let mut rams = Vec::with_capacity(cells.len());
        for RamCell { at, read_data } in cells {
            let top = TileAt { y: at.y + 1, ..at };
            // `RamConfig.CBIT_*` of the RAMT tile: WRITE_MODE, READ_MODE.
            let mode = |low: &str, high: &str| {
                u8::from(self.flag(top, low)) | u8::from(self.flag(top, high)) << 1
            };
            if (4..8).any(|k| self.flag(top, &format!("RamCascade.CBIT_{k}"))) {
                return Err(self.unmodelled("a cascaded block RAM", at));
            }
            // `NegClk` of a tile turns the clock that enters there.
            let clock = |port: &str| -> Result<Clock, DecodeError> {
                let name = format!("ram/{port}");
                Ok(Clock {
                    net: self.ram_input(at, port, Net::ZERO)?,
                    falling: self.flag(self.ram_tile(at, &name), "NegClk"),
                })
            };
            rams.push(BlockRam {
                at,
                read: RamPort {
                    clock: clock("RCLK")?,
                    enable: self.ram_input(at, "RE", Net::ZERO)?,
                    clock_enable: self.ram_input(at, "RCLKE", Net::ONE)?,
                    address: self.ram_bus(at, "RADDR")?,
                    mode: mode("RamConfig.CBIT_2", "RamConfig.CBIT_3"),
                },
                read_data,
                write: RamPort {
                    clock: clock("WCLK")?,
                    enable: self.ram_input(at, "WE", Net::ZERO)?,
                    clock_enable: self.ram_input(at, "WCLKE", Net::ONE)?,
                    address: self.ram_bus(at, "WADDR")?,
                    mode: mode("RamConfig.CBIT_0", "RamConfig.CBIT_1"),
                },
                write_data: self.ram_bus(at, "WDATA")?,
                write_mask: self.ram_bus(at, "MASK")?,
                init: self.bitstream.block_ram(at),
            });
        }
        Ok(rams)
    }

    /// Finds the SPRAMs that are enabled.
    pub(super) fn spram_cells(&mut self) -> Vec<SpramCell> {
        let mut cells = Vec::new();
        for cell in self.db.extra_cells.iter().filter(|c| c.kind == "SPRAM") {
            if !self.extra_flag(cell, "SPRAM_EN") {
                continue;
            }
            let data_out =
                std::array::from_fn(|k| match self.extra_net(cell, &format!("DATAOUT_{k}")) {
                    Some(net) => self.drive(net),
                    None => self.new_net(),
                });
            cells.push(SpramCell { cell, data_out });
        }
        cells
    }

    /// Follows the inputs of the SPRAMs.
    pub(super) fn connect_sprams(
        &mut self,
        cells: Vec<SpramCell>,
    ) -> Result<Vec<Spram>, DecodeError> {
        let mut sprams = Vec::with_capacity(cells.len());
        for SpramCell { cell, data_out } in cells {
            let input = |port: &str| self.extra_input(cell, port, Net::ZERO);
            sprams.push(Spram {
                at: cell.at,
                clock: Clock { net: input("CLOCK")?, falling: false },
                address: self.extra_bus(cell, "ADDRESS")?,
                data_in: self.extra_bus(cell, "DATAIN")?,
                mask: self.extra_bus(cell, "MASKWREN")?,
                write_enable: input("WREN")?,
                chip_select: input("CHIPSELECT")?,
                standby: input("STANDBY")?,
                sleep: input("SLEEP")?,
                power_off_n: input("POWEROFF")?,
                data_out,
            });
        }
        Ok(sprams)
    }

    /// Inputs `<port>_0` to `<port>_<N-1>` of an extra cell.
    pub(super) fn extra_bus<const N: usize>(
        &self,
        cell: &ExtraCell,
        port: &str,
    ) -> Result<[Net; N], DecodeError> {
        let mut nets = [Net::ZERO; N];
        for (k, net) in nets.iter_mut().enumerate() {
            *net = self.extra_input(cell, &format!("{port}_{k}"), Net::ZERO)?;
        }
        Ok(nets)
    }
}
