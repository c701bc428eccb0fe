//! Starts `release`.
fn main() {}
