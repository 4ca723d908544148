//! The contents of the soft MCU's RAM: firmware image and identity block, as
//! INIT parameters of the fixture's block RAMs.

use crate::fixture::FixtureFile;
use crate::netlist::{Entries, Module, Value};
use filbench_model::{Fault, FaultPlace};
use filbench_wire::regmap::{capacity, identity};
use sha2::{Digest, Sha256};

/// `FLB1`, little-endian.
const MAGIC: [u8; 4] = *b"FLB1";

/// A firmware image for the soft MCU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firmware {
    /// At most [`Firmware::BYTES_MAX`] bytes, for address 0 on.
    pub image: Vec<u8>,
    /// Of the image, in hexadecimal.
    pub sha256: String,
}

impl Firmware {
    /// What fits below the identity block.
    pub const BYTES_MAX: usize = capacity::IMAGE;

    /// An image, as `objcopy -O binary` writes it.
    pub fn new(image: Vec<u8>) -> Self {
        Self { sha256: hex::encode(Sha256::digest(&image)), image }
    }
}

/// What the firmware tells the host about the bitstream it runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) netlist_hash: [u8; 16],
    pub(crate) input_bytes: u8,
    pub(crate) output_bytes: u8,
    pub(crate) slots: u8,
    pub(crate) clock_hz: u32,
}

impl Identity {
    /// The identity block (fpga/regmap.toml, `[identity]`).
    fn block(&self) -> [u8; identity::BYTES] {
        let mut block = [0; identity::BYTES];
        let mut put = |offset: usize, bytes: &[u8]| {
            block[offset..offset + bytes.len()].copy_from_slice(bytes);
        };
        put(identity::MAGIC, &MAGIC);
        put(identity::NETLIST_HASH, &self.netlist_hash);
        put(identity::INPUT_BYTES, &[self.input_bytes]);
        put(identity::OUTPUT_BYTES, &[self.output_bytes]);
        put(identity::SLOTS, &[self.slots]);
        put(identity::FLAGS, &[0]);
        put(identity::CLOCK_HZ, &self.clock_hz.to_le_bytes());
        put(identity::CAPTURE_CAPACITY, &(capacity::CAPTURE as u16).to_le_bytes());
        put(identity::RING_CAPACITY, &(capacity::RING as u16).to_le_bytes());
        block
    }
}

/// The RAM with the firmware's image and, when given, the identity block.
pub(crate) fn contents(firmware: &Firmware, identity: Option<&Identity>) -> Result<Vec<u8>, Fault> {
    let bytes = FixtureFile::get().firmware.bytes;
    if firmware.image.len() > Firmware::BYTES_MAX {
        return Err(Fault::new(
            FaultPlace::Firmware,
            format!(
                "the firmware image has {} bytes, the soft MCU has room for {}; build it with \
                 `cargo xtask firmware`",
                firmware.image.len(),
                Firmware::BYTES_MAX
            ),
        ));
    }
    let mut ram = vec![0; bytes];
    ram[..firmware.image.len()].copy_from_slice(&firmware.image);
    if let Some(identity) = identity {
        ram[identity::ADDRESS..][..identity::BYTES].copy_from_slice(&identity.block());
    }
    Ok(ram)
}

/// Sets the INIT parameters of the soft MCU's block RAMs in `module`.
pub(crate) fn fill(module: &mut Module, ram: &[u8]) -> Result<(), Fault> {
    let section = &FixtureFile::get().firmware;
    for nibble in 0..section.nibbles {
        let name = format!("{}{nibble}", section.ram);
        let cell = module.cells.get_mut(&name).ok_or_else(|| {
            Fault::new(
                FaultPlace::Fixture,
                format!("the fixture's netlist has no block RAM `{name}`"),
            )
        })?;
        set_init(&mut cell.parameters, &init(ram, nibble));
    }
    Ok(())
}

/// The 4096 bits of block RAM `nibble`, which holds bits 4k+3:4k of every
/// 32-bit word; the mapping is fpga/rtl/mcu_ram.v's.
fn init(ram: &[u8], nibble: usize) -> [bool; 4096] {
    let mut bits = [false; 4096];
    for (address, word) in ram.chunks_exact(4).enumerate() {
        let value = word[nibble / 2] >> (4 * (nibble % 2)) & 0xf;
        for j in 0..4 {
            bits[16 * (address % 256) + 4 * j + address / 256] = value >> j & 1 == 1;
        }
    }
    bits
}

fn set_init(parameters: &mut Entries<Value>, bits: &[bool; 4096]) {
    for (row, bits) in bits.chunks_exact(256).enumerate() {
        let name = format!("INIT_{row:X}");
        let text: String = bits.iter().rev().map(|&bit| if bit { '1' } else { '0' }).collect();
        match parameters.get_mut(&name) {
            Some(value) => *value = Value::Text(text),
            None => parameters.push(name, Value::Text(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn init_bits_follow_the_documented_mapping() {
        let mut ram = vec![0; 4096];
        // Word 0x2a5 (byte address 0xa94), bit 4*3+2 = 14: byte 1, bit 6.
        ram[4 * 0x2a5 + 1] = 1 << 6;
        for nibble in 0..8 {
            let bits = init(&ram, nibble);
            let set: Vec<usize> = (0..4096).filter(|&i| bits[i]).collect();
            if nibble == 3 {
                assert_eq!(set, [16 * 0xa5 + 4 * 2 + 2]);
            } else {
                assert!(set.is_empty());
            }
        }
    }

    #[test]
    fn parameters_have_their_most_significant_bit_first() {
        let mut bits = [false; 4096];
        bits[256 * 10] = true;
        let mut parameters = Entries::default();
        parameters.push("INIT_A", Value::Text("x".into()));
        set_init(&mut parameters, &bits);
        assert_eq!(parameters.len(), 16);
        let text = parameters.get("INIT_A").and_then(Value::text).unwrap();
        assert_eq!(text.len(), 256);
        assert!(text.ends_with("01") && !text[..255].contains('1'));
    }

    #[test]
    fn the_identity_block_lies_behind_the_image() {
        let firmware = Firmware::new(vec![0xaa; Firmware::BYTES_MAX]);
        let identity = Identity {
            netlist_hash: [7; 16],
            input_bytes: 130,
            output_bytes: 64,
            slots: 16,
            clock_hz: 12_000_000,
        };
        let ram = contents(&firmware, Some(&identity)).unwrap();
        assert_eq!(ram.len(), 4096);
        assert_eq!(ram[0xfbf], 0xaa);
        assert_eq!(&ram[0xfc0..0xfc4], 0x3142_4c46_u32.to_le_bytes());
        assert_eq!(ram[0xfc4..0xfd4], [7; 16]);
        assert_eq!(ram[0xfd4..0xfd8], [130, 64, 16, 0]);
        assert_eq!(&ram[0xfd8..0xfdc], 12_000_000_u32.to_le_bytes());
        assert_eq!(ram[0xfdc..0xfe0], [0x00, 0x04, 0x00, 0x08]);

        let too_long = Firmware::new(vec![0; Firmware::BYTES_MAX + 1]);
        assert!(contents(&too_long, None).is_err());
    }
}
