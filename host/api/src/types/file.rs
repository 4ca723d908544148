use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A file that a client sends: in JSON `contents` where it is text, else
/// `contents_base64`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Fields", into = "Fields")]
pub struct SentFile {
    /// Relative, with `/` between folders.
    pub name: String,
    /// Any bytes.
    pub contents: Vec<u8>,
}

impl SentFile {
    /// A file of these bytes.
    pub fn new(name: impl Into<String>, contents: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), contents: contents.into() }
    }
}

/// A file: its name, and either `contents` or `contents_base64`. One that is called
/// `….tar`, `….tar.gz`, `….tgz` or `….zip` is unpacked.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Fields {
    /// Relative, with `/` between folders.
    #[schema(example = "top.sv")]
    name: String,
    /// Text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    contents: Option<String>,
    /// Any bytes, in base 64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    contents_base64: Option<String>,
}

impl TryFrom<Fields> for SentFile {
    type Error = String;

    fn try_from(fields: Fields) -> Result<Self, String> {
        let Fields { name, contents, contents_base64 } = fields;
        let contents = match (contents, contents_base64) {
            (Some(text), None) => text.into_bytes(),
            (None, Some(base64)) => STANDARD
                .decode(base64)
                .map_err(|error| format!("the `contents_base64` of `{name}` is none: {error}"))?,
            (None, None) => {
                return Err(format!("`{name}` has neither `contents` nor `contents_base64`"));
            }
            (Some(_), Some(_)) => {
                return Err(format!("`{name}` has `contents` and `contents_base64`; send one"));
            }
        };
        Ok(Self { name, contents })
    }
}

impl From<SentFile> for Fields {
    fn from(file: SentFile) -> Self {
        let (contents, contents_base64) = match String::from_utf8(file.contents) {
            Ok(text) => (Some(text), None),
            Err(error) => (None, Some(STANDARD.encode(error.as_bytes()))),
        };
        Self { name: file.name, contents, contents_base64 }
    }
}

super::described_by!(SentFile, Fields);

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{from_value, json, to_value};

    #[test]
    fn contents_come_in_one_of_two_forms() {
        for (bytes, form) in [(&b"module"[..], "contents"), (b"\xff\0", "contents_base64")] {
            let file = SentFile::new("a.v", bytes);
            let json = to_value(&file).unwrap();
            assert!(json[form].is_string(), "{json}");
            assert_eq!(json.as_object().unwrap().len(), 2);
            assert_eq!(from_value::<SentFile>(json).unwrap(), file);
        }
        for wrong in [
            json!({"name": "a"}),
            json!({"name": "a", "contents": "", "contents_base64": ""}),
            json!({"name": "a", "contents_base64": "?"}),
            json!({"name": "a", "contents": "", "mode": 7}),
        ] {
            assert!(from_value::<SentFile>(wrong).is_err());
        }
    }
}
