//! Starts `notify`.
fn main() {}
