//! What comes over a socket and is no request.

use crate::common::Lab;
use filbench_api::ApiLimits;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

async fn server(lab: &Lab, limits: ApiLimits) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let router = lab.router.clone();
    let served = tokio::spawn(async move {
        let stopped = async { stopped.await.unwrap_or(()) };
        filbench_api::serve(listener, router, &limits, stopped).await;
    });
    Server { address, stop, served }
}

/// Sends bytes, and reads until the other side ends.
async fn talk(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // It may be refused while it is being sent.
    stream.write_all(bytes).await.ok();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok();
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> &str {
    answer.split_whitespace().nth(1).unwrap_or("")
}

#[tokio::test]
async fn headers_have_bounds_and_a_deadline() {
    let lab = Lab::new().await;
    let limits = ApiLimits { header_s: 1, header_bytes: 16 << 10, ..ApiLimits::default() };
    let server = server(&lab, limits).await;
    let good = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(status(&talk(server.address, good.as_bytes()).await), "200");
    let huge =
        format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(1 << 20));
    assert_eq!(status(&talk(server.address, huge.as_bytes()).await), "431");
    let many = format!("GET /healthz HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(5000));
    assert_eq!(status(&talk(server.address, many.as_bytes()).await), "431");
    assert_eq!(status(&talk(server.address, b"\0\x01\x02 nothing\r\n\r\n").await), "400");
    // Headers that stop coming: the connection ends by itself.
    let slow = talk(server.address, b"GET /healthz HTTP/1.1\r\nHost: loc");
    let slow = tokio::time::timeout(Duration::from_secs(20), slow).await.unwrap();
    assert!(["", "408"].contains(&status(&slow)), "{slow}");
    assert_eq!(status(&talk(server.address, good.as_bytes()).await), "200");
}

#[tokio::test]
async fn a_body_that_breaks_off_leaves_nothing() {
    let lab = Lab::new().await;
    let server = server(&lab, ApiLimits::default()).await;
    let body = crate::common::submission(&["x"]).to_string();
    let head = format!(
        "POST /v1/submissions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body.as_bytes()[..body.len() / 2]).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok();
    assert!(!String::from_utf8_lossy(&answer).contains("201"));
    lab.is_untouched().await;
    let whole = talk(server.address, format!("{head}{body}").as_bytes()).await;
    assert_eq!(status(&whole), "201", "{whole}");
}

#[tokio::test]
async fn a_server_that_ends_answers_what_is_under_way() {
    let lab = Lab::new().await;
    let view = lab.submit(&["wait"]).await;
    let server = server(&lab, ApiLimits::default()).await;
    let path = format!("/v1/evaluations/{}/events", view.evaluations[0]);
    let get = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let address = server.address;
    let told = tokio::spawn(async move { talk(address, get.as_bytes()).await });
    lab.until(&view.evaluations[0], "started").await;
    lab.daemon.drain(Duration::ZERO).await;
    server.stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(20), server.served).await.unwrap().unwrap();
    let told = told.await.unwrap();
    assert_eq!(status(&told), "200");
    assert!(told.contains("event: requeued"), "{told}");
    assert!(TcpStream::connect(address).await.is_err());
}
