//! Starts `assess-impact`.
fn main() {}
