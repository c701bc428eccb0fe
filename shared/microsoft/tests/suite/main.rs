//! The client against servers on loopback that answer as they are told.
//!
//! The modules are marked as tests one by one, so that clippy's allowances for tests reach the functions between them too.

#[cfg(test)]
mod access;
#[cfg(test)]
mod calls;
#[cfg(test)]
mod id_tokens;
#[cfg(test)]
mod loopback;
#[cfg(test)]
mod microsoft_examples;
#[cfg(test)]
mod principals;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod simulator;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod trust;
