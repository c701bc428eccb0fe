//! Starts `sweep`.
fn main() {}
