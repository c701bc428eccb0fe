//! Starts `request-sign-in`.
fn main() {}
