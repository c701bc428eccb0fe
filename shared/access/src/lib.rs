//! Who may do what in a subscription, before the move and after it.
//!
//! Azure deletes every role assignment and custom role when a subscription changes its directory. This crate holds what is kept
//! of them ([`snapshot`]), who the people, groups and applications in them are ([`principals`]), whom they are in the partner
//! directory and whether that was approved ([`mapping`]), what is to be made again and in what order ([`plan`]), and what a
//! principal may effectively do ([`rights`]): the measure of the whole, since a restore must never give anybody more than they
//! had. Pure: no I/O, no clock, no randomness.

pub mod mapping;
pub mod pages;
pub mod plan;
pub mod principals;
pub mod rights;
pub mod snapshot;
