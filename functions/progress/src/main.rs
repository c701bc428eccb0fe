//! Starts `progress`.
fn main() {}
