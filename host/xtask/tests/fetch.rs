//! `flows/fetch.py` with a wheel of the test's own, from a folder instead of an index.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A wheel with a module, a share and something that nobody needs.
const MAKE_WHEEL: &str = r#"
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    info = "filbench_toy-1.0.dist-info/"
    wheel.writestr("filbench_toy/toy.wasm", "a module")
    wheel.writestr("filbench_toy/share/cells.v", "cells")
    wheel.writestr("filbench_toy/__init__.py", "not kept")
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\nName: filbench-toy\nVersion: 1.0\n")
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\nGenerator: a test\n"
                   "Root-Is-Purelib: true\nTag: py3-none-any\n")
    wheel.writestr(info + "RECORD", "")
"#;
const WHEEL: &str = "filbench_toy-1.0-py3-none-any.whl";

struct Lab {
    folder: TempDir,
    sha256: String,
}

impl Lab {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["index", "tmp"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let wheel = folder.path().join("index").join(WHEEL);
        let made = Command::new("python3").args(["-c", MAKE_WHEEL]).arg(&wheel).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        let sha256 = hex::encode(Sha256::digest(fs::read(wheel).unwrap()));
        Self { folder, sha256 }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where it is installed.
    fn tool(&self) -> PathBuf {
        self.path("cache/tools/filbench-toy-1.0")
    }

    fn fetch(&self, sha256: &str) -> Output {
        let pins = self.path("tools.toml");
        let text = format!(
            "[[wheel]]\nname = \"filbench-toy\"\nversion = \"1.0\"\nfile = \"{WHEEL}\"\n\
             sha256 = \"{sha256}\"\nroot = \"filbench_toy\"\nkeep = [\"toy.wasm\", \"share/\"]\n"
        );
        fs::write(&pins, text).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../flows/fetch.py");
        Command::new("python3")
            .arg(script)
            .arg("--cache")
            .arg(self.path("cache"))
            .arg("--pins")
            .arg(pins)
            .env("PIP_NO_INDEX", "1")
            .env("PIP_FIND_LINKS", self.path("index"))
            .env("TMPDIR", self.path("tmp"))
            .output()
            .unwrap()
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn is_installed(&self) {
        assert_eq!(self.names("cache/tools"), ["filbench-toy-1.0"]);
        assert_eq!(
            self.names("cache/tools/filbench-toy-1.0"),
            [".wheel-sha256", "share", "toy.wasm"]
        );
        assert_eq!(fs::read_to_string(self.tool().join("share/cells.v")).unwrap(), "cells");
        assert!(self.names("tmp").is_empty());
    }
}

fn said(output: &Output) -> String {
    let streams = [&output.stdout, &output.stderr];
    streams.map(|stream| String::from_utf8_lossy(stream)).concat()
}

#[test]
fn a_second_run_has_nothing_to_do() {
    let lab = Lab::new();
    let first = lab.fetch(&lab.sha256);
    assert!(first.status.success(), "{}", said(&first));
    assert!(said(&first).contains("setup: downloading filbench-toy 1.0"), "{}", said(&first));
    lab.is_installed();
    // Without an index there would be nothing to install from.
    fs::remove_dir_all(lab.path("index")).unwrap();
    let second = lab.fetch(&lab.sha256);
    assert!(second.status.success(), "{}", said(&second));
    assert!(said(&second).contains("filbench-toy 1.0 is there"), "{}", said(&second));
    lab.is_installed();
}

#[test]
fn another_wheel_than_the_pinned_one_is_not_installed() {
    let lab = Lab::new();
    let output = lab.fetch(&"0".repeat(64));
    assert!(!output.status.success());
    assert!(
        said(&output).contains("with the hash pinned in flows/tools.toml"),
        "{}",
        said(&output)
    );
    assert!(lab.names("cache/tools").is_empty() && lab.names("tmp").is_empty());
}

#[test]
fn what_a_killed_run_left_is_replaced_and_removed() {
    let lab = Lab::new();
    let mut dead = Command::new("true").spawn().unwrap();
    dead.wait().unwrap();
    let scratch = lab.path("cache/tools").join(format!("filbench-{}-abc", dead.id()));
    for folder in [&lab.tool(), &scratch] {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join("toy.wasm"), "half a mod").unwrap();
    }
    let output = lab.fetch(&lab.sha256);
    assert!(output.status.success(), "{}", said(&output));
    lab.is_installed();
    assert_eq!(fs::read_to_string(lab.tool().join("toy.wasm")).unwrap(), "a module");
}
