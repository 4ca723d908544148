//! What the tests share. They run Icarus, so set-up must have been run; without it they
//! fail and say so.

use filbench_model::{Direction, Interface, Port};
use filbench_stimulus::Recorder;
use filbench_toolbox::{EdaTools, Toolbox, ToolboxConfig, cache_root};
use std::sync::LazyLock;
use tempfile::TempDir;

/// A recorder with a cache of its own.
pub struct Fresh {
    pub recorder: Recorder,
    _cache: TempDir,
}

pub fn fresh_recorder() -> Fresh {
    static TOOLBOX: LazyLock<Toolbox> = LazyLock::new(|| {
        Toolbox::open(ToolboxConfig {
            cache: cache_root(),
            worker: Some(env!("CARGO_BIN_EXE_filbench-stimulus-worker").into()),
            tools: EdaTools::Wasm,
        })
        .unwrap_or_else(|error| panic!("{error}"))
    });
    let cache = tempfile::tempdir().unwrap();
    Fresh { recorder: Recorder::new(TOOLBOX.clone(), cache.path()), _cache: cache }
}

/// `clk:in, d[3:0]:in, q:out`.
pub fn interface(ports: &str) -> Interface {
    let port = |text: &str| {
        let (name, direction) = text.trim().rsplit_once(':').unwrap();
        let (name, width) = match name.split_once('[') {
            Some((name, range)) => {
                (name, range.split_once(':').unwrap().0.parse::<usize>().unwrap() + 1)
            }
            None => (name, 1),
        };
        let direction = if direction == "in" { Direction::Input } else { Direction::Output };
        Port { name: name.to_owned(), direction, width }
    };
    Interface { ports: ports.split(',').map(port).collect() }
}
