//! A simulated Microsoft cloud on loopback, as strict as Microsoft and in its words.

mod connection;
mod scenario;
mod server;
mod traffic;

pub use scenario::*;
pub use server::{Handle, Options, SimulatedMicrosoft};
