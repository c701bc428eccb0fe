//! Starts `signup`.
fn main() {}
