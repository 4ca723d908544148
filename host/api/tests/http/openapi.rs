//! The committed description is that of the code, and of what the code answers.

use serde_json::Value;
use std::path::Path;

const UPDATE: &str = "FILBENCH_UPDATE_OPENAPI";

#[test]
fn the_committed_description_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let mut text = filbench_api::openapi().to_pretty_json().unwrap();
    text.push('\n');
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "run this test with {UPDATE}=1 and look at the difference");
}

#[test]
fn every_route_is_described_with_its_refusals() {
    let api = serde_json::to_value(filbench_api::openapi()).unwrap();
    let mut routes = 0;
    let mut ids = std::collections::BTreeSet::new();
    for (path, methods) in api["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            routes += 1;
            let name = format!("{method} {path}");
            assert!(operation["summary"].is_string(), "{name}");
            assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{name}");
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with('2')), "{name}");
            let is_open = operation["security"] == serde_json::json!([{}]);
            assert_eq!(responses.contains_key("401"), !is_open, "{name}");
            for (status, response) in responses {
                let refusal = status.as_str() >= "400";
                let is_problem = response["content"]["application/problem+json"].is_object();
                assert_eq!(refusal, is_problem, "{name} {status}");
            }
        }
    }
    assert!(routes >= 30, "{routes}");
    // What is referred to is there.
    let text = api.to_string();
    for part in text.split("\"#/components/schemas/").skip(1) {
        let name = part.split('"').next().unwrap();
        assert_ne!(api["components"]["schemas"][name], Value::Null, "{name}");
    }
}
