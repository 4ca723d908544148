//! Logic tiles: LUTs, carries and flip-flops.

use std::collections::HashMap;

use super::{DecodeError, Decoder, is_set};
use crate::chipdb::FabricNet;
use crate::device::{TileAt, TileBit, TileKind};
use crate::netlist::{Clock, Ff, LogicCellAt, Lut, Net, SetReset};

/// Which of a cell's 20 `LC_k` bits holds entry `i` of its truth table
/// (IceStorm, "Logic Tile": the bits lie in two rows of ten).
pub(crate) const LUT_BITS: [usize; 16] = [4, 14, 15, 5, 6, 16, 17, 7, 3, 13, 12, 2, 1, 11, 10, 0];

/// `CarryEnable` among the `LC_k` bits.
const CARRY_ENABLE: usize = 8;
/// `DffEnable`.
const DFF_ENABLE: usize = 9;
/// `Set_NoReset`: the set/reset input sets.
const SET_NO_RESET: usize = 18;
/// `AsyncSetReset`.
const ASYNC_SET_RESET: usize = 19;

/// `CO` of `SB_CARRY` as a table of I1, I2 and the carry in: 1 where at least
/// two of them are.
const MAJORITY: u16 = 0xe8e8;

/// Slots of a logic tile's ports, the same for all tiles of a pattern.
struct Ports {
    inputs: [[usize; 4]; 8],
    out: [usize; 8],
    lout: [Option<usize>; 8],
    cout: [usize; 8],
    carry_in_mux: usize,
    clk: usize,
    cen: usize,
    s_r: usize,
}

/// A logic cell in use, its outputs being known.
pub(super) struct LogicCell {
    at: LogicCellAt,
    config: [bool; 20],
    ports: usize,
    /// Output of the LUT.
    lut: Net,
    /// Output of the flip-flop, if there is one.
    q: Option<Net>,
    carry: Option<Net>,
}

/// What [`Decoder::logic_cells`] hands to [`Decoder::connect_logic`].
pub(super) struct Logic {
    cells: Vec<LogicCell>,
    ports: Vec<Ports>,
}

