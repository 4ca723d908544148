//! Boards as checked data, and their constraint files.
//!
//! A board is one TOML file under `boards/`: a device in a package, and what is
//! wired to it. [`Board::load`] checks it against the package's pins before
//! anybody builds a bitstream for it. The files are embedded, so a board is
//! known wherever the program runs.

mod device;
mod error;

pub use device::Device;
pub use error::{BoardError, Location};

use device::Packages;
use serde::Deserialize;
use std::fmt::Write as _;
use toml::Spanned;

/// Board files, by kind.
const FILES: &[(&str, &str)] = &[
    ("ice40_hx8k_b_evn", include_str!("../../../boards/ice40_hx8k_b_evn.toml")),
    ("icebreaker", include_str!("../../../boards/icebreaker.toml")),
];

/// The UART works while the divided clock is this close to the baud rate.
const BAUD_TOLERANCE: f64 = 0.02;

/// Fewer clock cycles a bit leave the receiver no middle to sample in.
const MINIMUM_UART_DIVIDER: u32 = 4;

/// The level that lights an LED.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActiveLevel {
    /// Lit while the pin is 0.
    Low,
    /// Lit while the pin is 1.
    High,
}

/// A status LED.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Led {
    /// Package pin.
    pub pin: String,
    /// The level that lights it.
    pub active: ActiveLevel,
}

/// The UART between the host and the fixture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uart {
    /// Package pin on which the FPGA receives.
    pub rx: String,
    /// Whether the FPGA pulls that pin up: without a cable the line is then idle.
    pub rx_pull_up: bool,
    /// Package pin on which the FPGA sends.
    pub tx: String,
    /// Bits a second, 8N1.
    pub baud: u32,
    /// Clock cycles a bit, at least 4.
    pub divider: u32,
}

/// One kind of board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Board {
    /// The name of the board file, such as `icebreaker`.
    pub kind: String,
    /// For people.
    pub name: String,
    /// The FPGA.
    pub device: Device,
    /// Its package, such as `sg48`.
    pub package: String,
    /// Package pin of the oscillator.
    pub clock_pin: String,
    /// Frequency of the oscillator.
    pub clock_hz: u32,
    /// The UART.
    pub uart: Uart,
    /// The status LED.
    pub led: Led,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    device: Spanned<String>,
    package: Spanned<String>,
    clock: ClockSection,
    uart: UartSection,
    led: LedSection,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockSection {
    pin: Spanned<String>,
    hz: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UartSection {
    rx: Spanned<String>,
    rx_pull_up: bool,
    tx: Spanned<String>,
    baud: Spanned<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LedSection {
    pin: Spanned<String>,
    active: ActiveLevel,
}

impl Board {
    /// Kinds of boards that [`load`](Self::load) knows, in alphabetical order.
    pub fn known() -> impl Iterator<Item = &'static str> {
        FILES.iter().map(|(kind, _)| *kind)
    }

    /// The board of kind `kind`.
    ///
    /// # Errors
    /// [`BoardError::Unknown`] lists the known kinds.
    pub fn load(kind: &str) -> Result<Self, BoardError> {
        let (kind, text) = FILES.iter().find(|(known, _)| *known == kind).ok_or_else(|| {
            BoardError::Unknown { kind: kind.to_owned(), known: Self::known().collect() }
        })?;
        Self::parse(kind, text)
    }

    /// Checks the text of a board file; `kind` is its name without `.toml`.
    ///
    /// # Errors
    /// Everything that makes the board unusable, with the line it stands on.
    pub fn parse(kind: &str, text: &str) -> Result<Self, BoardError> {
        let file = format!("boards/{kind}.toml");
        let at = |span: std::ops::Range<usize>| error::Location::of(&file, text, span);
        let parsed: File = toml::from_str(text)
            .map_err(|source| BoardError::Syntax { file: file.clone(), source })?;

        let device =
            Device::from_name(parsed.device.get_ref()).ok_or_else(|| BoardError::Device {
                at: at(parsed.device.span()),
                device: parsed.device.get_ref().clone(),
                known: Device::ALL.iter().map(|d| d.name()).collect(),
            })?;
        let packages = Packages::of(device);
        let package = parsed.package.get_ref();
        let pins = packages.pins(package).ok_or_else(|| BoardError::Package {
            at: at(parsed.package.span()),
            device,
            package: package.clone(),
            known: packages.names(),
        })?;
        let mut taken: Vec<&Spanned<String>> = Vec::new();
        for pin in [&parsed.clock.pin, &parsed.uart.rx, &parsed.uart.tx, &parsed.led.pin] {
            if !pins.contains(pin.get_ref()) {
                return Err(BoardError::Pin {
                    at: at(pin.span()),
                    pin: pin.get_ref().clone(),
                    package: package.clone(),
                    neighbours: device::neighbours(pins, pin.get_ref()),
                });
            }
            if let Some(first) = taken.iter().find(|p| p.get_ref() == pin.get_ref()) {
                return Err(BoardError::PinTwice {
                    at: at(pin.span()),
                    pin: pin.get_ref().clone(),
                    first_line: at(first.span()).line,
                });
            }
            taken.push(pin);
        }

        Ok(Self {
            kind: kind.to_owned(),
            name: parsed.name,
            device,
            package: package.clone(),
            clock_hz: parsed.clock.hz,
            uart: Uart {
                divider: uart_divider(parsed.clock.hz, *parsed.uart.baud.get_ref()).map_err(
                    |best| BoardError::Baud {
                        at: at(parsed.uart.baud.span()),
                        baud: *parsed.uart.baud.get_ref(),
                        clock_hz: parsed.clock.hz,
                        best,
                    },
                )?,
                rx: parsed.uart.rx.into_inner(),
                rx_pull_up: parsed.uart.rx_pull_up,
                tx: parsed.uart.tx.into_inner(),
                baud: parsed.uart.baud.into_inner(),
            },
            led: Led { pin: parsed.led.pin.into_inner(), active: parsed.led.active },
            clock_pin: parsed.clock.pin.into_inner(),
        })
    }

    /// The PCF for the fixture's top module: ports `clk`, `rx`, `tx`, `led_n`.
    pub fn constraint_file(&self) -> String {
        let mut text = format!("# {} ({})\n", self.kind, self.name);
        for (port, pin, pull_up) in [
            ("clk", &self.clock_pin, false),
            ("rx", &self.uart.rx, self.uart.rx_pull_up),
            ("tx", &self.uart.tx, false),
            ("led_n", &self.led.pin, false),
        ] {
            let option = if pull_up { "-pullup yes " } else { "" };
            writeln!(text, "set_io {option}{port} {pin}").expect("a String takes everything");
        }
        text
    }
}

/// Clock cycles a bit, or the nearest baud rate that would do.
fn uart_divider(clock_hz: u32, baud: u32) -> Result<u32, u32> {
    let exact = f64::from(clock_hz) / f64::from(baud.max(1));
    let divider = (exact.round() as u32).max(MINIMUM_UART_DIVIDER);
    if (f64::from(divider) / exact - 1.0).abs() <= BAUD_TOLERANCE {
        Ok(divider)
    } else {
        Err(clock_hz / divider)
    }
}
