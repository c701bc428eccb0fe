//! The integration tests: the whole product as it is deployed, with people who use its pages, against the simulated Microsoft cloud.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a test names the values that it is about; the product decides on all"
)]

mod afterwards;
mod bad_input;
mod cancel;
mod choosing;
mod crashes;
mod events;
mod impact;
mod inert;
mod journeys;
mod operators;
mod pages;
mod permissions;
mod races;
mod reading;
mod results;
mod secrets;
mod sign_in;
mod starts;
mod states;
mod stopped;
mod structure;
mod threats;
mod upkeep;
mod waits;
mod world;
