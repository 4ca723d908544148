//! The store through its public face: queue, ends, blobs, leases, tokens.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use filbench_model::{Fault, FaultPlace, Verdict};
use filbench_store::{
    BlobId, Cancelled, Clock, Ending, EvaluationRow, EventScope, Filter, Idempotency, Judged,
    LeaseEnd, NewEvaluation, NewLease, NewSubmission, NewToken, Purpose, Reader, Retention, Scope,
    State, Store, StoreError, Submitted,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tempfile::TempDir;

#[derive(Debug, Default)]
struct Hand(AtomicI64);

impl Hand {
    fn forward(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

struct Bench {
    dir: TempDir,
    clock: Arc<Hand>,
    store: Store,
}

impl Bench {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(Hand(AtomicI64::new(1_000_000)));
        let store = Store::open_with_clock(&dir.path().join("store"), clock.clone()).await.unwrap();
        Self { dir, clock, store }
    }

    async fn submission(&self, owner: &str, count: usize) -> NewSubmission {
        let problem = self.store.put_blob("problem").await.unwrap();
        let candidate = self.store.put_blob("candidate").await.unwrap();
        let evaluation = |index: usize| NewEvaluation {
            problem: problem.clone(),
            problem_name: "Prob001".to_owned(),
            sample: format!("sample{index:02}"),
            candidate: candidate.clone(),
            board: "icebreaker".to_owned(),
            tier: "board".to_owned(),
            options: serde_json::json!({ "seed": 1 }),
            priority: 0,
            deadline_ms: None,
        };
        NewSubmission {
            owner: owner.to_owned(),
            idempotency: None,
            label: None,
            shared: false,
            evaluations: (0..count).map(evaluation).collect(),
        }
    }

    async fn submit(&self, owner: &str, count: usize) -> Vec<EvaluationRow> {
        let new = self.submission(owner, count).await;
        let Submitted::Created(row) = self.store.submit(&new).await.unwrap() else {
            panic!("it is the first")
        };
        assert_eq!(row.counts.queued, count as u64);
        let filter = Filter { submission: Some(row.id), ..Filter::default() };
        self.store.evaluations(&Reader::All, &filter, 5000).await.unwrap()
    }

    async fn kinds(&self, row: &EvaluationRow) -> Vec<String> {
        let scope = EventScope::Evaluation(row.id.clone());
        let events = self.store.events(&scope, 0, 100).await.unwrap();
        events.into_iter().map(|event| event.kind).collect()
    }
}

fn judged(artifact: &[u8]) -> Judged {
    Judged {
        verdict: Verdict::pass("all of it"),
        record: "{}".into(),
        artifacts: vec![("bitstream.bin".to_owned(), artifact.to_vec().into())],
    }
}

#[tokio::test]
async fn an_evaluation_ends_once() {
    let bench = Bench::new().await;
    let store = &bench.store;
    let epoch = store.take_over().await.unwrap().number;
    let rows = bench.submit("a", 2).await;
    assert_eq!(rows.iter().map(|row| row.position).collect::<Vec<_>>(), [0, 1]);
    let (claimed, _) = store.claim("a", 0, epoch).await.unwrap().unwrap();
    assert_eq!(claimed.evaluation.id, rows[0].id);
    assert_eq!(claimed.evaluation.state, State::Running);
    let large = vec![7; 100_000];
    let event = store.judge(&rows[0].id, &claimed.run, &judged(&large)).await.unwrap().unwrap();
    assert!(event.is_last());
    // A run that comes late changes nothing.
    assert_eq!(store.judge(&rows[0].id, &claimed.run, &judged(b"x")).await.unwrap(), None);
    assert_eq!(store.end(&rows[0].id, &claimed.run, Ending::Deadline).await.unwrap(), None);
    assert_eq!(store.requeue(&rows[0].id, &claimed.run, None, 0).await.unwrap(), None);
    assert_eq!(store.cancel(&rows[0].id).await.unwrap(), Cancelled::Over);

    let row = store.evaluation(&rows[0].id).await.unwrap();
    assert_eq!((row.state, row.outcome.as_deref()), (State::Ended, Some("pass")));
    assert_eq!(bench.kinds(&row).await, ["queued", "started", "ended"]);
    let artifact = store.artifact(&row.id, "bitstream.bin").await.unwrap().unwrap();
    assert_eq!(artifact, large);
    assert_eq!(store.artifact(&row.id, "other").await.unwrap(), None);
    assert_eq!(store.check().await.unwrap().damage, Vec::<String>::new());
}

#[tokio::test]
async fn what_a_daemon_leaves_running_is_queued_again() {
    let bench = Bench::new().await;
    let first = bench.store.take_over().await.unwrap();
    let rows = bench.submit("a", 3).await;
    let mut runs = Vec::new();
    for _ in 0..2 {
        runs.push(bench.store.claim("a", 0, first.number).await.unwrap().unwrap().0.run);
    }
    assert!(matches!(bench.store.cancel(&rows[1].id).await.unwrap(), Cancelled::Asked(_)));
    let path = bench.dir.path().join("store");
    let second = Store::open_with_clock(&path, bench.clock.clone()).await.unwrap();
    let error = second.take_over().await.unwrap_err();
    assert!(matches!(error, StoreError::InUse { .. }), "{error}");
    bench.store.close().await;

    let epoch = second.take_over().await.unwrap();
    assert_eq!(epoch.number, first.number + 1);
    assert_eq!(epoch.lost.len(), 2);
    // The old daemon's run may not end it any more.
    assert_eq!(second.judge(&rows[0].id, &runs[0], &judged(b"")).await.unwrap(), None);
    let row = second.evaluation(&rows[0].id).await.unwrap();
    assert_eq!((row.state, row.runs), (State::Queued, 1));
    assert_eq!(second.runs(&rows[0].id).await.unwrap()[0].ending.as_deref(), Some("lost"));
    // It was asked to be cancelled, which is what happens now.
    let row = second.evaluation(&rows[1].id).await.unwrap();
    assert_eq!((row.state, row.ending.as_deref()), (State::Ended, Some("cancelled")));
    assert_eq!(second.check().await.unwrap().damage, Vec::<String>::new());
}

#[tokio::test]
async fn a_request_that_comes_twice_is_one() {
    let bench = Bench::new().await;
    let mut new = bench.submission("a", 2).await;
    let key = |body: &[u8]| Some(Idempotency { key: "k".to_owned(), body: BlobId::of(body) });
    new.idempotency = key(b"body");
    let Submitted::Created(first) = bench.store.submit(&new).await.unwrap() else {
        panic!("it is new")
    };
    assert_eq!(bench.store.submit(&new).await.unwrap(), Submitted::Repeated(first.clone()));
    new.idempotency = key(b"other");
    assert_eq!(bench.store.submit(&new).await.unwrap(), Submitted::KeyReused(first.id));
    new.owner = "b".to_owned();
    assert!(matches!(bench.store.submit(&new).await.unwrap(), Submitted::Created(_)));
    new.evaluations.clear();
    let error = bench.store.submit(&new).await.unwrap_err();
    assert!(matches!(error, StoreError::BatchSize { found: 0, .. }), "{error}");
}

#[tokio::test]
async fn a_submission_of_unknown_blobs_leaves_nothing() {
    let bench = Bench::new().await;
    let mut new = bench.submission("a", 2).await;
    new.evaluations[1].candidate = BlobId::of(b"nowhere");
    let error = bench.store.submit(&new).await.unwrap_err();
    assert!(error.to_string().contains(BlobId::of(b"nowhere").as_str()), "{error}");
    assert_eq!(bench.store.state_counts().await.unwrap().total(), 0);
    assert_eq!(bench.store.submissions(&Reader::All, None, 10).await.unwrap(), []);
}

#[tokio::test]
async fn faults_wait_and_deadlines_end() {
    let bench = Bench::new().await;
    let store = &bench.store;
    let epoch = store.take_over().await.unwrap().number;
    let mut new = bench.submission("a", 2).await;
    new.evaluations[1].deadline_ms = Some(store.now_ms() + 500);
    store.submit(&new).await.unwrap();
    let (claimed, _) = store.claim("a", 0, epoch).await.unwrap().unwrap();
    let (id, due) = (claimed.evaluation.id, store.now_ms() + 1000);
    let fault = Fault::new(FaultPlace::Link, "silence");
    let event = store.requeue(&id, &claimed.run, Some(&fault), due).await.unwrap().unwrap();
    assert_eq!(event.kind, "requeued");
    assert_eq!(event.data["fault"]["message"], "silence");
    assert_eq!(store.waiting().await.unwrap()[0].count, 1);
    bench.clock.forward(1000);
    let ended = store.end_overdue().await.unwrap();
    assert_eq!(ended.len(), 1);
    assert_eq!(ended[0].data["ending"], "deadline");
    assert_eq!(store.end_overdue().await.unwrap(), []);
    let (again, _) = store.claim("a", 0, epoch).await.unwrap().unwrap();
    assert_eq!((again.evaluation.id, again.evaluation.runs), (id, 2));
}

#[tokio::test]
async fn others_are_not_seen_unless_shared() {
    let bench = Bench::new().await;
    bench.submit("a", 1).await;
    let mut new = bench.submission("b", 1).await;
    new.shared = true;
    bench.store.submit(&new).await.unwrap();
    bench.submit("b", 1).await;
    let of = |reader: Reader| {
        let store = bench.store.clone();
        async move {
            let evaluations = store.evaluations(&reader, &Filter::default(), 10).await.unwrap();
            let submissions = store.submissions(&reader, None, 10).await.unwrap();
            assert_eq!(evaluations.len(), submissions.len());
            evaluations.into_iter().map(|row| row.owner).collect::<Vec<_>>()
        }
    };
    assert_eq!(of(Reader::Owner("a".to_owned())).await, ["b", "a"]);
    assert_eq!(of(Reader::Owner("b".to_owned())).await, ["b", "b"]);
    assert_eq!(of(Reader::All).await, ["b", "b", "a"]);
}

#[tokio::test]
async fn a_lease_ends_by_itself_and_its_generation_is_refused() {
    let bench = Bench::new().await;
    let store = &bench.store;
    store.board("icebreaker-v1").await.unwrap();
    let new = NewLease {
        board: "icebreaker-v1".to_owned(),
        purpose: Purpose::Interactive,
        holder: "a".to_owned(),
        epoch: 1,
        ttl_ms: 1000,
    };
    let first = store.take_lease(&new).await.unwrap();
    assert_eq!(first.generation, 1);
    let error = store.take_lease(&new).await.unwrap_err();
    assert!(matches!(error, StoreError::Leased { .. }), "{error}");
    bench.clock.forward(900);
    let extended = store.extend_lease(&first.id, 1, 1000).await.unwrap();
    assert_eq!(extended.expires_ms, first.expires_ms + 900);
    let error = store.extend_lease(&first.id, 2, 1000).await.unwrap_err();
    assert!(matches!(error, StoreError::StaleLease { .. }), "{error}");
    bench.clock.forward(1000);
    // Nobody has written down yet that it has expired.
    assert!(store.check_lease(&first.id, 1).await.is_err());
    assert!(store.extend_lease(&first.id, 1, 1000).await.is_err());
    let second = store.take_lease(&new).await.unwrap();
    assert_eq!(second.generation, 2);
    assert_eq!(store.lease(&first.id).await.unwrap().ending, Some(LeaseEnd::Expired));
    assert_eq!(store.active_leases().await.unwrap(), std::slice::from_ref(&second));
    bench.clock.forward(5000);
    assert_eq!(store.expire_leases().await.unwrap().len(), 1);
    assert_eq!(store.expire_leases().await.unwrap(), []);
    let ended = store.end_lease(&second.id, LeaseEnd::Released).await.unwrap();
    assert_eq!(ended.ending, Some(LeaseEnd::Expired));
}

#[tokio::test]
async fn a_token_is_known_by_its_secret_until_it_ends() {
    let bench = Bench::new().await;
    let store = &bench.store;
    let new = NewToken {
        name: "ci".to_owned(),
        scopes: vec![Scope::Read, Scope::Submit],
        expires_ms: Some(store.now_ms() + 1000),
    };
    let (token, secret) = store.create_token(&new).await.unwrap();
    assert!(secret.starts_with("fb_") && secret.len() == 46, "{secret}");
    assert_eq!(store.verify_token(&secret).await.unwrap().unwrap(), token);
    assert!(token.allows(Scope::Submit) && !token.allows(Scope::Operate));
    assert_eq!(store.verify_token("fb_wrong").await.unwrap(), None);
    bench.clock.forward(1000);
    assert_eq!(store.verify_token(&secret).await.unwrap(), None);
    let (token, secret) = store.create_token(&NewToken { expires_ms: None, ..new }).await.unwrap();
    store.revoke_token(&token.id).await.unwrap();
    assert_eq!(store.verify_token(&secret).await.unwrap(), None);
    // The secret is nowhere on the disk.
    store.close().await;
    for entry in std::fs::read_dir(bench.dir.path().join("store")).unwrap() {
        let Ok(bytes) = std::fs::read(entry.unwrap().path()) else { continue };
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }
}

#[tokio::test]
async fn a_backup_made_while_it_is_used_comes_back_whole() {
    let bench = Bench::new().await;
    let store = &bench.store;
    let epoch = store.take_over().await.unwrap().number;
    let rows = bench.submit("a", 2).await;
    let (claimed, _) = store.claim("a", 0, epoch).await.unwrap().unwrap();
    let large = vec![7; 100_000];
    store.judge(&rows[0].id, &claimed.run, &judged(&large)).await.unwrap();
    let file = bench.dir.path().join("backup.tar");
    let (saved, more) = tokio::join!(store.backup(&file), bench.submit("a", 50));
    saved.unwrap();
    assert_eq!(more.len(), 50);
    assert!(matches!(store.backup(&file).await.unwrap_err(), StoreError::Exists { .. }));

    let copy = bench.dir.path().join("copy");
    Store::restore(&file, &copy).await.unwrap();
    let restored = Store::open(&copy).await.unwrap();
    assert_eq!(restored.evaluation(&rows[0].id).await.unwrap().state, State::Ended);
    assert_eq!(restored.artifact(&rows[0].id, "bitstream.bin").await.unwrap().unwrap(), large);
    let error = Store::restore(&file, &copy).await.unwrap_err();
    assert!(matches!(error, StoreError::Exists { .. }), "{error}");

    // One bit of an artifact, and it is no backup any more.
    let mut bytes = std::fs::read(&file).unwrap();
    let at = bytes.windows(1000).position(|window| window.iter().all(|b| *b == 7)).unwrap();
    bytes[at] ^= 1;
    let damaged = bench.dir.path().join("damaged.tar");
    std::fs::write(&damaged, bytes).unwrap();
    let to = bench.dir.path().join("nowhere");
    let error = Store::restore(&damaged, &to).await.unwrap_err();
    assert!(matches!(error, StoreError::BadBackup { .. }), "{error}");
    assert!(!to.exists());
}

#[tokio::test]
async fn what_is_old_or_too_much_goes() {
    let bench = Bench::new().await;
    let store = &bench.store;
    let epoch = store.take_over().await.unwrap().number;
    let rows = bench.submit("a", 3).await;
    for (index, row) in rows.iter().take(2).enumerate() {
        let (claimed, _) = store.claim("a", 0, epoch).await.unwrap().unwrap();
        let artifact = vec![index as u8; 100_000];
        store.judge(&row.id, &claimed.run, &judged(&artifact)).await.unwrap();
        bench.clock.forward(10_000);
    }
    let nothing = Retention {
        results_age: None,
        artifacts_age: None,
        artifacts_bytes: None,
        unused_age: Duration::ZERO,
    };
    assert_eq!(store.retain(&nothing).await.unwrap().blobs, 0);
    // Room for one: the older goes.
    let small = Retention { artifacts_bytes: Some(150_000), ..nothing };
    let removed = store.retain(&small).await.unwrap();
    assert_eq!((removed.artifacts, removed.blobs, removed.bytes), (1, 1, 100_000));
    assert_eq!(store.artifact(&rows[0].id, "bitstream.bin").await.unwrap(), None);
    assert!(store.artifact(&rows[1].id, "bitstream.bin").await.unwrap().is_some());
    assert_eq!(bench.kinds(&rows[0]).await, ["queued", "ended"]);
    let old = Retention { artifacts_age: Some(Duration::from_secs(5)), ..nothing };
    assert_eq!(store.retain(&old).await.unwrap().artifacts, 1);
    // One of its evaluations waits, so the submission stays.
    let all = Retention { results_age: Some(Duration::from_secs(1)), ..nothing };
    assert_eq!(store.retain(&all).await.unwrap().submissions, 0);
    store.cancel(&rows[2].id).await.unwrap();
    bench.clock.forward(10_000);
    let removed = store.retain(&all).await.unwrap();
    assert_eq!(removed.submissions, 1);
    assert_eq!(store.state_counts().await.unwrap().total(), 0);
    let left = walk(&bench.dir.path().join("store/artifacts"));
    assert_eq!(left, 0);
    assert_eq!(store.check().await.unwrap().blobs, 0);
}

fn walk(dir: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { walk(&path) } else { 1 }).sum()
}
