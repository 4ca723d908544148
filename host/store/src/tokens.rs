//! Bearer tokens. The secret is shown once, when the token is made; its hash is kept.
//!
//! A secret is 32 random bytes, so a plain hash does: nobody guesses it.

use crate::error::{Result, StoreError};
use crate::{Store, TokenId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use std::fmt;
use std::str::FromStr;

/// What secrets begin with, so that leaks are found.
const PREFIX: &str = "fb_";

/// What a token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Submit, and cancel one's own.
    Submit,
    /// Read one's own, and what is shared.
    Read,
    /// Lease boards, and look after them.
    Operate,
    /// Everything, others' included.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 4] = [Self::Submit, Self::Read, Self::Operate, Self::Admin];

    /// As JSON and the command line have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Read => "read",
            Self::Operate => "operate",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A word that is no scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no scope; known are submit, read, operate, admin")]
pub struct ScopeError(String);

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.name() == text)
            .ok_or_else(|| ScopeError(text.to_owned()))
    }
}

/// What a new token is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewToken {
    /// For people: who or what has it.
    pub name: String,
    /// What it allows.
    pub scopes: Vec<Scope>,
    /// Good until then; for ever where absent.
    pub expires_ms: Option<i64>,
}

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = TokenView))]
pub struct TokenRow {
    /// What is submitted with it belongs to this name.
    pub id: TokenId,
    /// For people.
    pub name: String,
    /// What it allows.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_ms: i64,
    /// Good until then.
    pub expires_ms: Option<i64>,
    /// Not good since then.
    pub revoked_ms: Option<i64>,
}

impl TokenRow {
    /// Whether it allows `scope`; `admin` allows everything.
    pub fn allows(&self, scope: Scope) -> bool {
        self.scopes.iter().any(|s| [scope, Scope::Admin].contains(s))
    }

    /// Whether it is good at `now_ms`.
    pub fn is_good(&self, now_ms: i64) -> bool {
        self.revoked_ms.is_none() && self.expires_ms.is_none_or(|expires| expires > now_ms)
    }

    fn of(row: &SqliteRow) -> Result<Self> {
        let scopes: String = row.try_get("scopes")?;
        let scope = |text: &str| {
            let damaged = |_| StoreError::Damaged { what: "a scope", text: text.to_owned() };
            text.parse().map_err(damaged)
        };
        Ok(Self {
            id: TokenId::stored(row.try_get("id")?),
            name: row.try_get("name")?,
            scopes: scopes.split_whitespace().map(scope).collect::<Result<_>>()?,
            created_ms: row.try_get("created_ms")?,
            expires_ms: row.try_get("expires_ms")?,
            revoked_ms: row.try_get("revoked_ms")?,
        })
    }
}

impl Store {
    /// Makes a token; the second is its secret, which nobody can find out again.
    ///
    /// # Errors
    /// When the database cannot be written, or the host has no random numbers.
    pub async fn create_token(&self, new: &NewToken) -> Result<(TokenRow, String)> {
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(|error| StoreError::Io {
            action: "read random numbers from",
            path: "the operating system".into(),
            source: std::io::Error::other(error),
        })?;
        let secret = format!("{PREFIX}{}", base62(random));
        let mut scopes = new.scopes.clone();
        scopes.sort();
        scopes.dedup();
        let token = TokenRow {
            id: TokenId::new(),
            name: new.name.clone(),
            scopes,
            created_ms: self.now_ms(),
            expires_ms: new.expires_ms,
            revoked_ms: None,
        };
        let names: Vec<&str> = token.scopes.iter().map(|scope| scope.name()).collect();
        sqlx::query(
            "INSERT INTO tokens (id, name, secret_sha256, scopes, created_ms, expires_ms) \
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(token.id.as_str())
        .bind(&token.name)
        .bind(hash(&secret))
        .bind(names.join(" "))
        .bind(token.created_ms)
        .bind(token.expires_ms)
        .execute(self.writer())
        .await?;
        Ok((token, secret))
    }

    /// The token with this secret, if it is good now.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn verify_token(&self, secret: &str) -> Result<Option<TokenRow>> {
        if !secret.starts_with(PREFIX) {
            return Ok(None);
        }
        let row = sqlx::query("SELECT * FROM tokens WHERE secret_sha256 = ?")
            .bind(hash(secret))
            .fetch_optional(self.read())
            .await?;
        let token = row.as_ref().map(TokenRow::of).transpose()?;
        Ok(token.filter(|token| token.is_good(self.now_ms())))
    }

    /// Whether a token was ever made.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn has_tokens(&self) -> Result<bool> {
        let one = sqlx::query("SELECT 1 FROM tokens LIMIT 1").fetch_optional(self.read()).await?;
        Ok(one.is_some())
    }

    /// Every token that was ever made.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn tokens(&self) -> Result<Vec<TokenRow>> {
        let rows = sqlx::query("SELECT * FROM tokens ORDER BY id").fetch_all(self.read()).await?;
        rows.iter().map(TokenRow::of).collect()
    }

    /// Makes a token worthless, from now on.
    ///
    /// # Errors
    /// When there is none, or the database cannot be written.
    pub async fn revoke_token(&self, id: &TokenId) -> Result<TokenRow> {
        let row = sqlx::query(
            "UPDATE tokens SET revoked_ms = COALESCE(revoked_ms, ?) WHERE id = ? RETURNING *",
        )
        .bind(self.now_ms())
        .bind(id.as_str())
        .fetch_optional(self.writer())
        .await?;
        match row {
            Some(row) => TokenRow::of(&row),
            None => Err(StoreError::Missing { what: "token", id: id.to_string() }),
        }
    }
}

fn hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret))
}

/// 43 digits.
fn base62(mut number: [u8; 32]) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let digit = |number: &mut [u8; 32]| {
        let mut rest = 0;
        for byte in number {
            let value = rest << 8 | u32::from(*byte);
            // Less than 256, since the rest is less than 62.
            *byte = (value / 62) as u8;
            rest = value % 62;
        }
        char::from(DIGITS[rest as usize])
    };
    (0..43).map(|_| digit(&mut number)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_written_in_letters_and_digits() {
        assert_eq!(base62([0; 32]), "0".repeat(43));
        let mut one = [0; 32];
        one[31] = 63;
        assert!(base62(one).starts_with("110"));
        assert_ne!(base62([255; 32]), base62([254; 32]));
    }
}
