//! Made-up results, and what is made of them.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod figures;
mod html;
mod jsonl;
mod records;
