//! The fixture's netlist: synthesised from fpga/ once for each size, device and
//! tool version, and kept in the cache.

use crate::flowfile::FlowFile;
use crate::netlist::{Bit, Module, Netlist};
use crate::{FlowFault, host_fault};
use filbench_board::Board;
use filbench_model::{Fault, FaultPlace, with_causes};
use filbench_toolbox::{CacheFolder, JobDir, Limits, Tool, ToolExit, ToolJob, Toolbox};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../fpga/", $name)))),*]
    };
}

/// The files that fpga/fixture.toml lists; a test compares the lists.
const SOURCES: &[(&str, &str)] = embedded![
    "rtl/fixture_top.v",
    "rtl/reset_generator.v",
    "rtl/level_crossing.v",
    "rtl/byte_crossing.v",
    "rtl/crc16.v",
    "rtl/mcu.v",
    "rtl/mcu_ram.v",
    "rtl/mcu_registers.v",
    "rtl/bus_registers.v",
    "rtl/stall_timer.v",
    "rtl/uart_receiver.v",
    "rtl/receive_ring.v",
    "rtl/block_sequencer.v",
    "rtl/player.v",
    "rtl/input_bank.v",
    "rtl/slot_decoder.v",
    "rtl/design_slots.v",
    "rtl/output_multiplexer.v",
    "rtl/capture_register.v",
    "rtl/capture_buffer.v",
    "rtl/capture_sender.v",
    "rtl/uart_transmitter.v",
];

/// What they include.
const HEADERS: &[(&str, &str)] = embedded!["rtl/generated/regmap.vh"];

/// fpga/fixture.toml, as far as the flow needs it.
#[derive(Debug, Deserialize)]
pub(crate) struct FixtureFile {
    top: String,
    designs_module: String,
    designs_instance: String,
    include: String,
    files: Vec<String>,
    serv: Vec<String>,
    pub(crate) firmware: FirmwareSection,
    parameters: BTreeMap<String, Parameter>,
}

/// A parameter of the fixture's top module, and what it may be.
#[derive(Debug, Deserialize)]
struct Parameter {
    min: u32,
    max: Option<u32>,
}

/// Where the soft MCU's RAM is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FirmwareSection {
    /// Instances are this and a number.
    pub(crate) ram: String,
    pub(crate) nibbles: usize,
    pub(crate) bytes: usize,
}

impl FixtureFile {
    pub(crate) fn get() -> &'static Self {
        static FILE: LazyLock<FixtureFile> = LazyLock::new(|| {
            toml::from_str(include_str!("../../../fpga/fixture.toml"))
                .expect("the embedded fixture file is well-formed: a test reads it")
        });
        &FILE
    }

    /// Refuses a value that the parameter may not have.
    fn check(&self, name: &str, value: u32) -> Result<(), Fault> {
        let parameter = self
            .parameters
            .get(name)
            .ok_or_else(|| fixture_fault(format!("fpga/fixture.toml has no parameter `{name}`")))?;
        let max = parameter.max.unwrap_or(u32::MAX);
        if !(parameter.min..=max).contains(&value) {
            return Err(fixture_fault(format!(
                "the fixture's {name} cannot be {value}: fpga/fixture.toml allows {} to {max}; \
                 look at flows/ice40.toml and the board's file",
                parameter.min
            )));
        }
        Ok(())
    }

    /// The fixture's top module.
    pub(crate) fn top(&self) -> &str {
        &self.top
    }
}

/// SHA-256 over everything embedded that decides what fixtures are.
pub(crate) fn sha256() -> &'static str {
    static SHA256: LazyLock<String> = LazyLock::new(|| {
        let mut hash = Sha256::new();
        for text in
            [include_str!("../../../fpga/fixture.toml"), include_str!("../../../flows/ice40.toml")]
                .into_iter()
                .chain(SOURCES.iter().chain(HEADERS).map(|(_, text)| *text))
        {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
        hex::encode(hash.finalize())
    });
    &SHA256
}

