//! End-to-end tests of filbench; see tests/e2e.
