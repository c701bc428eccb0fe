//! The simulated Microsoft cloud, alone.
fn main() {}
