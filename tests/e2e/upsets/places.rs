//! Where the bitstream holds a bit of the netlist, by the makers' own tools.
//!
//! nextpnr writes its placed and routed netlist. With bits of `LUT_INIT`
//! inverted in that, nextpnr (told to neither pack nor place nor route) and
//! icepack make a bitstream, and what differs from the original is these bits'
//! places. One run inverts all bits; for each binary digit of the bits' numbers
//! another one inverts those that have it, so that each place says its bit's
//! number. Whether router or placer permute a table's inputs does not matter.

use super::common::lab::{FILE_BYTES, Lab};
use super::{Fault, FaultyNetlist, Linked, SEED};
use filbench_toolbox::{JobDir, Tool};
use filbench_vboard::TileAt;
use filbench_vboard::netlist::LogicCellAt;
use filbench_vboard::upset::FileBit;
use serde_json::Value;

/// Where a bit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The cell's place, as nextpnr says.
    pub at: LogicCellAt,
    /// In the bitstream file.
    pub bit: FileBit,
}

/// The place of each fault. `bitstream` is the flow's own of the same netlist.
pub fn find(
    lab: &Lab,
    linked: &Linked,
    netlist: &FaultyNetlist,
    faults: &[Fault],
    bitstream: &[u8],
) -> Vec<Found> {
    let dir = JobDir::create().unwrap();
    let inputs = lab.flow.place_inputs(linked, &lab.board, SEED).unwrap();
    for (name, contents) in &inputs.files {
        dir.write(name, contents).unwrap();
    }
    let args: Vec<&str> = inputs.args.iter().map(String::as_str).collect();
    lab.tool(&dir, Tool::NextpnrIce40, &[&args[..], &["--write", "routed.json"]].concat());
    let routed = dir.read("routed.json", FILE_BYTES).unwrap().unwrap();
    let routed: Value = serde_json::from_slice(&routed).unwrap();

    // What it writes is called otherwise, and is the only module there.
    let mut again: Vec<&str> = args
        .iter()
        .map(|&arg| if arg == "linked.json" { "flipped.json" } else { arg })
        .chain(["--no-pack", "--no-place", "--no-route"])
        .collect();
    let top = again.iter().position(|&arg| arg == "--top").unwrap();
    again.drain(top..top + 2);
    let cells = cells(&routed, netlist);
    let pack = |flipped: &[&Fault]| {
        let mut routed = routed.clone();
        for fault in flipped {
            let (name, ..) = cells.iter().find(|cell| cell.1 == fault.cell).unwrap();
            flip(&mut routed, name, fault.bit);
        }
        dir.write("flipped.json", serde_json::to_vec(&routed).unwrap()).unwrap();
        lab.tool(&dir, Tool::NextpnrIce40, &again);
        lab.tool(&dir, Tool::Icepack, &["placed.asc", "flipped.bin"]);
        dir.read("flipped.bin", FILE_BYTES).unwrap().unwrap()
    };
    assert!(pack(&[]) == bitstream, "nextpnr makes another bitstream of its own netlist");

    let all = differences(bitstream, &pack(&faults.iter().collect::<Vec<_>>()));
    assert_eq!(all.len(), faults.len(), "each bit has one place");
    let mut numbers = vec![0; all.len()];
    for digit in 0..usize::BITS - faults.len().leading_zeros() {
        let has = |number: usize| number >> digit & 1 == 1;
        let flipped: Vec<&Fault> =
            faults.iter().enumerate().filter(|(k, _)| has(*k)).map(|(_, fault)| fault).collect();
        for place in differences(bitstream, &pack(&flipped)) {
            let k = all.iter().position(|&known| known == place).unwrap();
            numbers[k] |= 1 << digit;
        }
    }
    (0..faults.len())
        .map(|number| {
            let mut places = numbers.iter().zip(&all).filter(|(n, _)| **n == number);
            let (Some((_, &bit)), None) = (places.next(), places.next()) else {
                panic!("{:?} has no place of its own", faults[number]);
            };
            let at = cells.iter().find(|cell| cell.1 == faults[number].cell).unwrap().2;
            Found { at, bit }
        })
        .collect()
}

/// Of each look-up table: its name in the placed netlist and in the design, and
/// where nextpnr put it.
fn cells(routed: &Value, netlist: &FaultyNetlist) -> Vec<(String, String, LogicCellAt)> {
    let module = routed["modules"].as_object().unwrap().values().next().unwrap();
    let placed = module["cells"].as_object().unwrap();
    let mut cells = Vec::new();
    for (name, init) in &netlist.luts {
        let tidy: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || "_.[]$:".contains(c) { c } else { '_' })
            .collect();
        let name_placed = format!("dut.{tidy}_LC");
        let cell = placed.get(&name_placed).unwrap_or_else(|| panic!("no cell {name_placed}"));
        assert_eq!(cell["type"], "ICESTORM_LC");
        let text = cell["parameters"]["LUT_INIT"].as_str().unwrap();
        assert_eq!(u32::from_str_radix(text, 2).unwrap(), u32::from(*init), "{name_placed}");
        // As in `X12/Y3/lc5`.
        let bel = cell["attributes"]["NEXTPNR_BEL"].as_str().unwrap();
        let mut parts = bel.split('/').map(|part| part.trim_start_matches(['X', 'Y', 'l', 'c']));
        let mut number = || parts.next().unwrap().parse().unwrap();
        let (x, y, lc) = (number(), number(), number());
        cells.push((name_placed, name.clone(), LogicCellAt { tile: TileAt { x, y }, cell: lc }));
    }
    cells
}

/// Inverts bit `bit` of a cell's `LUT_INIT`.
fn flip(routed: &mut Value, cell: &str, bit: usize) {
    let module = routed["modules"].as_object_mut().unwrap().values_mut().next().unwrap();
    let init = &mut module["cells"][cell]["parameters"]["LUT_INIT"];
    let mut digits: Vec<char> = init.as_str().unwrap().chars().collect();
    let at = digits.len() - 1 - bit;
    digits[at] = if digits[at] == '0' { '1' } else { '0' };
    *init = digits.into_iter().collect::<String>().into();
}

/// The bits in which two files differ, without the CRC at their end: `22`, two
/// bytes of CRC, `01 06` to wake the device up, and a byte of padding.
fn differences(a: &[u8], b: &[u8]) -> Vec<FileBit> {
    assert_eq!(a.len(), b.len());
    let tail = a.len() - 6;
    assert_eq!((a[tail], a[tail + 3], a[tail + 4]), (0x22, 1, 6), "icepack's trailer");
    let mut places = Vec::new();
    for byte in 0..tail {
        for bit in 0..8 {
            if (a[byte] ^ b[byte]) >> bit & 1 == 1 {
                places.push(FileBit { byte, mask: 1 << bit });
            }
        }
    }
    places
}
