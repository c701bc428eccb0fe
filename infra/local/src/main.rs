//! The one-machine stack's command line.
fn main() {}
