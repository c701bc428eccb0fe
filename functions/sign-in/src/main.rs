//! Starts `sign-in`.
fn main() {}
