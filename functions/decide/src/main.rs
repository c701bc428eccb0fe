//! Starts `decide`.
fn main() {}
