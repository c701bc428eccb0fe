//! The tables: what is known about each onboarding, its audit trail and outbox (`Onboarding`), and what must never
//! come back from a backup (`Ephemeral`: sign-in sessions).
//!
//! Two goals conflict. A step should make few calls, and no two writers may undo each other. Hence: one strongly
//! consistent query reads everything a step needs; one transaction records everything a step did, conditional on
//! the version that was read; and the one write that races with a person by design, the outcome of a wait, is a
//! single conditional update that answers with the task token.
//!
//! There is no Scan. Every update of something that must exist says so, every creation says that it must not.
//! Keys are listed in [`keys`], records in [`records`].

mod acts;
mod change;
mod ephemeral;
mod error;
pub mod keys;
mod onboarding;
pub mod records;
mod waits;

pub use acts::OPERATOR_GIVES;
pub use change::{By, Change, Mail, Note, Write};
pub use ephemeral::{Browser, Draft, OperatorSession, OperatorSignIn, Session, SessionState, Started};
pub use error::StoreError;
pub use onboarding::{Created, NewOnboarding};
pub use records::{
    Archive, Contact, DraftMail, HandOverRefused, Loaded, Meta, OutboxMail, RestoreProgress, Review, SealedCredential,
    StartedBy, StepRecord, StepState, WaitRecord, Waiting,
};
pub use waits::{Due, DueItems, Recorded};

use aws_sdk_dynamodb::Client;

/// The two tables.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    onboarding: String,
    ephemeral: String,
}

impl Store {
    /// `ephemeral` is empty in the functions that don't use that table (and have no right to).
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, onboarding: String, ephemeral: String) -> Self {
        Self { client: Client::new(config), onboarding, ephemeral }
    }
}
