//! Starts `register`.
fn main() {}
