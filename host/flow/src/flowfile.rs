//! flows/ice40.toml as types, checked once.

use filbench_board::Device;
use filbench_model::{FailStage, FrontEnd};
use filbench_toolbox::Limits;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

/// A job may wait for a busy machine this many times its CPU time.
const WALL_PER_CPU: u32 = 10;

/// The iCE40 flow.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FlowFile {
    /// Recorded for readers of the file.
    #[serde(rename = "family")]
    _family: String,
    pub(crate) limits: StepLimits,
    pub(crate) synthesis: SynthesisSection,
    pub(crate) cells: Cells,
    devices: BTreeMap<String, DeviceSection>,
    pub(crate) place: PlaceSection,
    pub(crate) fixture: FixtureSection,
}

/// Limits of each step.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepLimits {
    pub(crate) synthesis: LimitSection,
    pub(crate) place: LimitSection,
    pub(crate) pack: LimitSection,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitSection {
    cpu_s: u32,
    memory_mib: u64,
    output_mib: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SynthesisSection {
    /// The top module's name after synthesis.
    pub(crate) top: String,
    #[serde(rename = "phase")]
    pub(crate) phases: Vec<Phase>,
}

/// A stretch of the synthesis script.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Phase {
    pub(crate) name: String,
    pub(crate) fails_as: FailStage,
    /// The file that is there when the phase has ended.
    pub(crate) ends_with: String,
    pub(crate) script: Vec<String>,
    /// Instead of `script`, where slang reads the sources.
    #[serde(default)]
    slang: Vec<String>,
    /// What a second run does instead when this phase is where the first one
    /// ended; it goes on with the phases behind.
    #[serde(default)]
    pub(crate) otherwise: Vec<String>,
}

impl Phase {
    /// The commands where `front_end` reads the sources. GHDL's Verilog is read
    /// like any other.
    pub(crate) fn commands(&self, front_end: FrontEnd) -> &[String] {
        match front_end {
            FrontEnd::Slang if !self.slang.is_empty() => &self.slang,
            _ => &self.script,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cells {
    forbidden: Vec<String>,
    forbidden_attributes: Vec<String>,
    pub(crate) classes: Classes,
}

/// Cells that a netlist may hold, by the class they are counted under.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Classes {
    pub(crate) lut4: Vec<String>,
    pub(crate) carry: Vec<String>,
    pub(crate) ff: Vec<String>,
    pub(crate) bram: Vec<String>,
    pub(crate) spram: Vec<String>,
    pub(crate) dsp: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeviceSection {
    pub(crate) define: String,
    pub(crate) synthesis_options: String,
    pub(crate) place_options: Vec<String>,
    pub(crate) capacity: Capacity,
}

/// What a device has.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Capacity {
    /// A LUT, a carry cell and a flip-flop each.
    pub(crate) logic_cells: u32,
    pub(crate) bram: u32,
    pub(crate) spram: u32,
    pub(crate) dsp: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlaceSection {
    pub(crate) options: Vec<String>,
    pub(crate) latch_options: Vec<String>,
}

/// How the fixture is synthesised.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FixtureSection {
    /// Sizes of the player's input register.
    pub(crate) input_bytes: Vec<u8>,
    /// Sizes of a full capture.
    pub(crate) output_bytes: Vec<u8>,
    /// The netlist that the script writes.
    pub(crate) ends_with: String,
    pub(crate) script: Vec<String>,
    pub(crate) shared: SharedSection,
}

/// The fixture of several designs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SharedSection {
    /// How many designs there can be.
    pub(crate) slots: Vec<u8>,
    /// Of the player's input register.
    pub(crate) input_bytes: u8,
    /// Of a full capture.
    pub(crate) output_bytes: u8,
    /// The share of a device's logic cells that designs and fixture may take.
    pub(crate) fullness: f64,
}

impl SharedSection {
    /// The largest number of designs.
    pub(crate) fn most(&self) -> u8 {
        self.slots.iter().copied().max().unwrap_or(1)
    }
}

impl FlowFile {
    /// The embedded file.
    pub(crate) fn ice40() -> &'static Self {
        static FILE: LazyLock<FlowFile> = LazyLock::new(|| {
            toml::from_str(include_str!("../../../flows/ice40.toml"))
                .expect("the embedded flow file is well-formed: a test reads it")
        });
        &FILE
    }

    pub(crate) fn device(&self, device: Device) -> &DeviceSection {
        self.devices
            .get(device.name())
            .expect("the embedded flow file has every device: a test reads it")
    }
}

impl LimitSection {
    /// With another CPU time, if one is given.
    pub(crate) fn limits(self, cpu: Option<Duration>) -> Limits {
        let cpu = cpu.unwrap_or(Duration::from_secs(self.cpu_s.into()));
        Limits {
            cpu,
            wall: cpu * WALL_PER_CPU,
            memory_bytes: self.memory_mib << 20,
            output_bytes: self.output_mib << 20,
        }
    }
}

impl Cells {
    /// Whether a cell of type `kind` would reach around the fixture.
    pub(crate) fn is_forbidden(&self, kind: &str) -> bool {
        self.forbidden.iter().any(|pattern| matches(pattern, kind))
    }

    /// Whether attribute `name` would tell place and route where to put things.
    pub(crate) fn is_forbidden_attribute(&self, name: &str) -> bool {
        self.forbidden_attributes.iter().any(|pattern| matches(pattern, name))
    }
}

/// `*` at the end of `pattern` stands for any rest.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => text.starts_with(prefix),
        None => text == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_file_is_complete() {
        let file = FlowFile::ice40();
        for device in Device::ALL {
            assert!(file.device(device).capacity.logic_cells > 0);
        }
        let mut ends: Vec<_> = file.synthesis.phases.iter().map(|p| &p.ends_with).collect();
        ends.sort();
        ends.dedup();
        assert_eq!(ends.len(), file.synthesis.phases.len());
        let script = file.synthesis.phases.iter().flat_map(|p| p.script.iter().chain(&p.slang));
        assert!(
            script.clone().any(|line| line.contains(&file.synthesis.top)),
            "the script names the top module"
        );
        // One command a line: the commands are joined by newlines.
        assert!(script.into_iter().all(|line| !line.contains(['\n', ';'])));
    }

    #[test]
    fn patterns_end_in_a_star_or_are_exact() {
        let cells = &FlowFile::ice40().cells;
        for kind in ["SB_IO", "SB_IO_OD", "SB_GB_IO", "SB_PLL40_CORE", "SB_WARMBOOT"] {
            assert!(cells.is_forbidden(kind), "{kind}");
        }
        assert!(!cells.is_forbidden("SB_LUT4") && !cells.is_forbidden("SB_WARMBOOTS"));
        assert!(cells.is_forbidden_attribute("NEXTPNR_BEL"));
        assert!(!cells.is_forbidden_attribute("BELLS"));
    }
}
