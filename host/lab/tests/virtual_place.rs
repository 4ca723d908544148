//! The virtual place, with stand-ins for the program that it runs.

use filbench_lab::{Place, Selector, Session, SessionError, VirtualPlace};
use filbench_model::{Fault, FaultPlace, MeasuredOn};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn stand_in(folder: &Path, script: &str) -> PathBuf {
    let path = folder.join("filbench");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a temporary file");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("our own file");
    path
}

fn place(program: &Path) -> VirtualPlace {
    let selector: Selector = "virtual:icebreaker".parse().expect("a known board");
    selector.open(program).expect("its file is sound")
}

#[tokio::test]
async fn the_child_gets_the_bitstream_and_carries_the_line() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    // Prints its arguments but the path, then the bitstream, then echoes the line.
    let program =
        stand_in(folder.path(), r#"printf '%s|' "$1" "$2" "$3" "$4" "$5"; cat "$7"; exec cat"#);
    let mut place = place(&program);
    assert_eq!(place.measured_on(), MeasuredOn::Virtual);
    assert_eq!(place.record().kind, "icebreaker");
    let mut line = place.program(b"bits;").await.expect("it starts");
    line.write_all(b"hello").await.expect("it reads");
    let mut got = vec![0; "vboard|--board|icebreaker|--uart|stdio|bits;hello".len()];
    line.read_exact(&mut got).await.expect("it echoes");
    assert_eq!(String::from_utf8_lossy(&got), "vboard|--board|icebreaker|--uart|stdio|bits;hello");

    // Loading again is a new board on a new line.
    let mut second = place.program(b"other").await.expect("it starts");
    assert_eq!(line.read(&mut [0; 8]).await.expect("a closed pipe"), 0);
    let mut got = vec![0; "vboard|--board|icebreaker|--uart|stdio|other".len()];
    second.read_exact(&mut got).await.expect("it prints");
    assert!(got.ends_with(b"other"));
    place.release().await;
    assert_eq!(second.read(&mut [0; 8]).await.expect("a closed pipe"), 0);
}

/// A token of ours is nothing for a bitstream of somebody else.
#[tokio::test]
async fn the_child_has_nothing_of_our_environment() {
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some(), "cargo sets it for tests");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = stand_in(folder.path(), "export -p >&2; exit 3");
    let mut place = place(&program);
    drop(place.program(b"").await.expect("it starts"));
    let words = place.last_words().await.expect("it said what it has");
    assert!(!words.contains("CARGO") && !words.contains("HOME"), "{words}");
}

#[tokio::test]
async fn a_child_that_dies_is_quoted() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = stand_in(folder.path(), "echo 'no such bitstream' >&2; exit 3");
    let mut place = place(&program);
    let line = place.program(b"").await.expect("it starts");
    let error = Session::open(line, place.timing()).await.err().expect("nobody answers");
    assert!(matches!(error, SessionError::Line { .. }), "{error}");
    assert_eq!(Fault::from(error).place, FaultPlace::Link);
    assert_eq!(place.last_words().await.as_deref(), Some("no such bitstream"));
    assert_eq!(place.last_words().await, None);
}

#[tokio::test]
async fn a_missing_program_is_named() {
    let mut place = place(Path::new("/nowhere/filbench"));
    let fault = place.program(b"").await.err().expect("it is not there");
    assert_eq!(fault.place, FaultPlace::Program);
    assert!(fault.message.contains("/nowhere/filbench vboard"), "{fault}");
}
