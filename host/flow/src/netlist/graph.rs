use super::{Bit, Module};
use crate::cells;

/// One output bit of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Driver {
    /// Index of the cell in the module.
    pub(crate) cell: u32,
    /// Index of the connection in the cell.
    pub(crate) connection: u16,
    /// Bit of the connection.
    pub(crate) bit: u32,
}

/// For every net, what drives it.
#[derive(Debug)]
pub(crate) struct Drivers {
    by_net: Vec<Option<Driver>>,
}

impl Drivers {
    /// Of a netlist in which every net has one driver; of several the last counts.
    pub(crate) fn of(module: &Module) -> Self {
        let mut by_net = vec![None; module.net_count() as usize];
        for_each(module, |net, driver| by_net[net as usize] = Some(driver));
        Self { by_net }
    }

    /// What drives `net`; `None` for an input of the module or a loose net.
    pub(crate) fn get(&self, net: u32) -> Option<Driver> {
        self.by_net.get(net as usize).copied().flatten()
    }

    /// How many nets there are.
    pub(crate) fn net_count(&self) -> usize {
        self.by_net.len()
    }
}

fn for_each(module: &Module, mut found: impl FnMut(u32, Driver)) {
    for (cell_index, (_, cell)) in module.cells.iter().enumerate() {
        for (connection, (port, bits)) in cell.connections.iter().enumerate() {
            if !cells::is_output(cell, port) {
                continue;
            }
            for (bit, net) in bits.iter().enumerate() {
                if let Bit::Net(net) = *net {
                    found(
                        net,
                        Driver {
                            cell: cell_index as u32,
                            connection: connection as u16,
                            bit: bit as u32,
                        },
                    );
                }
            }
        }
    }
}

/// The name that a person would use for each net.
#[derive(Debug)]
pub(crate) struct Names<'a> {
    by_net: Vec<Option<Name<'a>>>,
}

#[derive(Clone, Copy, Debug)]
struct Name<'a> {
    text: &'a str,
    /// Of a vector of more than one bit.
    index: Option<u32>,
    hidden: bool,
}

impl<'a> Names<'a> {
    /// Names of all nets of `module`: of several names of a net the one from
    /// the source, and the shortest.
    pub(crate) fn of(module: &'a Module) -> Self {
        let mut by_net: Vec<Option<Name>> = vec![None; module.net_count() as usize];
        for (text, name) in module.netnames.iter() {
            for (index, net) in name.bits.iter().enumerate() {
                let Bit::Net(net) = *net else { continue };
                let new = Name {
                    text,
                    index: (name.bits.len() > 1).then_some(index as u32),
                    hidden: name.hide_name != 0,
                };
                let slot = &mut by_net[net as usize];
                if slot.is_none_or(|old| new.rank() < old.rank()) {
                    *slot = Some(new);
                }
            }
        }
        Self { by_net }
    }

    /// `q[3]`, `state`, or `net 17` for a net without a name.
    pub(crate) fn get(&self, net: u32) -> String {
        match self.by_net.get(net as usize).copied().flatten() {
            None => format!("net {net}"),
            Some(name) => match name.index {
                None => name.text.to_owned(),
                Some(index) => format!("{}[{index}]", name.text),
            },
        }
    }

    /// Whether the net has a name in the source.
    pub(crate) fn is_from_source(&self, net: u32) -> bool {
        self.by_net.get(net as usize).copied().flatten().is_some_and(|name| !name.hidden)
    }
}

impl Name<'_> {
    fn rank(&self) -> (bool, usize) {
        (self.hidden, self.text.len())
    }
}
