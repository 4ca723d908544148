//! End-to-end tests of filbench; see tests/e2e.

pub mod coverage;
pub mod differential;
pub mod random_design;
