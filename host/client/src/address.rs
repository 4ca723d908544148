//! A server's address.

use crate::ClientError;
use reqwest::Url;

/// Where a server is; paths are added to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address(Url);

impl Address {
    pub(crate) fn parse(text: &str) -> Result<Self, ClientError> {
        // Never repeat a password.
        let shown = if text.contains('@') { "…@…" } else { text };
        let wrong = |why: &str| ClientError::Address { address: shown.into(), why: why.into() };
        let mut url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong("it does not begin with http:// or https://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("a secret does not belong there, but into FILBENCH_TOKEN"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("it has a `?` or a `#`"));
        }
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Ok(Self(url))
    }

    /// The address of `parts` below it.
    pub(crate) fn of(&self, parts: &[&str], query: &[(&str, String)]) -> Url {
        let mut url = self.0.clone();
        url.path_segments_mut()
            .expect("addresses with http have paths")
            .pop_if_empty()
            .extend(parts);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it is this machine, where no proxy is asked.
    pub(crate) fn is_loopback(&self) -> bool {
        match self.0.host_str() {
            Some("localhost") => true,
            Some(host) => {
                let host = host.trim_start_matches('[').trim_end_matches(']');
                host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_added_and_escaped() {
        for base in ["http://lab:8470/farm", "http://lab:8470/farm/"] {
            let address = Address::parse(base).unwrap();
            let url = address.of(&["v1", "boards", "a/b"], &[("max", "1 &".into())]);
            assert_eq!(url.as_str(), "http://lab:8470/farm/v1/boards/a%2Fb?max=1+%26");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_its_secrets() {
        for text in ["lab:8470", "127.0.0.1:8470", "", "ftp://x", "http://x/?a", "http://"] {
            let error = Address::parse(text).unwrap_err().to_string();
            assert!(error.contains("http://127.0.0.1:8470"), "{text}: {error}");
        }
        let error = Address::parse("http://u:fb_secret@lab").unwrap_err().to_string();
        assert!(error.contains("FILBENCH_TOKEN") && !error.contains("fb_secret"), "{error}");
    }

    #[test]
    fn this_machine_is_known() {
        let is = |text| Address::parse(text).unwrap().is_loopback();
        assert!(is("http://localhost:1") && is("http://127.0.0.9") && is("http://[::1]:80"));
        assert!(!is("http://lab") && !is("http://10.0.0.1"));
    }
}
