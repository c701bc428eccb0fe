//! The keys of every item.
//!
//! Within an onboarding's partition the sort keys are named so that one range, `CRED#` to the end of `WAIT#`, holds all
//! that a step reads, and the long lists (`ARCHIVE#`, `AUD#`) lie before it.

use onboarding::{Actor, Directory, OnboardingId, Step};

use crate::records::Archive;

/// The onboarding's partition.
#[must_use]
pub fn onboarding(id: &OnboardingId) -> String {
    format!("ONB#{id}")
}

/// The onboarding's own record.
pub const META: &str = "META";
/// First sort key of what a step reads.
pub const STEP_RANGE: (&str, &str) = ("CRED#", "WAIT#~");
/// The same without the sealed credentials: what pages read.
pub const PAGE_RANGE: (&str, &str) = ("META", "WAIT#~");
/// The audit trail.
pub const AUDIT_PREFIX: &str = "AUD#";
/// The mails.
pub const OUTBOX_PREFIX: &str = "OUT#";
/// Sort key of the items that are alone in their partition.
pub const LOCK: &str = "LOCK";

/// What only leads to an onboarding and locks nothing: it stays when the onboarding ends.
pub const POINTER: &str = "POINTER";

/// A step's record.
#[must_use]
pub fn step(step: Step) -> String {
    format!("STEP#{:02}#{step}", step.ordinal())
}

/// A wait's record. `wait` is the time at which the state machine entered the asking state: unique within an
/// onboarding, in order, and the same again when the function is retried.
#[must_use]
pub fn wait(wait: &str) -> String {
    format!("WAIT#{wait}")
}

/// A person's sealed credential from their sign-in to one directory.
#[must_use]
pub fn credential(actor: Actor, directory: Directory) -> String {
    format!("CRED#{actor}#{directory}")
}

/// One page of a kept list: a snapshot, a report, …. The hash names the content, so that nothing is ever replaced by something else.
#[must_use]
pub fn archive(kind: Archive, hash: &str, page: usize) -> String {
    format!("{}{page:04}", archive_prefix(kind, hash))
}

/// All pages of one kept list.
#[must_use]
pub fn archive_prefix(kind: Archive, hash: &str) -> String {
    format!("ARCHIVE#{}#{hash}#", kind.as_str())
}

/// What was decided in the review.
pub const REVIEW: &str = "REVIEW";
/// The rows of the preflight.
pub const PREFLIGHT: &str = "PREFLIGHT";

/// What a person has to do after the move.
#[must_use]
pub fn to_do(actor: Actor) -> String {
    format!("{TO_DO_PREFIX}{actor}")
}

/// The same of either person.
pub const TO_DO_PREFIX: &str = "TODO#";

/// What a person has to say about how it went. Named so that it lies in the range that pages read.
#[must_use]
pub fn feedback(actor: Actor) -> String {
    format!("OPINION#{actor}")
}

/// An audit entry.
#[must_use]
pub fn audit(seq: u64) -> String {
    format!("{AUDIT_PREFIX}{seq:010}")
}

/// A mail. Numbered by the version of the change that queued it.
#[must_use]
pub fn outbox(version: u64, index: usize) -> String {
    format!("{OUTBOX_PREFIX}{version:010}#{index:02}")
}

/// The lock that leads a repeated request to the running onboarding.
#[must_use]
pub fn request_lock(request_key: &str) -> String {
    format!("UNIQ#REQ#{request_key}")
}

/// What leads from a short reference to its onboarding, for whoever has lost their link. Forty bits: should two onboardings share a
/// reference, the newer one is found.
#[must_use]
pub fn reference(reference: &str) -> String {
    format!("UNIQ#REF#{reference}")
}

/// What leads from an execution to its onboarding, for the moment when the execution ends without having said so.
#[must_use]
pub fn execution(arn: &str) -> String {
    format!("UNIQ#EXE#{}", onboarding::links::fingerprint(arn))
}

/// The lock of a subscription, taken once its owner has proved to be its owner.
#[must_use]
pub fn subscription_lock(subscription: &onboarding::SubscriptionId) -> String {
    format!("UNIQ#SUB#{}", onboarding::links::fingerprint(subscription.as_str()))
}

/// Number of partitions of the index of due items.
pub const DUE_BUCKETS: u8 = 4;

/// The partition of the index of due items that an onboarding's items go to.
#[must_use]
pub fn due_bucket(id: &OnboardingId) -> String {
    let last = id.as_str().bytes().next_back().unwrap_or_default();
    format!("DUE#{}", last % DUE_BUCKETS)
}

/// The list of the onboardings that run.
pub const LIST_OPEN: &str = "OPEN";

/// The list of those that ended in a month such as `2026-05`.
#[must_use]
pub fn list_over(month: &str) -> String {
    format!("OVER#{month}")
}

/// A sign-in session, found by the fingerprint of its state.
#[must_use]
pub fn session(state_fingerprint: &str) -> String {
    format!("SES#{state_fingerprint}")
}

/// A sign-up whose mailbox isn't proved yet; its mails are under the same key in the other table.
#[must_use]
pub fn draft(id: &OnboardingId) -> String {
    format!("DRAFT#{id}")
}

/// Something that is counted up to a limit.
#[must_use]
pub fn bucket(name: &str) -> String {
    format!("RATE#{}", onboarding::links::fingerprint(name))
}

/// An operator's sign-in that was begun, found by the fingerprint of its state.
#[must_use]
pub fn operator_sign_in(state_fingerprint: &str) -> String {
    format!("OPS#{state_fingerprint}")
}

/// An operator who is signed in, found by the fingerprint of their cookie.
#[must_use]
pub fn operator(cookie_fingerprint: &str) -> String {
    format!("OPERATOR#{cookie_fingerprint}")
}

/// A browser that a person has signed in with.
#[must_use]
pub fn browser(cookie_fingerprint: &str) -> String {
    format!("BROWSER#{cookie_fingerprint}")
}
