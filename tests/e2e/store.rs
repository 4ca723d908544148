//! `filbench store`: saved while somebody else uses it, brought back, checked.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod common;

use common::Bench;
use filbench_model::Verdict;
use filbench_store::{Judged, NewEvaluation, NewSubmission, State, Store, Submitted};
use std::path::{Path, PathBuf};
use tokio::runtime::Runtime;

static LARGE: [u8; 100_000] = [7; 100_000];

/// A store as a daemon has it, which is still open: two evaluations, the first judged.
struct Lab {
    bench: Bench,
    runtime: Runtime,
    store: Store,
}

impl Lab {
    fn new() -> Self {
        let bench = Bench::new();
        let runtime = Runtime::new().unwrap();
        let dir = bench.file("marker", "").with_file_name("data");
        let store = runtime.block_on(async {
            let store = Store::open(&dir).await.unwrap();
            let epoch = store.take_over().await.unwrap();
            let blob = store.put_blob("{}").await.unwrap();
            let evaluation = |sample: &str| NewEvaluation {
                problem: blob.clone(),
                problem_name: "Prob001".into(),
                sample: sample.into(),
                candidate: blob.clone(),
                board: "icebreaker".into(),
                tier: "board".into(),
                options: serde_json::json!({}),
                priority: 0,
                deadline_ms: None,
            };
            let new = NewSubmission {
                owner: "local".into(),
                idempotency: None,
                label: None,
                shared: false,
                evaluations: ["a", "b"].map(evaluation).into(),
            };
            assert!(matches!(store.submit(&new).await.unwrap(), Submitted::Created(_)));
            let id = first(&store).await;
            let (claimed, _) = store.claim("local", 0, epoch.number).await.unwrap().unwrap();
            assert_eq!(claimed.evaluation.id, id);
            let judged = Judged {
                verdict: Verdict::pass("all of it"),
                record: "{\"reason\":\"all of it\"}".into(),
                artifacts: vec![("bitstream.bin".into(), LARGE.to_vec().into())],
            };
            store.judge(&id, &claimed.run, &judged).await.unwrap().unwrap();
            store
        });
        Self { bench, runtime, store }
    }

    fn data(&self) -> PathBuf {
        self.store.dir().to_owned()
    }

    /// Runs `filbench store` to its end: exit code, stdout, stderr.
    fn store(&self, args: &[&str], data: &Path) -> (i32, String, String) {
        let mut command = self.bench.command(["store"]);
        let output = command.args(args).arg("--data").arg(data).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }
}

async fn first(store: &Store) -> filbench_store::EvaluationId {
    use filbench_store::{Filter, Reader};
    let all = store.evaluations(&Reader::All, &Filter::default(), 10).await.unwrap();
    all.iter().find(|row| row.sample == "a").unwrap().id.clone()
}

#[test]
fn a_store_in_use_is_saved_and_comes_back() {
    let lab = Lab::new();
    let folder = lab.data().with_file_name("backups");
    std::fs::create_dir(&folder).unwrap();
    let (code, named, stderr) = lab.store(&["backup", folder.to_str().unwrap()], &lab.data());
    assert_eq!(code, 0, "{stderr}");
    let file = Path::new(named.trim_end());
    assert!(file.is_file() && file.starts_with(&folder), "{named}");

    let again = lab.store(&["backup", file.to_str().unwrap()], &lab.data());
    assert_eq!(again.0, 64);
    assert!(again.2.contains("is there already; name another"), "{}", again.2);

    let copy = lab.data().with_file_name("copy");
    let (code, _, stderr) = lab.store(&["restore", file.to_str().unwrap()], &copy);
    assert_eq!(code, 0, "{stderr}");
    lab.runtime.block_on(async {
        let restored = Store::open_existing(&copy).await.unwrap();
        let id = first(&restored).await;
        assert_eq!(restored.evaluation(&id).await.unwrap().state, State::Ended);
        let artifact = restored.artifact(&id, "bitstream.bin").await.unwrap().unwrap();
        assert_eq!(artifact, LARGE.as_slice());
    });
    let (code, said, stderr) = lab.store(&["check"], &copy);
    assert_eq!((code, said.as_str()), (0, "2 evaluations, 3 blobs: sound\n"), "{stderr}");

    let occupied = lab.store(&["restore", file.to_str().unwrap()], &copy);
    assert_eq!(occupied.0, 64, "{}", occupied.2);
}

#[test]
fn damage_is_found_and_named() {
    let lab = Lab::new();
    let mut artifacts: Vec<PathBuf> = files(&lab.data().join("artifacts"));
    let artifact = artifacts.pop().unwrap();
    let mut bytes = std::fs::read(&artifact).unwrap();
    bytes[1000] ^= 1;
    std::fs::write(&artifact, bytes).unwrap();
    let (code, said, stderr) = lab.store(&["check"], &lab.data());
    assert_eq!(code, 3);
    assert!(said.contains("1 damaged; `filbench store restore`"), "{said}");
    assert!(stderr.contains("is damaged: its bytes have the hash"), "{stderr}");
}

#[test]
fn what_is_no_store_or_backup_is_wrong_usage() {
    let lab = Lab::new();
    let nowhere = lab.data().with_file_name("nowhere");
    let file = lab.bench.file("backup.tar", "no tar");
    for args in [&["check"][..], &["backup", "x.tar"]] {
        let (code, _, stderr) = lab.store(args, &nowhere);
        assert_eq!(code, 64, "{args:?}");
        assert!(stderr.contains("no store in") && stderr.contains("--data"), "{stderr}");
    }
    let (code, _, stderr) = lab.store(&["restore", file.to_str().unwrap()], &nowhere);
    assert_eq!(code, 64);
    assert!(stderr.contains("is no sound backup"), "{stderr}");
    assert!(!nowhere.exists());
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
