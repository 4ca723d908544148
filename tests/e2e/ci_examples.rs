//! The CI examples: their shell steps are run as a runner runs them, against a lab's server.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod common;

use common::daemon::Daemon;
use common::{candidate, problem, root};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use yaml_rust2::{Yaml, YamlLoader};

/// The shell of a job, and what it gets from the runner.
struct Job {
    /// One after another, each in a shell of its own; the first that fails is the last.
    steps: Vec<String>,
    shell: [&'static str; 3],
    /// Variables that the example names, and where it takes them from.
    env: BTreeMap<String, String>,
    /// Where the runner looks for JUnit.
    junit: String,
    /// Exit codes with which the job is yellow.
    warns: Vec<i64>,
}

fn yaml(name: &str) -> Yaml {
    let text = fs::read_to_string(root().join("host/cli/ci").join(name)).unwrap();
    YamlLoader::load_from_str(&text).unwrap().remove(0)
}

fn github() -> Job {
    let job = &yaml("github-actions.yml")["jobs"]["judge"];
    let steps = job["steps"].as_vec().unwrap();
    let env = job["env"].as_hash().unwrap().iter();
    let shown = steps.iter().find_map(|step| step["with"]["report_paths"].as_str());
    Job {
        steps: steps.iter().filter_map(|step| step["run"].as_str().map(str::to_owned)).collect(),
        // `bash -e {0}`, where no shell is named.
        shell: ["bash", "-e", "-c"],
        env: env.map(|(k, v)| (k.as_str().unwrap().into(), v.as_str().unwrap().into())).collect(),
        junit: shown.unwrap().to_owned(),
        warns: Vec::new(),
    }
}

fn gitlab() -> Job {
    let job = &yaml("gitlab-ci.yml")["judge"];
    let lines = job["script"].as_vec().unwrap().iter().map(|line| line.as_str().unwrap());
    Job {
        // One shell for all lines; `set -eo pipefail` is put before them.
        steps: vec![lines.collect::<Vec<_>>().join("\n")],
        shell: ["bash", "-eo", "pipefail"],
        env: BTreeMap::new(),
        junit: job["artifacts"]["reports"]["junit"].as_str().unwrap().to_owned(),
        warns: vec![job["allow_failure"]["exit_codes"].as_i64().unwrap()],
    }
}

/// A checkout: a suite with a problem that works and one that does not, and candidates.
fn checkout(daemon: &Daemon, name: &str, candidates: &[(&str, &str)]) -> PathBuf {
    let folder = daemon.data().with_file_name(name);
    fs::create_dir_all(folder.join("suite")).unwrap();
    fs::create_dir_all(folder.join("candidates")).unwrap();
    for part in ["ref", "test"] {
        let file = format!("Prob002_dff_{part}.sv");
        let from = problem("filbench-small").join(&file);
        fs::copy(from, folder.join("suite").join(&file)).unwrap();
    }
    fs::write(folder.join("suite/Prob003_half_ref.sv"), "module RefModule; endmodule").unwrap();
    for (problem, name) in candidates {
        let to = folder.join("candidates").join(format!("{problem}.sv"));
        match *name {
            "" => fs::write(to, "module TopModule; endmodule").unwrap(),
            name => {
                let from = candidate(&format!("filbench-small/{problem}"), name);
                fs::copy(from, to).map(drop).unwrap();
            }
        }
    }
    folder
}

/// Runs the job in `folder`; the last step's exit code, and what all said.
fn run(job: &Job, daemon: &Daemon, folder: &Path, token: &str) -> (i32, String) {
    let programs = Path::new(env!("CARGO_BIN_EXE_filbench")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let settings = [("FILBENCH_SERVER", daemon.url()), ("FILBENCH_TOKEN", token.to_owned())];
    // The example has to hand them on from where a lab puts them.
    for (name, _) in &settings {
        if let Some(from) = (!job.env.is_empty()).then(|| &job.env[*name]) {
            assert!(["vars", "secrets"].iter().any(|c| *from == format!("${{{{ {c}.{name} }}}}")));
        }
    }
    let (mut code, mut said) = (0, String::new());
    for step in &job.steps {
        let mut command = Command::new(job.shell[0]);
        command.args(&job.shell[1..]);
        if job.shell[2] != "-c" {
            command.arg("-c");
        }
        command.arg(step).current_dir(folder).env("PATH", &path).envs(settings.clone());
        let output = command.output().unwrap();
        said.push_str(&String::from_utf8_lossy(&output.stdout));
        said.push_str(&String::from_utf8_lossy(&output.stderr));
        code = output.status.code().unwrap();
        if code != 0 {
            break;
        }
    }
    (code, said)
}

#[test]
fn the_examples_run_and_their_exit_codes_mean_something() {
    let daemon = Daemon::start();
    let token = daemon.token("submit,read");
    for (kind, job) in [("github", github()), ("gitlab", gitlab())] {
        let ends = |name: &str, candidates: &[(&str, &str)]| {
            let folder = checkout(&daemon, &format!("{kind}-{name}"), candidates);
            let (code, said) = run(&job, &daemon, &folder, &token);
            let junit = fs::read_to_string(folder.join(&job.junit)).unwrap_or_default();
            (code, said, junit)
        };
        let (code, said, junit) = ends("right", &[("Prob002_dff", "right")]);
        assert_eq!(code, 0, "{kind}: {said}");
        assert!(said.contains("all designs pass") && said.contains("icebreaker-v1"), "{said}");
        assert!(junit.contains("<testsuite") && !junit.contains("<failure"), "{junit}");

        let (code, said, junit) = ends("wrong", &[("Prob002_dff", "wrong_inverted")]);
        assert_eq!(code, 1, "{kind}: {said}");
        assert!(said.contains("some designs fail") && junit.contains("<failure"), "{said}");

        // The problem has no bench, so nobody can be judged by it.
        let (code, said, _) = ends("half", &[("Prob003_half", "")]);
        let expected = job.warns.first().map_or(0, |code| i32::try_from(*code).unwrap());
        assert_eq!(code, expected, "{kind}: {said}");
        assert!(said.contains("could not be judged"), "{said}");
    }
    // A token that is none stops the job before anything is submitted.
    let folder = checkout(&daemon, "foreign", &[("Prob002_dff", "right")]);
    let (code, said) = run(&github(), &daemon, &folder, "fb_foreign");
    assert_eq!(code, 64, "{said}");
    assert!(!folder.join("results").exists());
}
