//! Rewrites an FST waveform as VCD.
//!
//! FST is compressed and made of offsets into itself. The library that reads it is safe Rust,
//! yet a damaged or hostile file makes it panic, fill memory or never end; so it runs here,
//! with limits, under Landlock, and what it makes of the file is read like any other VCD.

use super::{apply_common_limits, landlocked, set_limit};
use crate::protocol::{Reply, WaveformOrder};
use fst_reader::{
    FstFilter, FstHierarchyEntry, FstReader, FstSignalHandle, FstSignalValue, ReadSignalsError,
};
use rustix::process::Resource;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::Path;
use vcd::{IdCode, ScopeType, Value, VarType, Writer};

/// Room for the worker itself beside the waveform.
const OWN_BYTES: u64 = 64 << 20;
/// Waveforms are not that deep; hierarchies read from noise may be.
const DEPTH_MAX: usize = 1024;

/// Runs it; always a reply.
pub(super) fn run(order: &WaveformOrder) -> Reply {
    match confine(order) {
        Ok(None) => {}
        Ok(Some(reply)) => return reply,
        Err(error) => return Reply::Failed(error.to_string()),
    }
    let (input, output) = (order.dir.join(&order.input), order.dir.join(&order.output));
    // A panic of the library says where it gave up, on standard error.
    let converted = std::panic::catch_unwind(|| convert(&input, &output, &order.names));
    match converted {
        Ok(Ok(())) => Reply::Exited(0),
        Ok(Err(words)) => {
            eprintln!("{words}");
            Reply::Exited(1)
        }
        Err(_) => Reply::Trapped("the reader gave up on it".into()),
    }
}

/// `Some` where the sandbox could not be set up.
fn confine(order: &WaveformOrder) -> io::Result<Option<Reply>> {
    apply_common_limits(&order.limits)?;
    let bytes = order.limits.memory_bytes.saturating_add(OWN_BYTES);
    set_limit(Resource::Data, bytes, bytes)?;
    Ok(landlocked::confine_to_folder(&order.dir)
        .err()
        .map(|error| Reply::NoSandbox { step: "apply Landlock".into(), cause: error.to_string() }))
}

/// Writes the variables with one of `names`, in all scopes.
fn convert(input: &Path, output: &Path, names: &[String]) -> Result<(), String> {
    let file = File::open(input).map_err(|error| error.to_string())?;
    let mut reader = FstReader::open(BufReader::new(file)).map_err(|error| error.to_string())?;
    let mut items = Vec::new();
    reader
        .read_hierarchy(|entry| items.extend(item(entry, names)))
        .map_err(|error| error.to_string())?;
    let file = File::create(output).map_err(|error| error.to_string())?;
    let mut vcd = Writer::new(BufWriter::new(file));
    let widths = header(&mut vcd, &items).map_err(|error| error.to_string())?;

    let signals = widths.keys().map(|&index| FstSignalHandle::from_index(index)).collect();
    let mut time = None;
    let change = |at: u64, handle: FstSignalHandle, value: FstSignalValue<'_>| {
        if time != Some(at) {
            vcd.timestamp(at)?;
            time = Some(at);
        }
        let index = handle.get_index();
        match (value, widths.get(&index)) {
            (FstSignalValue::String(digits), Some(&width)) if digits.len() == width as usize => {
                vcd.change_vector(code(index), digits.iter().map(|&digit| value_of(digit)))
            }
            _ => Ok(()),
        }
    };
    reader.read_signals(&FstFilter::filter_signals(signals), change).map_err(
        |error| match error {
            ReadSignalsError::ReadError(error) => error.to_string(),
            ReadSignalsError::CallbackError(error) => error.to_string(),
        },
    )?;
    vcd.flush().map_err(|error| error.to_string())
}

/// What is kept of a hierarchy.
enum Item {
    Scope(String),
    Upscope,
    Variable { name: String, width: u32, index: usize },
}

fn item(entry: FstHierarchyEntry, names: &[String]) -> Option<Item> {
    match entry {
        FstHierarchyEntry::Scope { name, .. } => Some(Item::Scope(word(&name))),
        FstHierarchyEntry::UpScope => Some(Item::Upscope),
        FstHierarchyEntry::Var { name, length, handle, tpe, .. } if !tpe.is_real() => {
            // `q [3:0]` and `q[3:0]`; an escaped name may have blanks of its own.
            let plain = name.strip_prefix('\\').unwrap_or(&name).trim_end();
            let wanted = names.iter().find(|wanted| {
                plain.strip_prefix(wanted.as_str()).is_some_and(|rest| {
                    let rest = rest.trim_start();
                    rest.is_empty() || (rest.starts_with('[') && rest.ends_with(']'))
                })
            })?;
            let index = handle.get_index();
            Some(Item::Variable { name: word(wanted), width: length, index })
        }
        _ => None,
    }
}

/// A name as one word that is no keyword of VCD.
fn word(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_graphic() { c } else { '_' };
    let name: String = name.chars().map(plain).collect();
    if name.is_empty() || name.starts_with('$') { format!("_{name}") } else { name }
}

/// The declarations; gives the width of each signal that is declared.
fn header(vcd: &mut Writer<impl Write>, items: &[Item]) -> io::Result<BTreeMap<usize, u32>> {
    let mut widths = BTreeMap::new();
    let mut depth = 0usize;
    for item in items {
        match item {
            Item::Scope(name) => {
                depth += 1;
                if depth > DEPTH_MAX {
                    let found = format!("more than {DEPTH_MAX} scopes inside each other");
                    return Err(io::Error::other(found));
                }
                vcd.scope_def(ScopeType::Module, name)?;
            }
            Item::Upscope if depth > 0 => {
                depth -= 1;
                vcd.upscope()?;
            }
            Item::Variable { name, width, index } if depth > 0 => {
                vcd.var_def(VarType::Wire, *width, code(*index), name, None)?;
                widths.insert(*index, *width);
            }
            Item::Upscope | Item::Variable { .. } => {}
        }
    }
    for _ in 0..depth {
        vcd.upscope()?;
    }
    vcd.enddefinitions()?;
    Ok(widths)
}

fn code(index: usize) -> IdCode {
    IdCode::from(index as u64)
}

/// VHDL's weak values are values; all that is neither 0 nor 1 is unknown.
fn value_of(digit: u8) -> Value {
    match digit.to_ascii_lowercase() {
        b'0' | b'l' => Value::V0,
        b'1' | b'h' => Value::V1,
        b'z' => Value::Z,
        _ => Value::X,
    }
}
