//! A simulated Microsoft cloud on loopback, as strict as Microsoft and in its words.

mod arm;
mod clock;
mod connection;
mod control;
mod entra;
mod faults;
mod graph;
mod http;
mod keys;
mod knobs;
mod ledger;
mod partner_center;
mod random;
mod scenario;
mod server;
mod traffic;
mod world;

pub use scenario::*;
pub use server::{Handle, Options, SimulatedMicrosoft};