impl Decoder<'_> {
    fn logic_ports(&self, pattern: u32) -> Option<Ports> {
        let slots = &self.db.patterns[pattern as usize].slots;
        let find = |name: String| {
            let id = self.db.name_id(&name)?;
            slots.iter().position(|&slot| slot == id)
        };
        let mut ports = Ports {
            inputs: [[0; 4]; 8],
            out: [0; 8],
            lout: [None; 8],
            cout: [0; 8],
            carry_in_mux: find("carry_in_mux".into())?,
            clk: find("lutff_global/clk".into())?,
            cen: find("lutff_global/cen".into())?,
            s_r: find("lutff_global/s_r".into())?,
        };
        for k in 0..8 {
            for i in 0..4 {
                ports.inputs[k][i] = find(format!("lutff_{k}/in_{i}"))?;
            }
            ports.out[k] = find(format!("lutff_{k}/out"))?;
            // The last cell's LUT has no cascade to a next one.
            ports.lout[k] = find(format!("lutff_{k}/lout"));
            ports.cout[k] = find(format!("lutff_{k}/cout"))?;
        }
        Some(ports)
    }

    /// Finds the logic cells in use and numbers their outputs.
    pub(super) fn logic_cells(&mut self) -> Logic {
        let db = self.db;
        let functions: Vec<&[TileBit]> =
            (0..8).filter_map(|k| db.function(TileKind::Logic, &format!("LC_{k}"))).collect();
        let carry_in_set = db.function(TileKind::Logic, "CarryInSet");
        let mut logic = Logic { cells: Vec::new(), ports: Vec::new() };
        let mut known: HashMap<u32, Option<usize>> = HashMap::new();
        for (at, tile) in db.tiles() {
            if tile.kind != TileKind::Logic {
                continue;
            }
            let rows = self.rows[&at];
            if rows.iter().all(|&row| row == 0) {
                continue;
            }
            let ports = *known.entry(tile.pattern).or_insert_with(|| {
                let ports = self.logic_ports(tile.pattern)?;
                logic.ports.push(ports);
                Some(logic.ports.len() - 1)
            });
            let Some(ports) = ports else { continue };
            let nets = db.nets_of(tile);
            let fabric = |slot: usize| FabricNet(nets[slot]);
            let p = &logic.ports[ports];
            if carry_in_set.is_some_and(|bits| is_set(&rows, bits[0])) {
                let mux = fabric(p.carry_in_mux);
                if !self.routing.has_driver(mux) {
                    self.driven[mux.0 as usize] = Some(Net::ONE);
                }
            }
            for (k, bits) in functions.iter().enumerate() {
                let config: [bool; 20] =
                    std::array::from_fn(|b| bits.get(b).is_some_and(|&bit| is_set(&rows, bit)));
                if !config.contains(&true) {
                    continue;
                }
                let has_dff = config[DFF_ENABLE];
                let lut = if has_dff {
                    match p.lout[k] {
                        Some(slot) => self.drive(fabric(slot)),
                        None => self.new_net(),
                    }
                } else {
                    let out = self.drive(fabric(p.out[k]));
                    if let Some(slot) = p.lout[k] {
                        self.driven[nets[slot] as usize] = Some(out);
                    }
                    out
                };
                logic.cells.push(LogicCell {
                    at: LogicCellAt { tile: at, cell: k as u8 },
                    ports,
                    lut,
                    q: has_dff.then(|| self.drive(fabric(p.out[k]))),
                    carry: config[CARRY_ENABLE].then(|| self.drive(fabric(p.cout[k]))),
                    config,
                });
            }
        }
        logic
    }

    /// Follows the inputs of the logic cells.
    pub(super) fn connect_logic(
        &mut self,
        logic: Logic,
    ) -> Result<(Vec<Lut>, Vec<Ff>), DecodeError> {
        let mut luts = Vec::new();
        let mut ffs = Vec::new();
        for cell in logic.cells {
            let at: TileAt = cell.at.tile;
            let Some(tile) = self.db.tile(at) else {
                continue;
            };
            let nets = self.db.nets_of(tile);
            let ports = &logic.ports[cell.ports];
            let k = usize::from(cell.at.cell);
            let input = |slot: usize, unconnected| self.input(FabricNet(nets[slot]), unconnected);
            let mut inputs = [Net::ZERO; 4];
            for (i, net) in inputs.iter_mut().enumerate() {
                *net = input(ports.inputs[k][i], Net::ZERO)?;
            }
            let table =
                (0..16).filter(|&i| cell.config[LUT_BITS[i]]).fold(0u16, |table, i| table | 1 << i);
            luts.push(Lut { table, inputs, output: cell.lut, at: Some(cell.at) });
            if let Some(output) = cell.carry {
                let below = match k {
                    0 => ports.carry_in_mux,
                    k => ports.cout[k - 1],
                };
                luts.push(Lut {
                    table: MAJORITY,
                    inputs: [inputs[1], inputs[2], input(below, Net::ZERO)?, Net::ZERO],
                    output,
                    at: None,
                });
            }
            if let Some(q) = cell.q {
                ffs.push(Ff {
                    d: cell.lut,
                    q,
                    clock: Clock {
                        net: input(ports.clk, Net::ZERO)?,
                        falling: self.flag(at, "NegClk"),
                    },
                    // An unconnected enable is on.
                    enable: input(ports.cen, Net::ONE)?,
                    set_reset: input(ports.s_r, Net::ZERO)?,
                    set_reset_kind: if cell.config[ASYNC_SET_RESET] {
                        SetReset::Asynchronous
                    } else {
                        SetReset::Synchronous
                    },
                    set_value: cell.config[SET_NO_RESET],
                });
            }
        }
        Ok((luts, ffs))
    }
}
