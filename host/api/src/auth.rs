//! Who asks.

use crate::config::WithoutToken;
use crate::error::{ApiError, ErrorKind};
use crate::state::Api;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri, header};
use axum_extra::headers::authorization::{Authorization, Basic, Bearer};
use axum_extra::headers::{HeaderMapExt as _, Host};
use filbench_store::{Reader, Scope, TokenRow};
use std::marker::PhantomData;
use std::net::IpAddr;
use std::sync::atomic::Ordering;

/// Who everybody is before there is a token.
pub const LOCAL: &str = "local";

const HOW: &str = "`Authorization: Bearer fb_…` with a token that `filbench token create` made";

/// Whoever sent a request.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// Whose what they submit is.
    pub(crate) owner: String,
    /// Absent before there is one.
    pub(crate) token: Option<TokenRow>,
}

impl Caller {
    pub(crate) fn scopes(&self) -> &[Scope] {
        self.token.as_ref().map_or(&Scope::ALL, |token| &token.scopes)
    }

    pub(crate) fn may(&self, scope: Scope) -> bool {
        self.token.as_ref().is_none_or(|token| token.allows(scope))
    }

    /// What they see of what is stored.
    pub(crate) fn reader(&self) -> Reader {
        if self.may(Scope::Admin) { Reader::All } else { Reader::Owner(self.owner.clone()) }
    }

    /// Whether they may change what belongs to `owner`.
    pub(crate) fn may_change(&self, owner: &str) -> bool {
        self.owner == owner || self.may(Scope::Admin)
    }
}

impl Api {
    /// Finds out who sent a request with these headers. **The body is read only after
    /// that.**
    pub(crate) async fn caller(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<Caller, ApiError> {
        let secret = secret(headers)?;
        refuse_other_sites(method, uri, headers)?;
        let Some(secret) = secret else {
            if self.is_open().await? {
                refuse_other_names(uri, headers)?;
                return Ok(Caller { owner: LOCAL.to_owned(), token: None });
            }
            return Err(unauthenticated("this needs a token"));
        };
        match self.store().verify_token(&secret).await? {
            Some(token) => Ok(Caller { owner: token.id.as_str().to_owned(), token: Some(token) }),
            None => Err(unauthenticated("the token is not known here, has expired or was revoked")),
        }
    }

    /// Whether everybody is [`LOCAL`].
    pub(crate) async fn is_open(&self) -> Result<bool, ApiError> {
        if self.config.without_token == WithoutToken::Refused
            || self.has_tokens.load(Ordering::Relaxed)
        {
            return Ok(false);
        }
        let has_tokens = self.store().has_tokens().await?;
        self.has_tokens.store(has_tokens, Ordering::Relaxed);
        Ok(!has_tokens)
    }
}

/// The token in the headers: a program's, or the password that a person typed.
fn secret(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    if !headers.contains_key(header::AUTHORIZATION) {
        return Ok(None);
    }
    if let Some(Authorization(bearer)) = headers.typed_get::<Authorization<Bearer>>() {
        return Ok(Some(bearer.token().to_owned()));
    }
    match headers.typed_get::<Authorization<Basic>>() {
        Some(Authorization(basic)) => Ok(Some(basic.password().to_owned())),
        None => Err(unauthenticated("the `Authorization` header cannot be read")),
    }
}

fn unauthenticated(detail: &str) -> ApiError {
    ApiError::new(ErrorKind::Unauthenticated, detail).accepting(HOW)
}

/// A browser adds a person's password, or its being on this host, to what any page sends.
fn refuse_other_sites(method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
    if method.is_safe() {
        return Ok(());
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let site = origin.to_str().ok().and_then(|text| text.parse::<Uri>().ok());
    let host = host(uri, headers);
    if site.as_ref().and_then(Uri::authority).map(|a| a.as_str()) == host.as_deref() {
        return Ok(());
    }
    Err(ApiError::new(ErrorKind::Forbidden, "the request comes from another site's page")
        .accepting("requests without an `Origin` header, or from this server's own pages"))
}

/// Somebody else's name for this host would let their page read what is here.
fn refuse_other_names(uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(host) = host(uri, headers) else { return Ok(()) };
    let name = host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok());
    let name = name.map_or(host.as_str(), |(name, _)| name);
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    if name == "localhost" || address.is_ok_and(|address| address.is_loopback()) {
        return Ok(());
    }
    Err(unauthenticated("without a token only this host is served, under its own name")
        .accepting(format!("`localhost` or `127.0.0.1` as the host, or {HOW}")))
}

/// `NAME:PORT`, as the client has it.
fn host(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    match headers.typed_get::<Host>() {
        Some(host) => Some(host.to_string()),
        None => uri.authority().map(|authority| authority.as_str().to_owned()),
    }
}

/// A scope that a route demands.
pub(crate) trait Demand: Send + Sync {
    /// Which.
    const SCOPE: Scope;
}

macro_rules! demand {
    ($($name:ident),*) => {
        $(
            #[derive(Debug)]
            pub(crate) struct $name;

            impl Demand for $name {
                const SCOPE: Scope = Scope::$name;
            }
        )*
    };
}

demand!(Submit, Read, Operate, Admin);

/// A caller with the scope `S`.
pub(crate) struct By<S>(pub(crate) Caller, PhantomData<S>);

impl<S: Demand> FromRequestParts<Api> for By<S> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, ApiError> {
        let caller = known(parts)?;
        if caller.may(S::SCOPE) {
            return Ok(Self(caller, PhantomData));
        }
        let has: Vec<&str> = caller.scopes().iter().map(|scope| scope.name()).collect();
        Err(ApiError::new(
            ErrorKind::Forbidden,
            format!("the token has the scopes {}; this needs {}", has.join(", "), S::SCOPE),
        )
        .accepting(format!("a token with the scope {}", S::SCOPE)))
    }
}

impl FromRequestParts<Api> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, ApiError> {
        known(parts)
    }
}

fn known(parts: &Parts) -> Result<Caller, ApiError> {
    // Whoever is not known does not get as far as to a handler.
    parts.extensions.get::<Caller>().cloned().ok_or_else(|| unauthenticated("this needs a token"))
}
