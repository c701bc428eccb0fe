//! The integration tests: the whole product as it is deployed, with people who use its pages, against the simulated Microsoft cloud.

mod journeys;
mod world;
