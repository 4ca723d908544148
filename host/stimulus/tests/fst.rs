//! Waveforms in FST: the same problem as from VCD, and nothing worse than an error from
//! whatever else a file may be.

#![expect(clippy::unwrap_used, reason = "what a test cannot have fails it")]

mod common;

use common::{fresh_recorder, interface};
use filbench_model::{Bits, ClockEdge, Problem, StimulusSource};
use filbench_stimulus::{Analysis, RecordError, locate};
use fst_writer::{
    FstFileType, FstInfo, FstScopeType, FstSignalType, FstVarDirection, FstVarType, open_fst,
};
use std::path::Path;

/// Time, clk, d, q: a register of four bits, whose output is late by one.
const CHANGES: &[(u64, &str, &str, &str)] = &[
    (0, "0", "xxxx", "xxxx"),
    (2, "0", "0101", "xxxx"),
    (5, "1", "0110", "xxxx"),
    (6, "1", "0110", "0101"),
    (10, "0", "0110", "0101"),
    (15, "1", "1111", "0101"),
    (16, "1", "1111", "0110"),
];

fn analysis() -> Analysis {
    Analysis {
        interface: interface("clk:in, d[3:0]:in, q[3:0]:out"),
        event_inputs: Bits::from_u64(1, 5),
        clocks: vec![(0, ClockEdge::Rising)],
        controls: Vec::new(),
    }
}

/// The design `tb.dut`, with the clock as an alias of the bench's.
fn write_fst(path: &Path) {
    let info = FstInfo {
        start_time: 0,
        timescale_exponent: -9,
        version: String::new(),
        date: String::new(),
        file_type: FstFileType::Verilog,
    };
    let mut header = open_fst(path, &info).unwrap();
    let (wire, implicit) = (FstVarType::Wire, FstVarDirection::Implicit);
    let bits = FstSignalType::bit_vec;
    header.scope("tb", "", FstScopeType::Module).unwrap();
    let clk = header.var("clock", bits(1), wire, implicit, None).unwrap();
    header.scope("$end dut", "", FstScopeType::Module).unwrap();
    header.var("clk", bits(1), wire, implicit, Some(clk)).unwrap();
    let d = header.var("d [3:0]", bits(4), wire, implicit, None).unwrap();
    let q = header.var("q[3:0]", bits(4), wire, implicit, None).unwrap();
    let other = header.var("qq", bits(4), wire, implicit, None).unwrap();
    header.up_scope().unwrap();
    header.up_scope().unwrap();
    let mut body = header.finish().unwrap();
    for (time, clk_value, d_value, q_value) in CHANGES {
        body.time_change(*time).unwrap();
        body.signal_change(clk, clk_value.as_bytes()).unwrap();
        body.signal_change(d, d_value.as_bytes()).unwrap();
        body.signal_change(q, q_value.as_bytes()).unwrap();
        body.signal_change(other, b"0000").unwrap();
    }
    body.finish().unwrap();
}

/// `path` is played by the problem.toml beside it, which names these ports.
fn record(path: &Path) -> Result<Problem, RecordError> {
    declare(path, r#""clk:in", "d[3:0]:in", "q[3:0]:out""#);
    fresh_recorder().recorder.record(&locate(path).unwrap(), &analysis())
}

fn declare(path: &Path, ports: &str) {
    let name = path.file_name().unwrap().to_str().unwrap();
    let text = format!("interface = [{ports}]\nstimulus.vectors.file = \"{name}\"\n");
    std::fs::write(path.with_file_name("problem.toml"), text).unwrap();
}

#[test]
fn an_fst_gives_the_problem_of_its_vcd() {
    let folder = tempfile::tempdir().unwrap();
    let (fst, vcd) = (folder.path().join("w.fst"), folder.path().join("w.vcd"));
    write_fst(&fst);
    let mut text = "$scope module dut $end $var wire 1 ! clk $end $var wire 4 \" d $end \
        $var wire 4 # q $end $upscope $end $enddefinitions $end\n"
        .to_owned();
    for (time, clk, d, q) in CHANGES {
        text.push_str(&format!("#{time}\n{clk}!\nb{d} \"\nb{q} #\n"));
    }
    std::fs::write(&vcd, text).unwrap();
    let (from_fst, from_vcd) = (record(&fst).unwrap(), record(&vcd).unwrap());
    assert_eq!(from_fst.source, StimulusSource::VectorFile { format: "fst".into() });
    assert_eq!(from_fst.steps, from_vcd.steps);
    assert!(from_fst.checked_samples() > 2);
}

#[test]
fn damage_is_an_error_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w.fst");
    write_fst(&path);
    let whole = std::fs::read(&path).unwrap();
    let mut files: Vec<Vec<u8>> = vec![Vec::new(), b"hello".to_vec(), vec![0xff; 4000]];
    files.extend([9, 40, 200, 330].map(|len| whole[..len].to_vec()));
    // Lengths and counts of blocks, and what is compressed.
    for at in (0..whole.len()).step_by(whole.len() / 8) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0xff;
        files.push(damaged);
    }
    let mut refused = 0;
    for bytes in files {
        std::fs::write(&path, bytes).unwrap();
        match record(&path) {
            // Damage in a date harms nobody.
            Ok(_) => {}
            Err(RecordError::Vectors(error)) => {
                assert!(error.to_string().starts_with("w.fst:"), "{error}");
                refused += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(refused > 7, "{refused}");
}

#[test]
fn a_waveform_without_the_ports_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w.fst");
    write_fst(&path);
    declare(&path, r#""clk:in", "d[7:0]:in", "q[3:0]:out""#);
    let problem = locate(&path).unwrap();
    let error = fresh_recorder().recorder.record(&problem, &analysis()).unwrap_err();
    let words = error.to_string();
    assert!(words.starts_with("w.fst:0: ") && words.contains("input [7:0] d"), "{words}");
}
