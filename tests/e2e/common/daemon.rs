//! A lab's daemon: the real `filbench serve`, on a port and in a folder of its own.

use super::Bench;
use filbench_client::{Client, ClientConfig, Token};
use rustix::process::{Pid, Signal, kill_process};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// How long a daemon may take to be there, and to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A daemon, or what it left.
pub struct Daemon {
    /// Where it and its clients run.
    pub bench: Bench,
    port: u16,
    data: PathBuf,
    child: Option<Child>,
}

impl Daemon {
    /// Starts one with an empty store.
    pub fn start() -> Self {
        let mut daemon = Self::prepare();
        daemon.start_again();
        daemon
    }

    /// A port and a folder, and nothing that runs.
    pub fn prepare() -> Self {
        let bench = Bench::new();
        let data = bench.file("marker", "").with_file_name("data");
        // Others get other ports while this one was given out lately.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { bench, port, data, child: None }
    }

    /// Where its clients find it.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The folder of its store.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Starts it in a session of its own, so that whatever it starts can be told by that.
    pub fn start_again(&mut self) {
        assert!(self.child.is_none());
        let log = self.data.with_file_name("daemon.log");
        let log = std::fs::File::options().create(true).append(true).open(log).unwrap();
        // It goes with the test, also when that is killed.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "setsid"]);
        command.arg(env!("CARGO_BIN_EXE_filbench")).arg("serve");
        command.args(["--listen", &format!("127.0.0.1:{}", self.port), "--data"]);
        command.arg(&self.data).env("TMPDIR", self.bench.temp_dir());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.child = Some(command.spawn().unwrap());
        let deadline = Instant::now() + PATIENCE;
        while !self.is_ready() {
            let ended = self.child.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none(), "the daemon ended with {ended:?}:\n{}", self.log());
            assert!(Instant::now() < deadline, "the daemon is not there:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn is_ready(&self) -> bool {
        use std::io::{Read as _, Write as _};
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else { return false };
        let request = "GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        let mut answer = String::new();
        stream.write_all(request.as_bytes()).is_ok()
            && stream.read_to_string(&mut answer).is_ok()
            && answer.starts_with("HTTP/1.1 200")
    }

    /// What it said.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.data.with_file_name("daemon.log")).unwrap_or_default()
    }

    /// The session of the daemon and of what it started; its process as well.
    pub fn session(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// SIGTERM; its exit code.
    pub fn stop(&mut self) -> Option<i32> {
        let mut child = self.child.take().unwrap();
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < deadline, "it does not end:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A client with this secret.
    pub fn client(&self, secret: Option<&str>) -> Client {
        let token = secret.map(|secret| Token::new(secret, "the test").unwrap());
        Client::new(ClientConfig { token, ..ClientConfig::new(&self.url()) }).unwrap()
    }

    /// `filbench` with `args`, as a client of this daemon.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.bench.command(args);
        command.env("FILBENCH_SERVER", self.url()).env_remove("FILBENCH_TOKEN");
        // The user's own configuration must not count.
        command.env("XDG_CONFIG_HOME", self.bench.temp_dir());
        command
    }

    /// Runs that to its end.
    pub fn output(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// A token of these scopes, made beside the daemon.
    pub fn token(&self, scopes: &str) -> String {
        let mut command = self.bench.command(["token", "create", "test", "--scope"]);
        let output = command.arg(scopes).arg("--data").arg(&self.data).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().ok();
        }
        if std::thread::panicking() {
            eprintln!("the daemon said:\n{}", self.log());
        }
    }
}
