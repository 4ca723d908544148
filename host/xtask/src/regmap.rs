//! Turns fpga/regmap.toml, the one register map between firmware and fixture,
//! into a Verilog header and into Rust constants.
//!
//! [`render`] is pure; [`write()`] and [`check`] touch the files.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

/// Where the register map is kept, relative to the repository's root.
const SOURCE: &str = "fpga/regmap.toml";

/// The generated files, each with its path relative to the repository's root.
pub struct Rendered {
    /// `fpga/rtl/generated/regmap.vh`: localparams, to be included inside a module.
    pub verilog: File,
    /// `firmware/stim/src/regmap.rs`: the registers, which only firmware sees.
    pub registers: File,
    /// `firmware/wire/src/regmap.rs`: the player's byte code, sizes and the
    /// identity block, which host and firmware share.
    pub shared: File,
}

/// A generated file.
pub struct File {
    /// Path relative to the repository's root.
    pub path: &'static str,
    /// The whole text.
    pub text: String,
}

impl Rendered {
    fn files(&self) -> [&File; 3] {
        [&self.verilog, &self.registers, &self.shared]
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Map {
    base: u32,
    register: Vec<Register>,
    capacities: Capacities,
    identity: Identity,
    opcodes: Opcodes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Register {
    name: String,
    offset: u32,
    access: Access,
    doc: String,
    fields: Vec<Field>,
}

#[derive(Clone, Copy, Deserialize)]
enum Access {
    #[serde(rename = "r")]
    Read,
    #[serde(rename = "w")]
    Write,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
    name: String,
    /// Lowest bit.
    bit: u32,
    #[serde(default = "one")]
    width: u32,
    doc: String,
}

fn one() -> u32 {
    1
}

impl Field {
    fn mask(&self) -> u32 {
        u32::MAX >> (32 - self.width) << self.bit
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Capacities {
    list: Vec<Capacity>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Capacity {
    name: String,
    value: u32,
    doc: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    address: u32,
    fields: Vec<IdentityField>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityField {
    name: String,
    offset: u32,
    bytes: u32,
    doc: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Opcodes {
    list: Vec<Opcode>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Opcode {
    name: String,
    /// Eight characters, bit 7 first: `0` and `1` select the opcode, a letter
    /// names the parameter that lies there.
    pattern: String,
    /// Bytes that follow the opcode. SET_RUN's own count is in its parameter.
    operands: u8,
    doc: String,
}

impl Opcode {
    /// The bits that must match, and their values.
    fn select(&self) -> (u8, u8) {
        (self.mask(|c| c.is_ascii_digit()), self.mask(|c| c == '1'))
    }

    fn mask(&self, pick: impl Fn(char) -> bool) -> u8 {
        self.pattern.chars().fold(0, |mask, c| mask << 1 | u8::from(pick(c)))
    }

    fn parameters(&self) -> BTreeMap<char, u8> {
        self.pattern
            .chars()
            .filter(char::is_ascii_lowercase)
            .map(|letter| (letter, self.mask(|c| c == letter)))
            .collect()
    }
}

impl Map {
    /// Refuses a map that two sides could read differently.
    fn validate(&self) -> Result<()> {
        for (i, register) in self.register.iter().enumerate() {
            let name = &register.name;
            ensure!(
                register.offset.is_multiple_of(4) && register.offset < 0x40,
                "register {name}: offset {:#x} is not a word of the 64-byte window",
                register.offset
            );
            if let Some(twin) = self.register[..i].iter().find(|r| r.offset == register.offset) {
                bail!("registers {} and {name} share offset {:#x}", twin.name, register.offset);
            }
            let mut taken = 0;
            for field in &register.fields {
                ensure!(
                    field.width >= 1 && field.bit + field.width <= 32,
                    "field {name}.{} does not lie in 32 bits",
                    field.name
                );
                ensure!(
                    taken & field.mask() == 0,
                    "field {name}.{} overlaps another one",
                    field.name
                );
                taken |= field.mask();
            }
        }
        ensure!(
            self.capacities
                .list
                .iter()
                .all(|c| c.name != "IMAGE" || c.value == self.identity.address),
            "the image ends elsewhere than where the identity block begins, at {:#06x}",
            self.identity.address
        );
        let mut end = 0;
        for field in &self.identity.fields {
            ensure!(
                field.offset >= end,
                "identity field {} overlaps the one before it",
                field.name
            );
            end = field.offset + field.bytes;
        }
        for (i, opcode) in self.opcodes.list.iter().enumerate() {
            let name = &opcode.name;
            ensure!(
                opcode
                    .parameters()
                    .values()
                    .all(|mask| (mask >> mask.trailing_zeros()).count_zeros()
                        == mask.leading_zeros() + mask.trailing_zeros()),
                "opcode {name}: a parameter's bits do not lie side by side"
            );
            ensure!(
                opcode.pattern.len() == 8
                    && opcode.pattern.chars().all(|c| matches!(c, '0' | '1' | 'a'..='z')),
                "opcode {name}: pattern `{}` is not eight of 0, 1 and a to z",
                opcode.pattern
            );
            let (mask, value) = opcode.select();
            for other in &self.opcodes.list[..i] {
                let (other_mask, other_value) = other.select();
                ensure!(
                    (value ^ other_value) & mask & other_mask != 0,
                    "opcodes {} and {name} match the same byte",
                    other.name
                );
            }
        }
        Ok(())
    }
}

/// Renders every generated file from the text of fpga/regmap.toml.
pub fn render(source: &str) -> Result<Rendered> {
    let map: Map = toml::from_str(source).with_context(|| format!("cannot read {SOURCE}"))?;
    map.validate().with_context(|| format!("{SOURCE} contradicts itself"))?;
    Ok(Rendered {
        verilog: File { path: "fpga/rtl/generated/regmap.vh", text: verilog(&map)? },
        registers: File { path: "firmware/stim/src/regmap.rs", text: registers(&map)? },
        shared: File { path: "firmware/wire/src/regmap.rs", text: shared(&map)? },
    })
}

/// Renders and writes the generated files below `root`.
pub fn write(root: &Path) -> Result<()> {
    for file in render_from(root)?.files() {
        let path = root.join(file.path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot create the folder of {}", file.path))?;
        }
        fs::write(&path, &file.text).with_context(|| format!("cannot write {}", file.path))?;
    }
    Ok(())
}

/// Fails when a generated file below `root` is not what [`write()`] would write.
pub fn check(root: &Path) -> Result<()> {
    for file in render_from(root)?.files() {
        let found = fs::read_to_string(root.join(file.path)).with_context(|| {
            format!("cannot read {}; run `cargo xtask regmap` and commit it", file.path)
        })?;
        ensure!(
            found == file.text,
            "{} is not what {SOURCE} gives; run `cargo xtask regmap` and commit the result",
            file.path
        );
    }
    Ok(())
}

fn render_from(root: &Path) -> Result<Rendered> {
    render(&fs::read_to_string(root.join(SOURCE)).with_context(|| format!("cannot read {SOURCE}"))?)
}

fn verilog(map: &Map) -> Result<String> {
    let mut out = String::from(
        "// Generated by `cargo xtask regmap` from fpga/regmap.toml; do not edit.\n\
         // Include it inside a module: it holds localparams only.\n\
         //\n\
         // REG_<register>: byte offset. <register>_<field>: lowest bit of a field.\n\
         // `OP_<opcode>: pattern for casez; a macro, because Yosys takes a parameter with\n\
         // `?` in it for tristate logic. `OP_<opcode>_<letter>: the bits of a parameter.\n\
         // CAPACITY_<name>: bytes.\n\n\
         /* verilator lint_save */\n\
         /* verilator lint_off UNUSEDPARAM */\n\n",
    );
    for register in &map.register {
        writeln!(out, "localparam [5:0] REG_{} = 6'h{:02x};", register.name, register.offset)?;
        for field in &register.fields {
            writeln!(out, "localparam {}_{} = {};", register.name, field.name, field.bit)?;
        }
    }
    for capacity in &map.capacities.list {
        writeln!(out, "localparam CAPACITY_{} = {};", capacity.name, capacity.value)?;
    }
    out.push('\n');
    for opcode in &map.opcodes.list {
        let pattern: String =
            opcode.pattern.chars().map(|c| if c.is_ascii_lowercase() { '?' } else { c }).collect();
        writeln!(out, "`define OP_{} 8'b{pattern}", opcode.name)?;
        for (letter, mask) in opcode.parameters() {
            let (high, low) = (7 - mask.leading_zeros(), mask.trailing_zeros());
            let bits = if high == low { low.to_string() } else { format!("{high}:{low}") };
            writeln!(out, "`define OP_{}_{} {bits}", opcode.name, letter.to_ascii_uppercase())?;
        }
    }
    out.push_str("\n/* verilator lint_restore */\n");
    Ok(out)
}

fn registers(map: &Map) -> Result<String> {
    let mut out = String::from(
        "//! The fixture's registers as the soft MCU sees them.\n\
         //!\n\
         //! Generated by `cargo xtask regmap` from fpga/regmap.toml; do not edit.\n\n",
    );
    writeln!(out, "/// Address of the first register.")?;
    writeln!(out, "pub const BASE: u32 = {};", hex32(map.base))?;
    for register in &map.register {
        let access = match register.access {
            Access::Read => "Read",
            Access::Write => "Write",
        };
        writeln!(out, "\n/// {access}: {}", register.doc)?;
        writeln!(out, "pub mod {} {{", register.name.to_lowercase())?;
        writeln!(out, "    /// Bytes from [`BASE`](super::BASE).")?;
        writeln!(out, "    pub const OFFSET: usize = {:#04x};", register.offset)?;
        for field in &register.fields {
            writeln!(out, "    /// {}", field.doc)?;
            if field.width == 1 {
                writeln!(out, "    pub const {}: u32 = 1 << {};", field.name, field.bit)?;
            } else {
                writeln!(out, "    pub const {}: u32 = {};", field.name, hex32(field.mask()))?;
                writeln!(out, "    /// Lowest bit of [`{}`].", field.name)?;
                writeln!(out, "    pub const {}_SHIFT: u32 = {};", field.name, field.bit)?;
            }
        }
        writeln!(out, "}}")?;
    }
    Ok(out)
}

fn shared(map: &Map) -> Result<String> {
    let mut out = String::from(
        "//! The player's byte code, sizes and the identity block: what host, firmware and\n\
         //! fixture must agree on.\n\
         //!\n\
         //! Generated by `cargo xtask regmap` from fpga/regmap.toml; do not edit.\n\n\
         /// The player's byte code. A constant named after an opcode is the byte with all\n\
         /// parameters 0; `<OPCODE>_<LETTER>` is the mask of a parameter.\n\
         pub mod opcode {\n",
    );
    for opcode in &map.opcodes.list {
        let (_, value) = opcode.select();
        let operands = match opcode.operands {
            0 => String::new(),
            1 => ", one operand byte".to_owned(),
            n => format!(", {n} operand bytes"),
        };
        writeln!(out, "    /// `{}`{operands}: {}", opcode.pattern, opcode.doc)?;
        writeln!(out, "    pub const {}: u8 = {};", opcode.name, bin8(value))?;
        for (letter, mask) in opcode.parameters() {
            writeln!(out, "    /// Mask of `{letter}` in [`{}`].", opcode.name)?;
            writeln!(
                out,
                "    pub const {}_{}: u8 = {};",
                opcode.name,
                letter.to_ascii_uppercase(),
                bin8(mask)
            )?;
        }
    }
    out.push_str(
        "}\n\n/// Sizes of the fixture's memories and of what lies in them.\npub mod capacity {\n",
    );
    for capacity in &map.capacities.list {
        writeln!(out, "    /// {}", capacity.doc)?;
        writeln!(out, "    pub const {}: usize = {};", capacity.name, capacity.value)?;
    }
    out.push_str(
        "}\n\n/// The identity block in the soft MCU's RAM: offsets in bytes from\n\
         /// [`ADDRESS`](identity::ADDRESS); numbers are little-endian.\n\
         pub mod identity {\n    /// Address of the block in the soft MCU's RAM.\n",
    );
    writeln!(out, "    pub const ADDRESS: usize = {:#06x};", map.identity.address)?;
    let bytes = map.identity.fields.iter().map(|f| f.offset + f.bytes).max().unwrap_or(0);
    writeln!(out, "    /// Bytes of the block that carry something; the rest is 0.")?;
    writeln!(out, "    pub const BYTES: usize = {bytes:#04x};")?;
    for field in &map.identity.fields {
        writeln!(out, "    /// {} Bytes: {}.", field.doc, field.bytes)?;
        writeln!(out, "    pub const {}: usize = {:#04x};", field.name, field.offset)?;
    }
    out.push_str("}\n");
    Ok(out)
}

/// `0xdead_beef`
fn hex32(value: u32) -> String {
    format!("{:#06x}_{:04x}", value >> 16, value & 0xffff)
}

/// `0b1010_0101`
fn bin8(value: u8) -> String {
    format!("0b{:04b}_{:04b}", value >> 4, value & 0xf)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"
        base = 0x8000_0000
        [[register]]
        name = "RX_DATA"
        offset = 0x04
        access = "r"
        doc = "One byte."
        fields = [
          { name = "BYTE", bit = 0, width = 8, doc = "The byte." },
          { name = "VALID", bit = 8, doc = "There was one." },
        ]
        [capacities]
        list = [{ name = "RING", value = 2048, doc = "Slots." }]
        [identity]
        address = 0x0fc0
        fields = [{ name = "MAGIC", offset = 0, bytes = 4, doc = "Magic." }]
        [opcodes]
        list = [
          { name = "STEP_LOW", pattern = "1cdddddd", operands = 0, doc = "Step." },
          { name = "NOP", pattern = "00000000", operands = 0, doc = "Nothing." },
        ]
    "#;

    #[test]
    fn renders_registers_opcodes_and_identity() {
        let rendered = render(SMALL).unwrap();
        let verilog = rendered.verilog.text;
        assert!(verilog.contains("localparam [5:0] REG_RX_DATA = 6'h04;"), "{verilog}");
        assert!(verilog.contains("localparam RX_DATA_VALID = 8;"), "{verilog}");
        assert!(verilog.contains("`define OP_STEP_LOW 8'b1???????"), "{verilog}");
        assert!(verilog.contains("`define OP_STEP_LOW_C 6\n"), "{verilog}");
        assert!(verilog.contains("`define OP_STEP_LOW_D 5:0\n"), "{verilog}");
        assert!(verilog.contains("localparam CAPACITY_RING = 2048;"), "{verilog}");
        let registers = rendered.registers.text;
        assert!(registers.contains("pub const BYTE: u32 = 0x0000_00ff;"), "{registers}");
        assert!(registers.contains("pub const VALID: u32 = 1 << 8;"), "{registers}");
        let shared = rendered.shared.text;
        assert!(shared.contains("pub const STEP_LOW: u8 = 0b1000_0000;"), "{shared}");
        assert!(shared.contains("pub const STEP_LOW_C: u8 = 0b0100_0000;"), "{shared}");
        assert!(shared.contains("pub const ADDRESS: usize = 0x0fc0;"), "{shared}");
        assert!(shared.contains("pub const RING: usize = 2048;"), "{shared}");
    }

    #[test]
    fn refuses_a_map_that_contradicts_itself() {
        for (from, to, complaint) in [
            ("bit = 8", "bit = 7", "overlaps another one"),
            ("offset = 0x04", "offset = 0x05", "is not a word"),
            ("\"00000000\"", "\"1000000x\"", "match the same byte"),
            ("\"00000000\"", "\"0000\"", "is not eight of"),
            ("width = 8", "width = 33", "does not lie in 32 bits"),
            ("\"RING\"", "\"IMAGE\"", "the image ends elsewhere"),
            ("1cdddddd", "1cddcddd", "do not lie side by side"),
        ] {
            let broken = SMALL.replace(from, to);
            let error = format!("{:#}", render(&broken).err().unwrap());
            assert!(error.contains(complaint), "{to}: {error}");
        }
    }
}
