//! Requests that are made again, and those that are not.

use crate::lab::{Fault, Lab, SECRET, client, serve};
use axum::http::StatusCode;
use filbench_api::ErrorKind;
use filbench_api::types::{LeaseRequest, SubmitRequest};
use filbench_client::ClientError;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

fn lease() -> LeaseRequest {
    LeaseRequest { board: "virtual:icebreaker".into(), ttl_s: None, wait_s: Some(0) }
}

#[tokio::test]
async fn reading_is_repeated_until_it_is_whole() {
    let lab = Lab::open().await;
    for fault in [
        Fault::Cut(0),
        Fault::Cut(5),
        Fault::Silence,
        Fault::Refuse(ErrorKind::Unavailable, None),
        Fault::Refuse(ErrorKind::RateLimited, Some(0)),
        Fault::Proxy(StatusCode::BAD_GATEWAY),
    ] {
        lab.faults([fault.clone(), fault.clone()]);
        assert_eq!(lab.client.boards().await.unwrap(), [], "{fault:?}");
        assert_eq!(lab.seen(), ["GET /v1/boards"; 3], "{fault:?}");
    }
}

#[tokio::test]
async fn the_server_says_when_to_come_back() {
    let lab = Lab::open().await;
    lab.faults([Fault::Refuse(ErrorKind::RateLimited, Some(1))]);
    let before = Instant::now();
    lab.client.boards().await.unwrap();
    assert!(before.elapsed() >= Duration::from_secs(1));
    // Longer than anybody waits.
    lab.faults([Fault::Refuse(ErrorKind::Unavailable, Some(3600))]);
    let error = lab.client.boards().await.unwrap_err();
    assert_eq!(error.refusal(), Some(ErrorKind::Unavailable));
}

#[tokio::test]
async fn a_refusal_is_told_and_not_asked_again() {
    let lab = Lab::open().await;
    for kind in
        [ErrorKind::Internal, ErrorKind::Invalid, ErrorKind::Forbidden, ErrorKind::LeaseOver]
    {
        lab.faults([Fault::Refuse(kind, None)]);
        let error = lab.client.boards().await.unwrap_err();
        assert_eq!(error.refusal(), Some(kind));
        let text = error.to_string();
        let status = kind.status().as_u16();
        let told = format!("/v1/boards: {status}, {}: not that; accepted: this", kind.title());
        assert!(text.starts_with("GET http://127.0.0.1:") && text.ends_with(&told), "{text}");
        assert_eq!(lab.seen().len(), 1);
    }
    lab.faults([Fault::Proxy(StatusCode::NOT_FOUND)]);
    let error = lab.client.boards().await.unwrap_err().to_string();
    assert!(error.contains("answered 404, which is not filbench's answer"), "{error}");
}

#[tokio::test]
async fn a_submission_is_made_once_however_often_it_is_sent() {
    let lab = Lab::open().await;
    lab.client.boards().await.unwrap();
    lab.seen();
    lab.faults([
        Fault::Cut(0),
        Fault::Silence,
        Fault::Refuse(ErrorKind::Unavailable, None),
        Fault::Cut(40),
    ]);
    let request = SubmitRequest::default();
    let view = lab.client.submit(&request, "key-1").await.unwrap();
    assert_eq!(lab.seen().len(), 5);
    let other = lab.client.submit(&request, "key-2").await.unwrap();
    assert_ne!(view.summary.id, other.summary.id);
    assert_eq!(lab.known.lock().unwrap().keys.len(), 2);
    assert_eq!(lab.known.lock().unwrap().keys["key-1"], view.summary.id);
}

#[tokio::test]
async fn a_lease_whose_answer_is_lost_is_not_taken_twice() {
    let lab = Lab::open().await;
    lab.faults([Fault::Cut(10)]);
    let error = lab.client.take(&lease()).await.unwrap_err();
    assert!(matches!(error, ClientError::Unreachable { attempts: 1, .. }), "{error:?}");
    assert_eq!(lab.known.lock().unwrap().leases, 1);
    // What was refused was not done.
    lab.faults([Fault::Refuse(ErrorKind::RateLimited, None)]);
    assert_eq!(lab.client.take(&lease()).await.unwrap().generation, 3);
    assert_eq!(lab.known.lock().unwrap().leases, 2);
}

#[tokio::test]
async fn a_server_that_is_started_again_is_found_again() {
    let lab = Lab::open().await;
    lab.client.boards().await.unwrap();
    lab.serving.abort();
    let (address, known) = (lab.address, lab.known.clone());
    // Connections that are open stay so; a new client has none.
    let late = client(&format!("http://{address}"));
    let waiting = async {
        // It has never answered this one, whose patience is short.
        late.boards().await
    };
    let back = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        TcpListener::bind(address).await.unwrap()
    };
    let served = async { serve(back.await, known).await.unwrap() };
    tokio::select! {
        boards = waiting => assert_eq!(boards.unwrap(), []),
        () = served => panic!("it serves until it is dropped"),
    }
}

#[tokio::test]
async fn nobody_there_is_told_soon() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = client(&format!("http://{address}")).boards().await.unwrap_err();
    let ClientError::Unreachable { attempts, .. } = &error else { panic!("{error:?}") };
    assert!(*attempts > 1, "{attempts}");
    assert!(error.to_string().contains("is `filbench serve` running there"), "{error}");
}

#[tokio::test]
async fn the_token_is_shown_to_the_server_and_to_nobody_else() {
    let lab = Lab::open().await;
    lab.client.boards().await.unwrap();
    let sent = lab.known.lock().unwrap().tokens.clone();
    assert_eq!(sent, [Some(format!("Bearer {SECRET}"))]);
    lab.faults([Fault::Refuse(ErrorKind::Unauthenticated, None)]);
    let error = lab.client.boards().await.unwrap_err();
    for text in [format!("{:?}", lab.client), format!("{error}"), format!("{error:?}")] {
        assert!(!text.contains("0123456789"), "{text}");
    }
}
