//! What moving a subscription to another directory does to it, and what must be true before it is done.
//!
//! [`preflight`]: can it be moved, and who must change what first. [`report`]: what stops, what must be redone, what can't come
//! back, built from the [`catalogue`] of Microsoft's own table. [`confirmation`]: a person's word, bound to all of it. [`proof`]: that
//! it is done. [`to_do`]: what is left for people, and [`feedback`]: how it went for them. Pure: no I/O, no clock, no randomness.

pub mod catalogue;
pub mod confirmation;
pub mod evidence;
pub mod feedback;
pub mod preflight;
pub mod proof;
pub mod report;
pub mod to_do;
