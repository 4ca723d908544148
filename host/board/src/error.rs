use crate::Device;
use std::fmt;
use std::ops::Range;

/// A line of a board file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Relative to the repository.
    pub file: String,
    /// 1-based.
    pub line: usize,
}

impl Location {
    pub(crate) fn of(file: &str, text: &str, span: Range<usize>) -> Self {
        Self { file: file.to_owned(), line: 1 + text[..span.start].matches('\n').count() }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Why a board cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BoardError {
    /// No file of that name.
    #[error("there is no board `{kind}`; known boards: {}", known.join(", "))]
    Unknown {
        /// What was asked for.
        kind: String,
        /// What there is.
        known: Vec<&'static str>,
    },
    /// Not TOML, or not the fields of a board.
    #[error("{file} is not a board file")]
    Syntax {
        /// Relative to the repository.
        file: String,
        /// With line and column.
        source: toml::de::Error,
    },
    /// A device that no flow knows.
    #[error("device `{device}` ({at}) is not supported; known devices: {}", known.join(", "))]
    Device {
        /// Where it stands.
        at: Location,
        /// What it says.
        device: String,
        /// What it could say.
        known: Vec<&'static str>,
    },
    /// A package that the device does not come in.
    #[error("package `{package}` ({at}) is not known for {device}; known packages: {}", known.join(", "))]
    Package {
        /// Where it stands.
        at: Location,
        /// The board's device.
        device: Device,
        /// What it says.
        package: String,
        /// What it could say.
        known: Vec<String>,
    },
    /// A pin that the package does not have, or that carries no signal.
    #[error(
        "pin `{pin}` ({at}) is not a signal pin of package `{package}`; its neighbours are `{}`",
        neighbours.join("`, `")
    )]
    Pin {
        /// Where it stands.
        at: Location,
        /// What it says.
        pin: String,
        /// The board's package.
        package: String,
        /// Pins that the package has.
        neighbours: Vec<String>,
    },
    /// One pin for two purposes.
    #[error("pin `{pin}` ({at}) is already used in line {first_line}")]
    PinTwice {
        /// The second use.
        at: Location,
        /// The pin.
        pin: String,
        /// The first use.
        first_line: usize,
    },
    /// No divider of the clock comes near the baud rate.
    #[error(
        "{baud} baud ({at}) cannot be made from a clock of {clock_hz} Hz within 2 %, at least \
         4 cycles a bit; the nearest rate is {best}"
    )]
    Baud {
        /// Where it stands.
        at: Location,
        /// What it says.
        baud: u32,
        /// The board's clock.
        clock_hz: u32,
        /// What would do.
        best: u32,
    },
}