/// Which fixture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Variant<'a> {
    /// Bytes of the player's input register.
    pub(crate) input_bytes: u8,
    /// Bytes of a full capture.
    pub(crate) output_bytes: u8,
    /// Designs that it has room for.
    pub(crate) slots: u8,
    pub(crate) board: &'a Board,
}

/// A fixture without a design.
#[derive(Clone, Debug)]
pub(crate) struct Fixture {
    /// The top module, without the black box of the designs.
    pub(crate) module: Module,
    /// The net of each player input bit.
    pub(crate) inputs: Vec<Bit>,
    /// For each slot the net that is 1 while it is selected; empty where there is
    /// only one.
    pub(crate) selected: Vec<Bit>,
    /// The net of each player output bit.
    pub(crate) outputs: Vec<Bit>,
}

/// The smallest size of `sizes` that holds `bits`; `None` when none does.
pub(crate) fn size_for(sizes: &[u8], bits: usize) -> Option<u8> {
    sizes.iter().copied().filter(|&bytes| 8 * usize::from(bytes) >= bits).min()
}

/// The fixture of `variant`, from the cache or synthesised within `limits`.
pub(crate) fn load(
    toolbox: &Toolbox,
    cache: &Path,
    variant: Variant<'_>,
    limits: Limits,
) -> Result<Fixture, Fault> {
    let job = SynthesisJob::new(toolbox, variant)?;
    let folder = CacheFolder::new(cache, "fixture");
    let name = format!("{}.json", job.hash);
    let path = folder.join(&name);
    if let Ok(bytes) = fs::read(&path)
        && let Ok(fixture) = split(&bytes)
    {
        return Ok(fixture);
    }
    let bytes = job.run(toolbox, limits)?;
    let fixture = split(&bytes)?;
    folder.write(&name, &bytes).map_err(|error| host_fault("write", &path, &error))?;
    Ok(fixture)
}

/// Everything that decides what the netlist will be.
struct SynthesisJob {
    files: Vec<(String, Vec<u8>)>,
    script: String,
    hash: String,
}

impl SynthesisJob {
    fn new(toolbox: &Toolbox, variant: Variant<'_>) -> Result<Self, Fault> {
        let file = FixtureFile::get();
        let flow = FlowFile::ice40();
        let device = flow.device(variant.board.device);
        let mut files: Vec<(String, Vec<u8>)> = SOURCES
            .iter()
            .chain(HEADERS)
            .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()))
            .collect();
        let serv = toolbox.serv_rtl().fault()?;
        for name in &file.serv {
            let path = serv.join(name);
            let contents = fs::read(&path).map_err(|e| host_fault("read", &path, &e))?;
            files.push((format!("serv/{name}"), contents));
        }
        let sources: Vec<String> = file
            .files
            .iter()
            .cloned()
            .chain(file.serv.iter().map(|name| format!("serv/{name}")))
            .collect();
        let values = [
            ("INPUT_BYTES", u32::from(variant.input_bytes)),
            ("OUTPUT_BYTES", u32::from(variant.output_bytes)),
            ("UART_DIVIDER", variant.board.uart.divider),
            ("SLOTS", u32::from(variant.slots)),
        ];
        for (name, value) in values {
            file.check(name, value)?;
        }
        let parameters: Vec<String> =
            values.iter().map(|(name, value)| format!("-chparam {name} {value}")).collect();
        let script: Vec<String> = flow
            .fixture
            .script
            .iter()
            .map(|line| {
                line.replace("{sources}", &sources.join(" "))
                    .replace("{top}", &file.top)
                    .replace("{include}", &file.include)
                    .replace("{parameters}", &parameters.join(" "))
                    .replace("{define}", &device.define)
                    .replace("{device_options}", &device.synthesis_options)
            })
            .collect();
        let script = script.join("\n");

        let mut hash = Sha256::new();
        let mut add = |part: &[u8]| {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        };
        for record in toolbox.records() {
            if record.name == Tool::Yosys.name() {
                add(record.sha256.as_bytes());
            }
        }
        add(script.as_bytes());
        for (name, contents) in &files {
            add(name.as_bytes());
            add(contents);
        }
        Ok(Self { hash: hex::encode(hash.finalize()), files, script })
    }

    fn run(&self, toolbox: &Toolbox, limits: Limits) -> Result<Vec<u8>, Fault> {
        let dir = JobDir::create().fault()?;
        for (name, contents) in &self.files {
            dir.write(name, contents).fault()?;
        }
        let run = toolbox
            .run(&ToolJob {
                tool: Tool::Yosys,
                args: vec!["-q".into(), "-p".into(), self.script.clone()],
                dir: dir.path(),
                read_only: Vec::new(),
                limits,
            })
            .fault()?;
        let netlist =
            dir.read(&FlowFile::ice40().fixture.ends_with, limits.output_bytes).fault()?;
        match netlist {
            Some(bytes) if run.exit == ToolExit::Exited(0) => Ok(bytes),
            _ => Err(fixture_fault(format!(
                "the fixture does not synthesise ({:?}): {}",
                run.exit,
                String::from_utf8_lossy(&run.stderr).trim_end()
            ))),
        }
    }
}

