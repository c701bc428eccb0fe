//! Starts `confirm-changes`.
fn main() {}
