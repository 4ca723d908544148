//! Boards for oneself.

use crate::common::{Answer, Lab, by, request, with_json};
use axum::body::Body;
use axum::http::{Method, Request};
use filbench_api::ErrorKind;
use filbench_api::types::{BoardState, BoardView, LeaseEnd, LeaseView, Page, Scope};
use serde_json::{Value, json};
use std::time::Duration;

fn take(board: &str, wait_s: u64) -> Request<Body> {
    let body = json!({"board": board, "ttl_s": 60, "wait_s": wait_s});
    with_json(Method::POST, "/v1/leases", &body)
}

fn bytes(method: Method, path: &str, bytes: &[u8]) -> Request<Body> {
    let mut request = request(method, path);
    *request.body_mut() = Body::from(bytes.to_vec());
    request
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers[name].to_str().unwrap()
}

#[tokio::test]
async fn a_leased_board_is_loaded_and_talked_to() {
    let lab = Lab::new().await;
    let answer = lab.ask(take("id:b1", 0)).await;
    assert_eq!(answer.status, 201);
    let lease: LeaseView = answer.json();
    let path = format!("/v1/leases/{}", lease.id);
    assert_eq!(header(&answer, "location"), path);
    assert_eq!((lease.board.as_str(), lease.holder.as_str()), ("b1", "local"));
    assert_eq!(lease.expires_ms, lab.store().now_ms() + 60_000);
    let board: BoardView = lab.get("/v1/boards/b1").await.good().json();
    assert_eq!((board.state, board.lease.unwrap()), (BoardState::Leased, lease.clone()));

    let generation = lease.generation;
    let uart = format!("{path}/uart?generation={generation}");
    lab.get(&uart).await.refused(ErrorKind::Conflict);
    let load = format!("{path}/bitstream?generation={generation}");
    lab.ask(bytes(Method::PUT, &load, b"mine")).await.good();
    assert_eq!(lab.world.loads(), [("b1".to_owned(), "mine".to_owned())]);
    lab.ask(bytes(Method::POST, &uart, b"hello")).await.good();
    let mut heard: Vec<u8> = Vec::new();
    while heard.len() < 5 {
        let answer =
            lab.get(&format!("{uart}&from={}&wait_ms=5000&max=4", heard.len())).await.good();
        assert_eq!(header(&answer, "filbench-uart-from"), heard.len().to_string());
        heard.extend(&answer.body);
        assert_eq!(header(&answer, "filbench-uart-next"), heard.len().to_string());
        assert_eq!(header(&answer, "filbench-uart-lost"), "0");
        assert_eq!(header(&answer, "filbench-uart-closed"), "false");
    }
    assert_eq!(heard, b"hello");
    lab.ask(bytes(Method::PUT, &load, b"poison")).await.refused(ErrorKind::BoardFailed);

    let released: LeaseView = lab.ask(request(Method::DELETE, &path)).await.good().json();
    assert_eq!(released.ending, Some(LeaseEnd::Released));
    assert!(lab.world.loaded().is_empty());
    lab.ask(request(Method::DELETE, &path)).await.good();
    let leases: Page<LeaseView> = lab.get("/v1/leases").await.good().json();
    assert_eq!(leases.items, []);
}

#[tokio::test]
async fn a_delayed_client_is_told_that_its_lease_is_over() {
    let lab = Lab::new().await;
    let first: LeaseView = lab.ask(take("id:b1", 0)).await.good().json();
    let path = format!("/v1/leases/{}", first.id);
    let extend = |generation: i64| {
        with_json(Method::POST, &format!("{path}/extend"), &json!({"generation": generation}))
    };
    lab.clock.forward(Duration::from_secs(50));
    let extended: LeaseView = lab.ask(extend(first.generation)).await.good().json();
    assert_eq!(extended.expires_ms, lab.store().now_ms() + 60_000);
    let stale = |generation: i64| {
        let of = format!("generation={generation}");
        [
            extend(generation),
            bytes(Method::PUT, &format!("{path}/bitstream?{of}"), b"late"),
            bytes(Method::POST, &format!("{path}/uart?{of}"), b"late"),
            request(Method::GET, &format!("{path}/uart?{of}")),
        ]
    };
    for request in stale(first.generation - 1) {
        lab.ask(request).await.refused(ErrorKind::LeaseOver);
    }
    lab.clock.forward(Duration::from_secs(61));
    lab.daemon.tick().await.unwrap();
    let second: LeaseView = lab.ask(take("id:b1", 0)).await.good().json();
    assert_eq!(second.generation, first.generation + 1);
    for request in stale(first.generation) {
        lab.ask(request).await.refused(ErrorKind::LeaseOver);
    }
    assert_eq!(lab.world.loads(), []);
}

