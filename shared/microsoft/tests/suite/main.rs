//! The client against servers on loopback that answer as they are told.

mod calls;
mod id_tokens;
mod loopback;
mod microsoft_examples;
mod refusals;
mod tokens;
mod trust;
