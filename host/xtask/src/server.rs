//! A lab's server, for tasks that ask it things.

use crate::project::Project;
use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

/// A `filbench serve` on a free port of this host, which ends with this.
pub struct Server {
    child: Child,
    /// Where it is.
    pub url: String,
}

impl Server {
    /// Starts it with the store at `data`, and waits until it serves.
    pub fn start(project: &Project, data: &Path, config: Option<&Path>) -> Result<Self> {
        let mut command = project.command(project.filbench());
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data);
        if let Some(config) = config {
            command.arg("--config").arg(config);
        }
        let mut child = command.stderr(Stdio::piped()).spawn().context("start filbench serve")?;
        let stderr = child.stderr.take().context("its stderr is a pipe")?;
        let mut lines = BufReader::new(stderr).lines();
        for line in lines.by_ref() {
            let line = line.context("read what filbench serve says")?;
            if let Some((_, rest)) = line.split_once("http://") {
                let address = rest.split(' ').next().unwrap_or_default();
                let url = format!("http://{address}");
                // What it logs later is ours to see.
                std::thread::spawn(move || {
                    lines.map_while(Result::ok).for_each(|line| eprintln!("{line}"));
                });
                return Ok(Self { child, url });
            }
            eprintln!("{line}");
        }
        bail!("filbench serve ended ({}) before it served", child.wait()?)
    }

    /// The most memory that it had so far, without its workers.
    pub fn peak_mib(&self) -> Result<f64> {
        let path = format!("/proc/{}/status", self.child.id());
        let text = std::fs::read_to_string(&path).with_context(|| format!("read {path}"))?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib: f64 = line
            .and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok())
            .with_context(|| format!("{path} has no VmHWM"))?;
        Ok(kib / 1024.0)
    }

    /// It has to end well, too.
    pub fn stop(mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("filbench serve ended by itself: {status}");
        }
        kill_process(Pid::from_child(&self.child), Signal::TERM).context("end filbench serve")?;
        let status = self.child.wait()?;
        if !status.success() {
            bail!("filbench serve ended with {status}");
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that was stopped is gone already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