#[tokio::test]
async fn a_board_that_somebody_has_is_not_waited_for_unless_asked() {
    let lab = Lab::new().await;
    let (alice, bob) = (lab.token(&[Scope::Operate]).await, lab.token(&[Scope::Operate]).await);
    let admin = lab.token(&[Scope::Admin]).await;
    let hers: LeaseView = lab.ask(by(&alice, take("id:b1", 0))).await.good().json();
    let details = lab.ask(by(&bob, take("id:b1", 0))).await.refused(ErrorKind::Conflict);
    assert!(details.detail.contains(&hers.holder), "{details:?}");
    // Another one of the kind would do.
    let his: LeaseView = lab.ask(by(&bob, take("icebreaker", 0))).await.good().json();
    assert_eq!(his.board, "b2");

    let path = format!("/v1/leases/{}", hers.id);
    for (method, path) in [
        (Method::GET, path.clone()),
        (Method::DELETE, path.clone()),
        (Method::GET, format!("{path}/uart?generation=1")),
        (Method::PUT, format!("{path}/bitstream?generation=1")),
    ] {
        lab.ask(by(&bob, request(method, &path))).await.refused(ErrorKind::NotFound);
    }
    let count = |answer: Answer| answer.good().json::<Page<Value>>().items.len();
    for (token, leases) in [(&alice, 1), (&admin, 2)] {
        assert_eq!(count(lab.ask(by(token, request(Method::GET, "/v1/leases"))).await), leases);
    }
    // She is waited for, and an operator takes the board away.
    let (got, revoked) = tokio::join!(
        lab.ask(by(&bob, take("id:b1", 30))),
        lab.ask(by(&admin, request(Method::DELETE, &path)))
    );
    assert_eq!(revoked.good().json::<LeaseView>().ending, Some(LeaseEnd::Revoked));
    assert_eq!(got.good().json::<LeaseView>().board, "b1");

    for wrong in [
        json!({"board": "id:b9"}),
        json!({"board": "x:y"}),
        json!({"board": "id:b1", "ttl_s": 0}),
        json!({"board": "id:b1", "wait_s": 3601}),
        json!({"board": "id:b1", "ttl_s": 1_000_000}),
        json!({"board": "id:b1", "ttl": 5}),
    ] {
        let request = with_json(Method::POST, "/v1/leases", &wrong);
        let details = lab.ask(by(&admin, request)).await.refused(ErrorKind::Invalid);
        assert!(wrong["ttl"] == 5 || details.accepted.is_some(), "{details:?}");
    }
}

#[tokio::test]
async fn an_operator_takes_a_board_out_of_service_and_has_it_tested() {
    let lab = Lab::new().await;
    let quarantine = |reason: &str| {
        with_json(Method::POST, "/v1/boards/b1/quarantine", &json!({"reason": reason}))
    };
    lab.ask(quarantine(" ")).await.refused(ErrorKind::Invalid);
    let board: BoardView = lab.ask(quarantine("its cable is loose")).await.good().json();
    assert_eq!(board.state, BoardState::Quarantined);
    assert_eq!(board.reason.as_deref(), Some("its cable is loose"));
    let board: BoardView = lab.ask(request(Method::POST, "/v1/boards/b1/test")).await.good().json();
    assert!(board.next_test_ms.is_some());
    lab.daemon.tick().await.unwrap();
    while lab.get("/v1/boards/b1").await.good().json::<BoardView>().state != BoardState::Free {
        tokio::task::yield_now().await;
    }
    lab.ask(request(Method::POST, "/v1/boards/b9/test")).await.refused(ErrorKind::NotFound);
}