/// Takes the black box of the designs out of a fixture netlist.
fn split(bytes: &[u8]) -> Result<Fixture, Fault> {
    let file = FixtureFile::get();
    let netlist = Netlist::parse(bytes)
        .and_then(|netlist| netlist.into_module(&file.top))
        .map_err(|error| fixture_fault(with_causes(&error)))?;
    let mut module = netlist;
    let designs = module
        .cells
        .get(&file.designs_instance)
        .filter(|cell| cell.kind == file.designs_module)
        .ok_or_else(|| {
            fixture_fault(format!(
                "the fixture's netlist has no instance `{}` of `{}`",
                file.designs_instance, file.designs_module
            ))
        })?;
    let bits = |port| designs.bits(port).to_vec();
    let (inputs, outputs, mut selected) = (bits("in"), bits("out"), bits("selected"));
    if selected.len() == 1 {
        selected.clear();
    }
    module.cells.retain(|name, cell| name != file.designs_instance && !cell.kind.starts_with('$'));
    Ok(Fixture { module, inputs, selected, outputs })
}

fn fixture_fault(message: String) -> Fault {
    Fault::new(FaultPlace::Fixture, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_sources_are_those_of_the_fixture_file() {
        let file = FixtureFile::get();
        let embedded: Vec<&str> = SOURCES.iter().map(|(name, _)| *name).collect();
        assert_eq!(embedded, file.files);
        for (name, _) in HEADERS {
            assert!(name.starts_with(&file.include), "{name}");
        }
        assert_eq!(file.firmware.bytes * 2 / file.firmware.nibbles, 1024);
    }

    /// The identity block has a byte for each but the divider.
    #[test]
    fn parameters_keep_to_their_bounds() {
        let file = FixtureFile::get();
        for name in ["INPUT_BYTES", "OUTPUT_BYTES", "SLOTS"] {
            assert!(file.check(name, 1).is_ok() && file.check(name, 255).is_ok(), "{name}");
            for value in [0, 256] {
                let fault = file.check(name, value).unwrap_err();
                assert_eq!(fault.place, FaultPlace::Fixture);
                assert!(fault.message.contains("allows 1 to 255"), "{fault}");
            }
        }
        assert!(file.check("UART_DIVIDER", 3).is_err() && file.check("UART_DIVIDER", 4).is_ok());
        assert!(file.check("NO_SUCH", 1).is_err());
    }

    #[test]
    fn the_smallest_size_that_holds_all_bits() {
        let sizes = &FlowFile::ice40().fixture.input_bytes;
        for (bits, size) in [(0, 1), (8, 1), (9, 2), (64, 8), (65, 16), (1040, 130)] {
            assert_eq!(size_for(sizes, bits), Some(size), "{bits}");
        }
        assert_eq!(size_for(sizes, 1041), None);
    }
}
