//! Who may do what, and who sees what.

use crate::common::{Lab, by, request, submission, with, with_json};
use axum::http::{Method, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use filbench_api::ErrorKind;
use filbench_api::types::{MeView, NewTokenView, Page, Scope, SubmissionView, TokenView};
use filbench_daemon::testing::ARTIFACT;
use filbench_store::{NewToken, TokenId};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn before_there_is_a_token_everybody_on_this_host_is_local() {
    let lab = Lab::new().await;
    let me: MeView = lab.get("/v1/me").await.good().json();
    assert_eq!((me.owner.as_str(), me.token), ("local", None));
    assert_eq!(me.scopes, Scope::ALL);
    assert_eq!(me.limits.batch, 2048);
    // A name of somebody else's that leads here, and another site's page.
    let foreign = with("host", "evil.example", request(Method::GET, "/v1/me"));
    lab.ask(foreign).await.refused(ErrorKind::Unauthenticated);
    let page = with_json(Method::POST, "/v1/submissions", &submission(&["x"]));
    lab.ask(with("origin", "http://evil.example", page)).await.refused(ErrorKind::Forbidden);
    lab.is_untouched().await;
    let own = with_json(Method::POST, "/v1/submissions", &submission(&["x"]));
    lab.ask(with("origin", "http://localhost:8470", own)).await.good();
    for host in ["127.0.0.1:1", "[::1]:1", "localhost"] {
        lab.ask(with("host", host, request(Method::GET, "/v1/me"))).await.good();
    }

    let token = lab.token(&[Scope::Read]).await;
    let details = lab.get("/v1/me").await.refused(ErrorKind::Unauthenticated);
    assert!(details.accepted.unwrap().contains("filbench token create"));
    let me: MeView = lab.ask(by(&token, request(Method::GET, "/v1/me"))).await.good().json();
    assert_eq!((me.scopes, me.name.as_deref()), (vec![Scope::Read], Some("t")));
}

#[tokio::test]
async fn only_a_good_token_lets_in() {
    let lab = Lab::new().await;
    let in_a_minute = Some(lab.store().now_ms() + 60_000);
    let new = NewToken { name: "t".into(), scopes: vec![Scope::Read], expires_ms: in_a_minute };
    let (row, token) = lab.store().create_token(&new).await.unwrap();
    let me = || request(Method::GET, "/v1/me");
    lab.ask(by(&token, me())).await.good();
    let password = format!("Basic {}", STANDARD.encode(format!("me:{token}")));
    lab.ask(with("authorization", &password, me())).await.good();

    for wrong in ["Bearer fb_unknown", "Bearer x", "Bearer", "Basic ?", "Digest x", "x"] {
        let answer = lab.ask(with("authorization", wrong, me())).await;
        answer.refused(ErrorKind::Unauthenticated);
        assert!(answer.headers.contains_key(header::WWW_AUTHENTICATE));
    }
    lab.clock.forward(Duration::from_secs(61));
    lab.ask(by(&token, me())).await.refused(ErrorKind::Unauthenticated);
    let other = lab.token(&[Scope::Read]).await;
    lab.ask(by(&other, me())).await.good();
    for token in lab.store().tokens().await.unwrap() {
        lab.store().revoke_token(&token.id).await.unwrap();
    }
    assert_ne!(row.id, lab.store().tokens().await.unwrap()[1].id);
    lab.ask(by(&other, me())).await.refused(ErrorKind::Unauthenticated);
    // The last token's end does not open the door.
    lab.get("/v1/me").await.refused(ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn each_route_asks_for_its_scope() {
    let lab = Lab::new().await;
    let mut tokens = Vec::new();
    for scope in Scope::ALL {
        tokens.push((scope, lab.token(&[scope]).await));
    }
    let empty = json!({});
    for (method, path, demanded) in [
        (Method::POST, "/v1/submissions", Scope::Submit),
        (Method::GET, "/v1/submissions", Scope::Read),
        (Method::GET, "/v1/evaluations", Scope::Read),
        (Method::GET, "/v1/boards", Scope::Read),
        (Method::GET, "/v1/suites", Scope::Read),
        (Method::GET, "/metrics", Scope::Read),
        (Method::GET, "/", Scope::Read),
        (Method::POST, "/v1/boards/b1/quarantine", Scope::Operate),
        (Method::POST, "/v1/boards/b9/test", Scope::Operate),
        (Method::POST, "/v1/leases", Scope::Operate),
        (Method::GET, "/v1/leases", Scope::Operate),
        (Method::GET, "/v1/tokens", Scope::Admin),
        (Method::POST, "/v1/tokens", Scope::Admin),
    ] {
        for (scope, token) in &tokens {
            let answer = lab.ask(by(token, with_json(method.clone(), path, &empty))).await;
            if *scope == demanded || *scope == Scope::Admin {
                assert_ne!(answer.status, 403, "{method} {path} by {scope}");
                assert_ne!(answer.status, 401, "{method} {path} by {scope}");
            } else {
                let details = answer.refused(ErrorKind::Forbidden);
                assert!(details.detail.contains(demanded.name()), "{details:?}");
            }
        }
        lab.ask(with_json(method, path, &empty)).await.refused(ErrorKind::Unauthenticated);
    }
    for path in ["/healthz", "/readyz", "/docs", "/docs/openapi.json", "/v1/openapi.json"] {
        lab.get(path).await.good();
    }
}

#[tokio::test]
async fn what_is_somebody_elses_is_not_there() {
    let lab = Lab::new().await;
    let scopes = [Scope::Submit, Scope::Read];
    let (alice, bob) = (lab.token(&scopes).await, lab.token(&scopes).await);
    let admin = lab.token(&[Scope::Admin]).await;
    let post = |body: &Value| with_json(Method::POST, "/v1/submissions", body);
    let own: SubmissionView = lab.ask(by(&alice, post(&submission(&["x"])))).await.good().json();
    let mut shared = submission(&["y"]);
    shared["shared"] = true.into();
    let shared: SubmissionView = lab.ask(by(&alice, post(&shared))).await.good().json();
    let (own_id, shared_id) = (&own.evaluations[0], &shared.evaluations[0]);
    lab.ended(own_id).await;
    lab.ended(shared_id).await;

    let paths = |submission: &SubmissionView| {
        let (s, e) = (&submission.summary.id, &submission.evaluations[0]);
        [
            format!("/v1/submissions/{s}"),
            format!("/v1/submissions/{s}/evaluations"),
            format!("/v1/submissions/{s}/results"),
            format!("/v1/submissions/{s}/events"),
            format!("/v1/evaluations/{e}"),
            format!("/v1/evaluations/{e}/report"),
            format!("/v1/evaluations/{e}/events"),
            format!("/v1/evaluations/{e}/artifacts"),
            format!("/v1/evaluations/{e}/artifacts/{ARTIFACT}"),
        ]
    };
    let get = |path: &str| request(Method::GET, path);
    for path in paths(&own) {
        let answer = lab.ask(by(&bob, get(&path))).await;
        let details = answer.refused(ErrorKind::NotFound);
        // The same words as for what never was.
        let never = path.replace(own_id.as_str(), "eval_01ARZ3NDEKTSV4RRFFQ69G5FAV");
        let never = never.replace(own.summary.id.as_str(), "sub_01ARZ3NDEKTSV4RRFFQ69G5FAV");
        let other = lab.ask(by(&bob, get(&never))).await.refused(ErrorKind::NotFound);
        assert_eq!(details.detail.split('`').next(), other.detail.split('`').next());
        lab.ask(by(&alice, get(&path))).await.good();
        lab.ask(by(&admin, get(&path))).await.good();
    }
    for path in paths(&shared) {
        lab.ask(by(&bob, get(&path))).await.good();
    }
    let path = format!("/v1/submissions/{}", own.summary.id);
    lab.ask(by(&bob, request(Method::DELETE, &path))).await.refused(ErrorKind::NotFound);
    let path = format!("/v1/evaluations/{shared_id}");
    lab.ask(by(&bob, request(Method::DELETE, &path))).await.refused(ErrorKind::Forbidden);
    let seen = |answer: crate::common::Answer| answer.good().json::<Page<Value>>().items.len();
    for (token, count) in [(&alice, 2), (&bob, 1), (&admin, 2)] {
        assert_eq!(seen(lab.ask(by(token, get("/v1/submissions"))).await), count);
        assert_eq!(seen(lab.ask(by(token, get("/v1/evaluations"))).await), count);
    }
    let page = lab.ask(by(&bob, get("/"))).await.good().text();
    assert!(page.contains(shared_id.as_str()) && !page.contains(own_id.as_str()));
}

#[tokio::test]
async fn tokens_are_made_listed_and_revoked() {
    let lab = Lab::new().await;
    let ask = json!({"name": "ci", "scopes": ["submit", "admin"], "expires_in_s": 60});
    let made = lab.ask(with_json(Method::POST, "/v1/tokens", &ask)).await;
    assert_eq!(made.status, 201);
    let made: NewTokenView = made.json();
    assert_eq!(made.token.expires_ms, Some(lab.store().now_ms() + 60_000));
    assert!(!format!("{made:?}").contains(&made.secret));
    let get = || by(&made.secret, request(Method::GET, "/v1/tokens"));
    let listed = lab.ask(get()).await.good();
    assert!(!listed.text().contains(&made.secret));
    assert_eq!(listed.json::<Page<TokenView>>().items, std::slice::from_ref(&made.token));
    for wrong in [
        json!({"name": "", "scopes": ["read"]}),
        json!({"name": "x", "scopes": []}),
        json!({"name": "x", "scopes": ["root"]}),
        json!({"name": "x", "scopes": ["read"], "expires_in_s": 0}),
        json!({"name": "x", "scopes": ["read"], "expires_in_s": u64::MAX}),
        json!({"name": "x", "scopes": ["read"], "secret": "mine"}),
    ] {
        let post = by(&made.secret, with_json(Method::POST, "/v1/tokens", &wrong));
        lab.ask(post).await.refused(ErrorKind::Invalid);
    }
    let delete =
        |id: &TokenId| by(&made.secret, request(Method::DELETE, &format!("/v1/tokens/{id}")));
    lab.ask(delete(&TokenId::new())).await.refused(ErrorKind::NotFound);
    let revoked: TokenView = lab.ask(delete(&made.token.id)).await.good().json();
    assert_eq!(revoked.revoked_ms, Some(lab.store().now_ms()));
    lab.ask(get()).await.refused(ErrorKind::Unauthenticated);
}
