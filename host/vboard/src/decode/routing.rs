//! The switches that are on: for each net, the net it takes its value from.

use std::collections::HashMap;

use super::{DecodeError, is_set};
use crate::chipdb::{ChipDb, FabricNet};
use crate::device::{TileAt, TileBit};

pub(super) struct Routing {
    /// Driver of each net; `NONE` when no switch drives it.
    driver: Vec<u32>,
    /// Whether some switch takes its value from the net.
    taken: Vec<bool>,
}

const NONE: u32 = u32::MAX;

/// A bound on how many switches lie between a driver and an input: more than
/// there are spans across the largest chip, by far.
const LONGEST_PATH: usize = 4096;

impl Routing {
    /// Reads all switches, and checks that no bit outside switches and named
    /// functions is set.
    pub fn read(db: &ChipDb, rows: &HashMap<TileAt, [u64; 16]>) -> Result<Routing, DecodeError> {
        let mut routing =
            Routing { driver: vec![NONE; db.nets as usize], taken: vec![false; db.nets as usize] };
        for (at, tile) in db.tiles() {
            let rows = &rows[&at];
            if rows.iter().all(|&row| row == 0) {
                continue;
            }
            let pattern = db.pattern(tile);
            let nets = db.nets_of(tile);
            let mut known = [0u64; 16];
            for (_, bits) in &db.functions[tile.kind.index()].entries {
                mark(&mut known, bits);
            }
            for switch in &pattern.switches {
                mark(&mut known, &switch.bits);
                let value = switch
                    .bits
                    .iter()
                    .fold(0u16, |value, &bit| value << 1 | u16::from(is_set(rows, bit)));
                if value == 0 {
                    continue;
                }
                let name = || db.name(pattern.slots[usize::from(switch.destination)]).to_owned();
                let destination = nets[usize::from(switch.destination)] as usize;
                let source = switch
                    .choices
                    .iter()
                    .find(|choice| choice.0 == value)
                    .map(|choice| nets[usize::from(choice.1)])
                    .ok_or_else(|| DecodeError::UnknownChoice {
                        at,
                        kind: switch.kind.into(),
                        net: name(),
                        value,
                    })?;
                let driver = &mut routing.driver[destination];
                if *driver != NONE && *driver != source {
                    return Err(DecodeError::TwoDrivers { at, net: name() });
                }
                *driver = source;
                routing.taken[source as usize] = true;
            }
            for (row, (&bits, &known)) in rows.iter().zip(&known).enumerate() {
                let unknown = bits & !known;
                if unknown != 0 {
                    return Err(DecodeError::UnknownBit {
                        at,
                        kind: tile.kind.icestorm_name(),
                        bit: TileBit { row: row as u8, column: unknown.trailing_zeros() as u8 },
                    });
                }
            }
        }
        Ok(routing)
    }

    /// Makes `net` take its value from `source`, unless a switch drives it.
    pub fn connect(&mut self, net: FabricNet, source: FabricNet) {
        let driver = &mut self.driver[net.0 as usize];
        if *driver == NONE {
            *driver = source.0;
            self.taken[source.0 as usize] = true;
        }
    }

    pub fn has_driver(&self, net: FabricNet) -> bool {
        self.driver[net.0 as usize] != NONE
    }

    pub fn is_taken(&self, net: FabricNet) -> bool {
        self.taken[net.0 as usize]
    }

    /// Where the value of `net` comes from; `None` if the way runs in a ring.
    pub fn root(&self, net: FabricNet) -> Option<FabricNet> {
        let mut at = net.0;
        for _ in 0..LONGEST_PATH {
            match self.driver[at as usize] {
                NONE => return Some(FabricNet(at)),
                next => at = next,
            }
        }
        None
    }
}

fn mark(known: &mut [u64; 16], bits: &[TileBit]) {
    for bit in bits {
        known[usize::from(bit.row) & 15] |= 1 << bit.column;
    }
}
