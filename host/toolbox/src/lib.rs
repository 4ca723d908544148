//! Runs tools on untrusted input in sandboxed workers
