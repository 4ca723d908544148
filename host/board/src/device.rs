use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

/// An FPGA that filbench can build bitstreams for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Device {
    /// Lattice iCE40 UltraPlus, 5280 logic cells, with DSP blocks and large RAMs.
    Up5k,
    /// Lattice iCE40 HX, 7680 logic cells.
    Hx8k,
}

impl Device {
    /// Every device.
    pub const ALL: [Self; 2] = [Self::Up5k, Self::Hx8k];

    /// As board files and nextpnr spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Up5k => "up5k",
            Self::Hx8k => "hx8k",
        }
    }

    /// The device of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|device| device.name() == name)
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The packages of a device and their usable pins.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Packages {
    /// Recorded for readers of the file; every device here is of one family.
    #[serde(rename = "family")]
    _family: String,
    packages: BTreeMap<String, Vec<String>>,
}

impl Packages {
    pub(crate) fn of(device: Device) -> &'static Self {
        static ALL: LazyLock<BTreeMap<String, Packages>> = LazyLock::new(|| {
            toml::from_str(include_str!("../../../boards/packages/ice40.toml"))
                .expect("the embedded package file is well-formed: a test reads it")
        });
        ALL.get(device.name()).expect("the embedded package file has every device: a test reads it")
    }

    pub(crate) fn pins(&self, package: &str) -> Option<&[String]> {
        self.packages.get(package).map(Vec::as_slice)
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.packages.keys().cloned().collect()
    }
}

/// The pins of a package that a mistyped `pin` may have meant: those just
/// before and after it in the order of the package file.
pub(crate) fn neighbours(pins: &[String], pin: &str) -> Vec<String> {
    let after = pins.iter().position(|other| natural(other) > natural(pin)).unwrap_or(pins.len());
    pins[after.saturating_sub(1)..(after + 1).min(pins.len())].to_vec()
}

/// `A10` sorts behind `A9`.
fn natural(pin: &str) -> (&str, u32) {
    let digits = pin.find(|c: char| c.is_ascii_digit()).unwrap_or(pin.len());
    (&pin[..digits], pin[digits..].parse().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_device_has_packages() {
        for device in Device::ALL {
            assert!(!Packages::of(device).packages.is_empty(), "{device}");
            assert_eq!(Device::from_name(device.name()), Some(device));
        }
    }

    #[test]
    fn neighbours_are_the_nearest_pins_of_the_package() {
        let sg48 = Packages::of(Device::Up5k).pins("sg48").unwrap();
        assert_eq!(neighbours(sg48, "5"), ["4", "6"]);
        assert_eq!(neighbours(sg48, "B9"), ["48"]);
        let ct256 = Packages::of(Device::Hx8k).pins("ct256").unwrap();
        assert_eq!(neighbours(ct256, "A8"), ["A7", "A9"]);
    }
}
