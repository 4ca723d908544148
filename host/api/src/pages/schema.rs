//! JSON schemas, as far as they come up here, in words.

use super::docs::{list, object, text};
use maud::{Markup, html};
use serde_json::Value;

/// A named type and what it consists of.
pub(super) fn whole(name: &str, schema: &Value) -> Markup {
    html! {
        h3 id=(format!("type-{name}")) { code { (name) } }
        p { (text(&schema["description"])) " " (short(schema)) }
        (fields(schema))
    }
}

/// Fields, those of parts included.
fn fields(schema: &Value) -> Markup {
    let required: Vec<&str> = list(&schema["required"]).map(text).collect();
    html! {
        @if schema["properties"].is_object() {
            table {
                @for (name, property) in object(&schema["properties"]) {
                    tr {
                        td {
                            code { (name) }
                            @if !required.contains(&name.as_str()) { " (optional)" }
                        }
                        td { (short(property)) }
                        td { (text(&property["description"])) }
                    }
                }
            }
        }
        @for part in parts(schema) { (fields(part)) }
    }
}

/// In a few words, with links to named types.
pub(super) fn short(schema: &Value) -> Markup {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return html! { a href=(format!("#type-{name}")) { code { (name) } } };
    }
    if schema["enum"].is_array() {
        let values: Vec<&str> = list(&schema["enum"]).map(text).collect();
        return html! { code { (values.join(" | ")) } };
    }
    let parts: Vec<&Value> = parts(schema).collect();
    if !parts.is_empty() {
        let between = if schema["allOf"].is_array() { " and " } else { " or " };
        return html! {
            @for (index, part) in parts.iter().enumerate() {
                @if index > 0 { (between) }
                (short(part))
            }
        };
    }
    if schema["items"].is_object() {
        return html! { "list of " (short(&schema["items"])) };
    }
    if schema["additionalProperties"].is_object() {
        return html! { "map to " (short(&schema["additionalProperties"])) };
    }
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(text).collect::<Vec<_>>().join(" or "),
        kind => text(kind).to_owned(),
    };
    html! { (kinds) }
}

fn parts(schema: &Value) -> impl Iterator<Item = &Value> {
    ["allOf", "oneOf", "anyOf"].into_iter().flat_map(|key| list(&schema[key]))
}
