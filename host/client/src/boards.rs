//! Boards, leases, and a leased board's bitstream and UART.

use crate::client::Answer;
use crate::{Client, ClientError};
use bytes::Bytes;
use filbench_api::types::{
    BoardView, ExtendRequest, LeaseId, LeaseRequest, LeaseView, MeView, Page, UART_CLOSED,
    UART_FROM, UART_LOST, UART_NEXT,
};
use reqwest::Method;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A lease as commands name it: `lease_…@GENERATION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseRef {
    /// The lease.
    pub id: LeaseId,
    /// Of the board; a stale one is refused.
    pub generation: i64,
}

impl LeaseRef {
    /// That of a lease.
    pub fn of(lease: &LeaseView) -> Self {
        Self { id: lease.id.clone(), generation: lease.generation }
    }
}

impl fmt::Display for LeaseRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.id, self.generation)
    }
}

/// A text that names no lease.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no lease; write it as `filbench lease take` printed it: `lease_…@7`")]
pub struct LeaseRefError(String);

impl FromStr for LeaseRef {
    type Err = LeaseRefError;

    fn from_str(text: &str) -> Result<Self, LeaseRefError> {
        text.split_once('@')
            .and_then(|(id, generation)| {
                Some(Self { id: id.parse().ok()?, generation: generation.parse().ok()? })
            })
            .ok_or_else(|| LeaseRefError(text.to_owned()))
    }
}

/// What a board sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UartRead {
    /// In the order of coming.
    pub bytes: Bytes,
    /// Where to go on.
    pub next: u64,
    /// Bytes before these that are not kept any more.
    pub lost: u64,
    /// Whether nothing more can come.
    pub is_closed: bool,
}

impl Client {
    /// Who the client is to the server, and what it may do.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn me(&self) -> Result<MeView, ClientError> {
        self.send(&self.get(&["v1", "me"], &[])).await?.json()
    }

    /// The boards.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn boards(&self) -> Result<Vec<BoardView>, ClientError> {
        let page: Page<BoardView> = self.send(&self.get(&["v1", "boards"], &[])).await?.json()?;
        Ok(page.items)
    }

    /// Leases a board. An answer that is lost costs a lease, which ends by itself.
    ///
    /// # Errors
    /// When no board becomes free, or the server does not answer.
    pub async fn take(&self, request: &LeaseRequest) -> Result<LeaseView, ClientError> {
        let call = self.call(Method::POST, &["v1", "leases"], &[]).json(request)?;
        self.send(&call).await?.json()
    }

    /// A lease.
    ///
    /// # Errors
    /// When there is none, or the server does not answer.
    pub async fn lease(&self, id: &LeaseId) -> Result<LeaseView, ClientError> {
        self.send(&self.get(&["v1", "leases", id.as_str()], &[])).await?.json()
    }

    /// Gives a lease so much time from now.
    ///
    /// # Errors
    /// When it is over, or the server does not answer.
    pub async fn extend(
        &self,
        lease: &LeaseRef,
        ttl_s: Option<u64>,
    ) -> Result<LeaseView, ClientError> {
        let request = ExtendRequest { generation: lease.generation, ttl_s };
        let call = self
            .call(Method::POST, &["v1", "leases", lease.id.as_str(), "extend"], &[])
            .json(&request)?
            .idempotent();
        self.send(&call).await?.json()
    }

    /// Gives the board back.
    ///
    /// # Errors
    /// When there is no such lease, or the server does not answer.
    pub async fn release(&self, id: &LeaseId) -> Result<LeaseView, ClientError> {
        self.send(&self.call(Method::DELETE, &["v1", "leases", id.as_str()], &[])).await?.json()
    }

    /// Loads a bitstream into the leased board.
    ///
    /// # Errors
    /// When the lease is over, the board fails, or the server does not answer.
    pub async fn program(
        &self,
        lease: &LeaseRef,
        bitstream: Bytes,
    ) -> Result<LeaseView, ClientError> {
        let query = [("generation", lease.generation.to_string())];
        let call = self
            .call(Method::PUT, &["v1", "leases", lease.id.as_str(), "bitstream"], &query)
            .bytes(bitstream)
            .idempotent();
        self.send(&call).await?.json()
    }

    /// The bytes that the board sent, from number `from` on; where there are none yet, waits
    /// so long for some.
    ///
    /// # Errors
    /// When the lease is over, nothing was loaded, or the server does not answer.
    pub async fn uart_read(
        &self,
        lease: &LeaseRef,
        from: u64,
        wait: Duration,
    ) -> Result<UartRead, ClientError> {
        let query = [
            ("generation", lease.generation.to_string()),
            ("from", from.to_string()),
            ("wait_ms", wait.as_millis().to_string()),
        ];
        let call = self.get(&["v1", "leases", lease.id.as_str(), "uart"], &query);
        let answer = self.send(&call).await?;
        let first = number(&answer, UART_FROM).unwrap_or(from);
        let next = number(&answer, UART_NEXT).unwrap_or(first + answer.body.len() as u64);
        let is_closed = text(&answer, UART_CLOSED) == Some("true");
        let lost = number(&answer, UART_LOST).unwrap_or(0);
        Ok(UartRead { bytes: answer.body, next, lost, is_closed })
    }

    /// Sends bytes to the board. Not made again where the server may have sent them on.
    ///
    /// # Errors
    /// When the lease is over, nothing was loaded, or the server does not answer.
    pub async fn uart_write(&self, lease: &LeaseRef, bytes: Bytes) -> Result<(), ClientError> {
        let query = [("generation", lease.generation.to_string())];
        let call = self
            .call(Method::POST, &["v1", "leases", lease.id.as_str(), "uart"], &query)
            .bytes(bytes);
        self.send(&call).await.map(drop)
    }
}

fn text<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.get(name)?.to_str().ok()
}

fn number(answer: &Answer, name: &str) -> Option<u64> {
    text(answer, name)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_named_with_its_generation() {
        let text = "lease_01ARZ3NDEKTSV4RRFFQ69G5FAV@7";
        let lease: LeaseRef = text.parse().unwrap();
        assert_eq!((lease.generation, lease.to_string().as_str()), (7, text));
        for wrong in ["", "lease_01ARZ3NDEKTSV4RRFFQ69G5FAV", "lease_x@7", "lease_@"] {
            assert!(wrong.parse::<LeaseRef>().is_err(), "{wrong}");
        }
    }
}
