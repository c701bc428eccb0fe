//! Starts `associate-credentials`.
fn main() {}
