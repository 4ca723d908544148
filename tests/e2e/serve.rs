//! `filbench serve` and `filbench token` as programs.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Long enough for a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(120);

fn filbench(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_filbench"));
    command.current_dir(dir).env("FILBENCH_DATA", dir.join("data")).args(arguments);
    command
}

fn output(dir: &Path, arguments: &[&str]) -> Output {
    filbench(dir, arguments).output().unwrap()
}

/// A server on a free port.
struct Server {
    child: Child,
    stderr: BufReader<ChildStderr>,
    address: String,
}

impl Server {
    fn start(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("http://") {
            line.clear();
            assert!(stderr.read_line(&mut line).unwrap() > 0, "it ended before it served");
        }
        let address = line.split("http://").nth(1).unwrap().split(' ').next().unwrap().to_owned();
        Self { child, stderr, address }
    }

    /// The status and the body of an answer.
    fn get(&self, path: &str, token: Option<&str>) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let token = token.map_or(String::new(), |t| format!("Authorization: Bearer {t}\r\n"));
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {}\r\n{token}Connection: close\r\n\r\n",
            self.address
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split_whitespace().nth(1).unwrap().parse().unwrap();
        (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
    }

    /// Ends it as a service manager does; its exit code and what it said.
    fn end(mut self) -> (Option<i32>, String) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

#[test]
fn a_lab_is_served_until_a_signal_ends_it() {
    let dir = tempfile::tempdir().unwrap();
    let manager = UnixDatagram::bind(dir.path().join("notify")).unwrap();
    manager.set_read_timeout(Some(PATIENCE)).unwrap();
    let told = || {
        let mut buffer = [0; 256];
        let count = manager.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..count]).trim().to_owned()
    };
    let mut command = filbench(dir.path(), &["serve", "--listen", "127.0.0.1:0"]);
    command.args(["--log-format", "json"]).env("NOTIFY_SOCKET", dir.path().join("notify"));
    command.env("FILBENCH_LOG", "debug").env("WATCHDOG_USEC", "60000000");
    let server = Server::start(command);
    assert_eq!(told(), "READY=1");
    assert_eq!(server.get("/readyz", None), (200, "ready\n".to_owned()));
    let (status, me) = server.get("/v1/me", None);
    assert_eq!(status, 200);
    assert!(me.contains("\"owner\":\"local\""), "{me}");
    assert_eq!(told(), "WATCHDOG=1");

    // The first token, made beside the running server, shuts the door.
    let made = output(dir.path(), &["token", "create", "ci", "--scope", "read", "--days", "1"]);
    assert!(made.status.success(), "{made:?}");
    let secret = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    let said = String::from_utf8(made.stderr).unwrap();
    let id = said.split_whitespace().next().unwrap();
    assert!(secret.starts_with("fb_") && !said.contains(&secret), "{said}");
    assert_eq!(server.get("/v1/boards", None).0, 401);
    assert_eq!(server.get("/v1/boards", Some(&secret)).0, 200);
    assert_eq!(server.get("/v1/leases", Some(&secret)).0, 403);
    let list = output(dir.path(), &["token", "list"]);
    let list = String::from_utf8(list.stdout).unwrap();
    assert!(list.contains(id) && list.contains("ci") && !list.contains(&secret), "{list}");
    assert!(output(dir.path(), &["token", "revoke", id]).status.success());
    assert_eq!(server.get("/v1/boards", Some(&secret)).0, 401);

    // The store is taken.
    let second = output(dir.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&second.stderr).contains("in use"), "{second:?}");

    let begun = Instant::now();
    let (code, log) = server.end();
    assert_eq!(code, Some(0), "{log}");
    assert!(begun.elapsed() < PATIENCE);
    assert_eq!(told(), "STOPPING=1");
    let lines = log.lines().filter(|line| line.contains("\"http.route\":\"/v1/boards\""));
    let first: serde_json::Value = serde_json::from_str(lines.clone().next().unwrap()).unwrap();
    assert_eq!(first["fields"]["http.status"], 401);
    assert_eq!(lines.count(), 3);
    assert!(!log.contains(&secret));
}

#[test]
fn what_cannot_be_served_says_what_to_type() {
    let dir: TempDir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("lab.toml"), "[limits]\nbatsch = 1\n").unwrap();
    std::fs::write(dir.path().join("twice.toml"), "listen = \"127.0.0.1:0\"\n").unwrap();
    for (arguments, told) in [
        (&["serve", "--listen", "0.0.0.0:0"][..], "filbench token create NAME --scope admin"),
        (&["serve", "--config", "lab.toml"], "batsch"),
        (&["serve", "--config", "absent.toml"], "absent.toml"),
        (&["serve", "--listen", "here"], "--listen"),
        (&["token", "create", "x", "--scope", "root"], "submit, read, operate, admin"),
    ] {
        let output = output(dir.path(), arguments);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}: {output:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(told), "{arguments:?}: {said}");
    }
}
