//! `derive-chipdb TEXT_DIR DATA_DIR`: writes the compact chip databases from
//! IceStorm's text ones. `cargo xtask chipdb` runs it.

use std::path::PathBuf;
use std::process::ExitCode;

use filbench_vboard::{Device, derive_chipdb};

fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [text_dir, data_dir] = arguments.as_slice() else {
        eprintln!("usage: derive-chipdb TEXT_DIR DATA_DIR");
        return ExitCode::from(2);
    };
    for device in Device::ALL {
        let name = device.icestorm_name();
        let source = text_dir.join(format!("chipdb-{name}.txt"));
        let target = data_dir.join(format!("{name}.chipdb"));
        let derived = std::fs::read_to_string(&source)
            .map_err(|error| format!("{}: {error}", source.display()))
            .and_then(|text| derive_chipdb::derive(&text).map_err(|error| error.to_string()))
            .and_then(|file| {
                let size = file.len();
                std::fs::write(&target, file)
                    .map(|()| size)
                    .map_err(|error| format!("{}: {error}", target.display()))
            });
        match derived {
            Ok(size) => println!("{}: {size} bytes", target.display()),
            Err(error) => {
                eprintln!("{error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}
