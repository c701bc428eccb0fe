//! Starts `use-existing-directory`.
fn main() {}
