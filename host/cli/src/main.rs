//! The filbench command.
fn main() {}
