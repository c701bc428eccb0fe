//! Starts `map-directory`.
fn main() {}
