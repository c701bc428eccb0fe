//! Starts `add-administrator`.
fn main() {}
