//! The API, to be read.

use super::{page, schema};
use crate::error::ErrorKind;
use crate::openapi::openapi;
use crate::state::Api;
use axum::Json;
use axum::response::Html;
use maud::{Markup, html};
use serde_json::Value;
use std::sync::LazyLock;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

static OPENAPI: LazyLock<OpenApi> = LazyLock::new(openapi);
static PAGE: LazyLock<String> = LazyLock::new(|| {
    let api = serde_json::to_value(&*OPENAPI).expect("a description is plain JSON");
    page("filbench: the API", content(&api)).into_string()
});

/// The description and its page.
pub(crate) fn docs() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(html)).routes(routes!(json)).routes(routes!(json_beside))
}

/// This page
#[utoipa::path(
    get, path = "/docs", operation_id = "docs", tag = "pages", security(()),
    responses((status = 200, description = "A page", body = String, content_type = "text/html"))
)]
async fn html() -> Html<&'static str> {
    Html(&PAGE)
}

/// This description, as OpenAPI 3.1
#[utoipa::path(
    get, path = "/v1/openapi.json", operation_id = "openapi", tag = "pages", security(()),
    responses((status = 200, description = "OpenAPI", body = Object))
)]
async fn json() -> Json<&'static OpenApi> {
    Json(&OPENAPI)
}

/// The same beside its page
#[utoipa::path(
    get, path = "/docs/openapi.json", operation_id = "openapi_of_docs", tag = "pages", security(()),
    responses((status = 200, description = "OpenAPI", body = Object))
)]
async fn json_beside() -> Json<&'static OpenApi> {
    Json(&OPENAPI)
}

fn content(api: &Value) -> Markup {
    let info = &api["info"];
    html! {
        h1 { "filbench: the API" }
        p { (text(&info["description"])) }
        p {
            "Send " code { "Authorization: Bearer fb_…" } "; browsers ask for a password, which is "
            "the token. " a href="/docs/openapi.json" { "OpenAPI" } " · "
            a href="#errors" { "errors" } " · " a href="#types" { "types" }
        }
        @for (path, methods) in object(&api["paths"]) {
            @for (method, operation) in object(methods) {
                (route(path, method, operation))
            }
        }
        h2 id="errors" { "Errors" }
        p { "The last part of a problem's " code { "type" } ", and its status." }
        table {
            @for kind in ErrorKind::ALL {
                tr id=(format!("error-{}", kind.name())) {
                    td { code { (kind.name()) } }
                    td { (kind.status().as_u16()) }
                    td { (kind.title()) }
                }
            }
        }
        h2 id="types" { "Types" }
        @for (name, described) in object(&api["components"]["schemas"]) {
            (schema::whole(name, described))
        }
    }
}

fn route(path: &str, method: &str, operation: &Value) -> Markup {
    html! {
        h2 id=(text(&operation["operationId"])) { code { (method.to_uppercase()) " " (path) } }
        p { (text(&operation["summary"])) ". " (text(&operation["description"])) }
        table {
            @for parameter in list(&operation["parameters"]) {
                tr {
                    td { code { (text(&parameter["name"])) } }
                    td { (text(&parameter["in"])) }
                    td { (schema::short(&parameter["schema"])) }
                    td { (text(&parameter["description"])) }
                }
            }
            @for (media, content) in object(&operation["requestBody"]["content"]) {
                tr {
                    td { "body" }
                    td { code { (media) } }
                    td { (schema::short(&content["schema"])) }
                    td { (text(&operation["requestBody"]["description"])) }
                }
            }
            @for (status, response) in object(&operation["responses"]) {
                tr {
                    td { (status) }
                    td { @for (media, _) in object(&response["content"]) { code { (media) } } }
                    td {
                        @for (_, content) in object(&response["content"]) {
                            (schema::short(&content["schema"]))
                        }
                    }
                    td { (text(&response["description"])) }
                }
            }
        }
    }
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub(super) fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

pub(super) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
