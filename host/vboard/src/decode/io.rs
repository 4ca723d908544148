//! IO blocks and the global buffers that pads and fabric drive.

use super::pll::PllCell;
use super::{DecodeError, Decoder};
use crate::chipdb::{FabricNet, IoAt};
use crate::device::{TileAt, TileKind};
use crate::netlist::{Clock, Ff, Lut, Net, Pad, PadOutput, SetReset};

/// An IO block in use.
pub(super) struct IoCell {
    pub at: IoAt,
    /// The net that follows the pad, if anything reads it.
    pub pad: Option<Net>,
    input: InputPath,
    /// `PINTYPE[5:2]`.
    output_type: u8,
}

/// What lies between pad and `D_IN_0`.
enum InputPath {
    /// Nothing reads `D_IN_0`, or it is the pad itself, or a PLL has it.
    Plain,
    /// A flip-flop on the input clock, with its output.
    Registered(Net),
    /// A latch that holds while `LATCH_INPUT_VALUE` is 1, with its output.
    Latched(Net),
}

/// The latch: input 2 holds input 1, else input 0 passes.
const LATCH: u16 = 0xcaca;

/// A pad: input 1 when input 2 drives it, else input 0 from outside.
const PAD: u16 = 0xcaca;

impl Decoder<'_> {
    fn pin_type(&self, io: IoAt) -> u8 {
        (0..6)
            .filter(|k| self.flag(io.tile, &format!("IOB_{}.PINTYPE_{k}", io.block)))
            .fold(0, |value, k| value | 1 << k)
    }

    fn io_net(&self, io: IoAt, port: &str) -> Option<FabricNet> {
        self.db.net(io.tile, &format!("io_{}/{port}", io.block))
    }

    /// The global network that a pad feeds, when its bit is set. The bit lies
    /// in no tile (IceStorm, "Global Nets").
    fn global_of_pad(&self, io: IoAt) -> Option<u8> {
        let &(_, global) = self.db.gbufpin.iter().find(|(block, _)| *block == io)?;
        let name = format!("padin_glb_netwk.{global}");
        let bit = self.db.extra_bits.iter().find(|bit| bit.name == name)?;
        self.bitstream.extra_bit(bit.bank, bit.x, bit.y).then_some(global)
    }

    /// A global network's net: it has one name in all tiles.
    pub(super) fn global_net(&self, global: u8) -> Option<FabricNet> {
        let name = format!("glb_netwk_{global}");
        let (at, _) = self.db.tiles().find(|(_, tile)| tile.kind == TileKind::Logic)?;
        self.db.net(at, &name)
    }

    /// Finds the IO blocks in use and numbers what they drive.
    pub(super) fn io_cells(&mut self, plls: &[PllCell]) -> Result<Vec<IoCell>, DecodeError> {
        let blocks: Vec<IoAt> = self
            .db
            .tiles()
            .filter(|(_, tile)| tile.kind == TileKind::Io)
            .flat_map(|(tile, _)| [0, 1].map(|block| IoAt { tile, block }))
            .collect();
        let mut cells = Vec::new();
        for at in blocks {
            let pin_type = self.pin_type(at);
            let d_in_0 = self.io_net(at, "D_IN_0");
            let global = self.global_of_pad(at).and_then(|g| self.global_net(g));
            let from_pll = plls.iter().find_map(|pll| pll.input_of(at));
            let feeds_pll = plls.iter().any(|pll| pll.takes_pad(at));
            let reads_d_in_0 = d_in_0.filter(|&net| self.routing.is_taken(net));
            let device = self.db.device;
            let refuse = |what: &str| DecodeError::Unmodelled {
                device,
                what: format!("IO block {} with {what}", at.block),
                at: at.tile,
            };
            if self.io_net(at, "D_IN_1").is_some_and(|net| self.routing.is_taken(net)) {
                return Err(refuse("a DDR input (D_IN_1)"));
            }
            if let Some(pll) = from_pll {
                for net in [d_in_0, global].into_iter().flatten() {
                    self.driven[net.0 as usize] = Some(pll);
                }
            }
            let fabric_reads = from_pll.is_none() && (reads_d_in_0.is_some() || global.is_some());
            if (fabric_reads || feeds_pll) && !self.input_enabled(at) {
                return Err(refuse("its input in use but not enabled (IoCtrl.IE)"));
            }
            let pad = (fabric_reads || feeds_pll).then(|| self.new_net());
            let mut input = InputPath::Plain;
            if from_pll.is_none()
                && let (Some(pad), Some(net)) = (pad, reads_d_in_0)
            {
                match pin_type & 3 {
                    // PIN_INPUT
                    0b01 => self.driven[net.0 as usize] = Some(pad),
                    // PIN_INPUT_REGISTERED
                    0b00 => input = InputPath::Registered(self.drive(net)),
                    // PIN_INPUT_LATCH
                    0b11 => input = InputPath::Latched(self.drive(net)),
                    _ => return Err(refuse("PIN_INPUT_REGISTERED_LATCH")),
                }
            }
            if from_pll.is_none()
                && let (Some(pad), Some(net)) = (pad, global)
            {
                self.driven[net.0 as usize] = Some(pad);
            }
            let output_type = pin_type >> 2;
            if output_type & 0b1100 != 0 && output_type & 0b0011 == 0 {
                return Err(refuse("a DDR output"));
            }
            if pad.is_some() || output_type & 0b1100 != 0 {
                cells.push(IoCell { at, pad, input, output_type });
            }
        }
        Ok(cells)
    }

    /// The tile and number of the IE and REN bits of a block.
    fn ieren(&self, io: IoAt) -> IoAt {
        let found = self.db.ieren.iter().find(|(block, _)| *block == io);
        found.map_or(io, |(_, bits)| *bits)
    }

    /// `IoCtrl.IE_*`, active high on the 5k and 8k.
    fn input_enabled(&self, io: IoAt) -> bool {
        let bits = self.ieren(io);
        self.flag(bits.tile, &format!("IoCtrl.IE_{}", bits.block))
    }

    /// `IoCtrl.REN_*`, active low.
    fn pull_up(&self, io: IoAt) -> bool {
        let bits = self.ieren(io);
        !self.flag(bits.tile, &format!("IoCtrl.REN_{}", bits.block))
    }

    /// Lets the global networks that no pad feeds follow the fabric: `fabout`
    /// of their IO tile.
    pub(super) fn connect_globals(&mut self) {
        for &(at, global) in &self.db.gbufin {
            let Some(net) = self.global_net(global) else {
                continue;
            };
            if self.driven[net.0 as usize].is_some() {
                continue;
            }
            if let Some(fabout) = self.db.net(at, "fabout") {
                self.routing.connect(net, fabout);
            }
        }
    }

    /// Follows the outputs and clocks of the IO blocks.
    pub(super) fn connect_ios(
        &mut self,
        cells: Vec<IoCell>,
        luts: &mut Vec<Lut>,
        ffs: &mut Vec<Ff>,
    ) -> Result<Vec<Pad>, DecodeError> {
        let mut pads = Vec::with_capacity(cells.len());
        for cell in cells {
            let at = cell.at;
            let falling = self.flag(at.tile, "NegClk");
            let clock = |name: &str| -> Result<Clock, DecodeError> {
                Ok(Clock { net: self.named_input(at.tile, name, Net::ZERO)?, falling })
            };
            let input_clock = clock("io_global/inclk")?;
            let output_clock = clock("io_global/outclk")?;
            // An unconnected enable is on (cells_sim.v, SB_IO).
            let enable = self.named_input(at.tile, "io_global/cen", Net::ONE)?;
            let register = |d: Net, q: Net, clock: Clock| Ff {
                d,
                q,
                clock,
                enable,
                set_reset: Net::ZERO,
                set_reset_kind: SetReset::Synchronous,
                set_value: false,
            };
            if let Some(pad) = cell.pad {
                match cell.input {
                    InputPath::Plain => {}
                    InputPath::Registered(q) => ffs.push(register(pad, q, input_clock)),
                    InputPath::Latched(q) => {
                        let hold = self.input_latch(at.tile)?;
                        luts.push(Lut {
                            table: LATCH,
                            inputs: [pad, q, hold, Net::ZERO],
                            output: q,
                            at: None,
                        });
                    }
                }
            }
            let block_input = |port: &str| -> Result<Net, DecodeError> {
                match self.io_net(at, port) {
                    Some(net) => self.input(net, Net::ZERO),
                    None => Ok(Net::ZERO),
                }
            };
            let (d_out, out_enable) = (block_input("D_OUT_0")?, block_input("OUT_ENB")?);
            let output = match cell.output_type >> 2 {
                0b00 => None,
                drive => {
                    let value = match cell.output_type & 3 {
                        // PIN_OUTPUT
                        0b10 => d_out,
                        // PIN_OUTPUT_REGISTERED, and the same inverted
                        kind => {
                            let q = self.new_net();
                            ffs.push(register(d_out, q, output_clock));
                            if kind == 0b11 {
                                let inverted = self.new_net();
                                luts.push(inverter(q, inverted));
                                inverted
                            } else {
                                q
                            }
                        }
                    };
                    let enable = match drive {
                        0b01 => Net::ONE,
                        // PIN_OUTPUT_TRISTATE
                        0b10 => out_enable,
                        // PIN_OUTPUT_ENABLE_REGISTERED
                        _ => {
                            let q = self.new_net();
                            ffs.push(register(out_enable, q, output_clock));
                            q
                        }
                    };
                    Some(PadOutput { value, enable })
                }
            };
            // A pad that is driven reads what drives it.
            let input = match (cell.pad, output) {
                (Some(pad), Some(PadOutput { value, enable })) => {
                    let outside = self.new_net();
                    luts.push(Lut {
                        table: PAD,
                        inputs: [outside, value, enable, Net::ZERO],
                        output: pad,
                        at: None,
                    });
                    Some(outside)
                }
                (pad, _) => pad,
            };
            pads.push(Pad {
                tile: at.tile,
                block: at.block,
                input,
                output,
                pull_up: self.pull_up(at),
            });
        }
        Ok(pads)
    }

    /// `LATCH_INPUT_VALUE` of a tile's edge: `fabout` of the edge's `.iolatch`
    /// tile.
    fn input_latch(&self, at: TileAt) -> Result<Net, DecodeError> {
        let (columns, rows) = self.db.device.grid();
        let edge =
            |tile: TileAt| (tile.x == 0, tile.x == columns - 1, tile.y == 0, tile.y == rows - 1);
        match self.db.iolatch.iter().find(|&&tile| edge(tile) == edge(at)) {
            Some(&tile) => self.named_input(tile, "fabout", Net::ZERO),
            None => Ok(Net::ZERO),
        }
    }
}

fn inverter(input: Net, output: Net) -> Lut {
    Lut { table: 0x5555, inputs: [input, Net::ZERO, Net::ZERO, Net::ZERO], output, at: None }
}
