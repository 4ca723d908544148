//! Who is alive.

use std::time::{Duration, Instant};

/// How long orphans may take to notice that they are.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a tool may take to start, and to have computed for a while.
const START_PATIENCE: Duration = Duration::from_secs(120);
/// Where `/proc/PID/stat` has what, behind the name.
const PARENT: usize = 1;
const SESSION: usize = 3;
const USER_TICKS: usize = 11;

/// A process that is alive.
#[derive(Debug)]
struct Process {
    /// Its command line.
    command: String,
    /// What it has computed, in ticks of 10 ms.
    user_ticks: u32,
}

/// Waits until no process of `session` is left.
pub fn nothing_runs(session: u32, when: &str) {
    wait_until(PATIENCE, when, || with(SESSION, session), Vec::is_empty);
}

/// Waits until `parent` has no child.
pub fn has_no_child(parent: u32, when: &str) {
    wait_until(PATIENCE, when, || with(PARENT, parent), Vec::is_empty);
}

/// Waits until a child of `parent` has computed for two seconds.
pub fn a_child_computes(parent: u32) {
    let computes = |children: &Vec<Process>| children.iter().any(|child| child.user_ticks > 200);
    wait_until(START_PATIENCE, "nothing computes", || with(PARENT, parent), computes);
}

fn wait_until(
    patience: Duration,
    when: &str,
    look: impl Fn() -> Vec<Process>,
    is_so: impl Fn(&Vec<Process>) -> bool,
) {
    let deadline = Instant::now() + patience;
    loop {
        let found = look();
        if is_so(&found) {
            return;
        }
        assert!(Instant::now() < deadline, "{when}, running: {found:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The processes whose `field` is `value`.
fn with(field: usize, value: u32) -> Vec<Process> {
    let processes = std::fs::read_dir("/proc").unwrap();
    processes
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            // A process may be gone between one read and the next.
            let stat = std::fs::read_to_string(path.join("stat")).ok()?;
            // Fields after the parenthesised name: state, ppid, pgrp, session.
            let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
            let dead = matches!(*fields.first()?, "Z" | "X");
            let theirs: u32 = fields.get(field)?.parse().ok()?;
            if dead || theirs != value {
                return None;
            }
            let command = std::fs::read(path.join("cmdline")).ok()?;
            Some(Process {
                command: String::from_utf8_lossy(&command).replace('\0', " "),
                user_ticks: fields.get(USER_TICKS)?.parse().ok()?,
            })
        })
        .collect()
}
