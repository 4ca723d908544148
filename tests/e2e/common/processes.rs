//! Who is alive.

use std::time::{Duration, Instant};

/// How long orphans may take to notice that they are.
const PATIENCE: Duration = Duration::from_secs(10);

/// Waits until no process of `session` is left.
pub fn nothing_runs(session: u32, when: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = processes_of(session);
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "{when}, still running: {left:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Command lines of the processes whose session is `session`.
fn processes_of(session: u32) -> Vec<String> {
    let processes = std::fs::read_dir("/proc").unwrap();
    processes
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            // A process may be gone between one read and the next.
            let stat = std::fs::read_to_string(path.join("stat")).ok()?;
            // Fields after the parenthesised name: state, ppid, pgrp, session.
            let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
            let dead = matches!(*fields.first()?, "Z" | "X");
            let theirs: u32 = fields.get(3)?.parse().ok()?;
            if dead || theirs != session {
                return None;
            }
            let command = std::fs::read(path.join("cmdline")).ok()?;
            Some(String::from_utf8_lossy(&command).replace('\0', " "))
        })
        .collect()
}
