//! The records as they are stored. Attribute names are the camel case of the fields.
//!
//! Wire law: readers ignore attributes they don't know, every field added later has a default, and writers send only
//! what they changed, so that an older function never erases what a newer one wrote.

use impact::evidence::Pack;
use impact::feedback::Feedback;
use impact::to_do::ToDo;
use jiff::tz::TimeZone;
use onboarding::audit::Entry;
use onboarding::links::LinkRole;
use onboarding::request::AccountKind;
use onboarding::waits::Ask;
use onboarding::{
    Actor, Cloud, Directory, Ending, ObjectId, OnboardingId, Outcome, Route, Status, Step, SubscriptionId, TenantId,
    UndoItem, WaitKind,
};
use serde::{Deserialize, Serialize};

/// One onboarding: who, what, where from, where to, and how far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Meta {
    /// The onboarding.
    pub onboarding_id: OnboardingId,
    /// Version of this record's form: 1.
    pub schema: u32,
    /// Counts the changes; every change is conditional on it.
    pub ver: u64,
    /// Sequence number of the newest audit entry.
    #[serde(default)]
    pub audit_seq: u64,
    /// Hash of the newest audit entry.
    #[serde(default)]
    pub last_hash: String,
    /// Where it stands.
    pub status: Status,
    /// The step that is at work or comes next.
    pub current_step: Step,
    /// The Microsoft cloud.
    pub cloud: Cloud,
    /// Who accepts the move.
    pub route: Route,
    /// The subscription; [`SubscriptionId::not_chosen`] until the owner has chosen one, where the request names none.
    pub subscription_id: SubscriptionId,
    /// Whether the owner chose it after their sign-in, as opposed to the request naming it: then nobody has looked yet whether it is in
    /// the source directory at all.
    #[serde(default)]
    pub subscription_chosen: bool,
    /// Its display name, known after step 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription_name: Option<String>,
    /// The directory that it comes from.
    pub source_tenant_id: TenantId,
    /// The directory that it goes to.
    pub partner_tenant_id: TenantId,
    /// The partner directory as the request named it: a domain or an id.
    pub partner_directory: String,
    /// Its display name, known after step 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner_directory_name: Option<String>,
    /// The partner's company name at Partner Center, known after step 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner_company: Option<String>,
    /// The owner's address, lower case.
    pub owner_email: String,
    /// What kind of account the owner's is.
    pub owner_account: AccountKind,
    /// The owner in the source directory, known after the first sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_oid: Option<ObjectId>,
    /// The owner as a guest of the partner directory (single-account route).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_partner_oid: Option<ObjectId>,
    /// The partner admin's address, lower case.
    pub partner_admin_email: String,
    /// The partner admin in the partner directory, known after their first sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner_admin_oid: Option<ObjectId>,
    /// Whether the guest is ours: invited by this onboarding, not there before.
    #[serde(default)]
    pub guest_invited: bool,
    /// Whether the pending request to change the directory is ours.
    #[serde(default)]
    pub request_sent: bool,
    /// When the accept call was about to be made: from here on its outcome must be read back, never assumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept_intended_at: Option<String>,
    /// Whether the subscription trusts the partner directory: past the point of no return.
    #[serde(default)]
    pub moved: bool,
    /// The wait that is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_wait: Option<String>,
    /// What a step asked for when it failed with `SignIn.Required` or a fixable error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<Ask>,
    /// When the first of the current run of fix waits began, and how often we looked since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixing_since: Option<String>,
    /// How often we looked since.
    #[serde(default)]
    pub fix_looks: u32,
    /// The newest report of what the move does, in short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<impact::report::Summary>,
    /// The report before it, if the newest one says something else: what changed is shown from both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report_before: Option<String>,
    /// SHA-256 of what was decided about access and hard stops; the decisions are in a record of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decisions_hash: Option<String>,
    /// What the owner confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<impact::confirmation::Confirmation>,
    /// How far the restore of access is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore: Option<RestoreProgress>,
    /// SHA-256 of the receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_hash: Option<String>,
    /// Someone cancelled while no wait was open: the next step stops.
    #[serde(default)]
    pub cancel_requested: bool,
    /// The caller's own reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The lock that leads repeated requests here.
    pub request_key: String,
    /// Whether we hold the subscription's lock.
    #[serde(default)]
    pub subscription_locked: bool,
    /// The execution that works on it.
    pub execution: String,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// RFC 3339, UTC.
    pub updated_at: String,
    /// How the owner is reached.
    #[serde(default)]
    pub owner_contact: Contact,
    /// How the partner admin is reached.
    #[serde(default)]
    pub partner_admin_contact: Contact,
    /// Who asked for it; none where the operator started it with an event or in the console.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_by: Option<StartedBy>,
    /// Whom it waits for, for lists: the wait itself is a record of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// The list that it is on: `OPEN`, or `OVER#<year>-<month>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_pk: Option<String>,
    /// Its place on the list: when it was created, and its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_sk: Option<String>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
    /// The error it ended with, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What was undone at the end, what was left, and what could not be undone.
    #[serde(default)]
    pub undone: Vec<UndoItem>,
}

impl Meta {
    /// Whether the call that can't be undone was made, or may have been.
    #[must_use]
    pub fn is_past_return(&self) -> bool {
        self.moved || self.accept_intended_at.is_some()
    }

    /// What the subscription is called wherever people must type or agree to its name: its name, or its id where it has none.
    #[must_use]
    pub fn subscription_called(&self) -> &str {
        let name = self.subscription_name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        name.unwrap_or(self.subscription_id.as_str())
    }

    /// The address of one of the two people.
    #[must_use]
    pub fn email(&self, actor: Actor) -> &str {
        match actor {
            Actor::Owner => &self.owner_email,
            Actor::PartnerAdmin => &self.partner_admin_email,
        }
    }

    /// The id of one of the two directories.
    #[must_use]
    pub fn tenant(&self, directory: Directory) -> &TenantId {
        match directory {
            Directory::Source => &self.source_tenant_id,
            Directory::Partner => &self.partner_tenant_id,
        }
    }

    /// A person's object id in a directory, once it is known.
    #[must_use]
    pub fn object_id(&self, actor: Actor, directory: Directory) -> Option<&ObjectId> {
        match (actor, directory) {
            (Actor::Owner, Directory::Source) => self.owner_oid.as_ref(),
            (Actor::Owner, Directory::Partner) => self.owner_partner_oid.as_ref(),
            (Actor::PartnerAdmin, Directory::Partner) => self.partner_admin_oid.as_ref(),
            (Actor::PartnerAdmin, Directory::Source) => None,
        }
    }

    /// Remembers a person's object id in a directory.
    pub fn set_object_id(&mut self, actor: Actor, directory: Directory, oid: ObjectId) {
        match (actor, directory) {
            (Actor::Owner, Directory::Source) => self.owner_oid = Some(oid),
            (Actor::Owner, Directory::Partner) => self.owner_partner_oid = Some(oid),
            (Actor::PartnerAdmin, Directory::Partner) => self.partner_admin_oid = Some(oid),
            // Nobody is ever asked to sign in there: the request's schema has no such ask.
            (Actor::PartnerAdmin, Directory::Source) => {}
        }
    }
}

impl Meta {
    /// How a person is reached.
    #[must_use]
    pub fn contact(&self, actor: Actor) -> &Contact {
        match actor {
            Actor::Owner => &self.owner_contact,
            Actor::PartnerAdmin => &self.partner_admin_contact,
        }
    }

    /// The same, to be changed.
    pub fn contact_mut(&mut self, actor: Actor) -> &mut Contact {
        match actor {
            Actor::Owner => &mut self.owner_contact,
            Actor::PartnerAdmin => &mut self.partner_admin_contact,
        }
    }

    /// Whether a person's link is the one that counts: who handed their part on holds an older one.
    #[must_use]
    pub fn link_counts(&self, role: LinkRole) -> bool {
        match role {
            LinkRole::Person(actor, generation) => self.contact(actor).links == generation,
            LinkRole::Viewer => true,
            // It leads to a sign-up, not to an onboarding.
            LinkRole::Draft => false,
        }
    }

    /// The role of a person's newest link.
    #[must_use]
    pub fn link_role(&self, actor: Actor) -> LinkRole {
        LinkRole::Person(actor, self.contact(actor).links)
    }

    /// Puts somebody else in a person's place, before anything was moved. What the first one proved counts for nothing any more:
    /// who they are, their sign-ins and their link.
    ///
    /// # Errors
    /// Why it can't be done.
    pub fn hand_over(&mut self, actor: Actor, email: &str) -> Result<(), HandOverRefused> {
        if self.status.is_over() {
            return Err(HandOverRefused::Over);
        }
        if self.is_past_return() {
            return Err(HandOverRefused::Moved);
        }
        if actor == Actor::Owner && self.guest_invited {
            return Err(HandOverRefused::GuestInvited);
        }
        if self.email(actor) == email {
            return Err(HandOverRefused::SamePerson);
        }
        match actor {
            Actor::Owner => {
                self.owner_email = email.to_owned();
                self.owner_account = AccountKind::Unknown;
                self.owner_oid = None;
                self.owner_partner_oid = None;
            }
            Actor::PartnerAdmin => {
                self.partner_admin_email = email.to_owned();
                self.partner_admin_oid = None;
            }
        }
        // What was confirmed or decided was the other person's word.
        self.confirmation = None;
        let contact = self.contact_mut(actor);
        contact.links += 1;
        contact.unreachable = None;
        Ok(())
    }
}

impl Meta {
    /// The evidence to be kept: the whole trail, and the receipt if there is one.
    #[must_use]
    pub fn evidence(&self, trail: Vec<Entry>, receipt: Option<serde_json::Value>, made_at: String) -> Pack {
        Pack {
            schema: impact::evidence::SCHEMA,
            onboarding_id: self.onboarding_id.clone(),
            subscription_id: self.subscription_id.clone(),
            source_tenant_id: self.source_tenant_id.clone(),
            partner_tenant_id: self.partner_tenant_id.clone(),
            status: self.status,
            made_at,
            head: trail.last().map(|last| last.hash.clone()).unwrap_or_default(),
            trail,
            receipt,
        }
    }
}

/// Why a person's part can't be handed to somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandOverRefused {
    /// The onboarding has ended.
    Over,
    /// The subscription has moved, or may have.
    Moved,
    /// The owner was invited as a guest of the partner directory already.
    GuestInvited,
    /// It is the same address.
    SamePerson,
}

/// How a person is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    /// The language of their mails.
    pub language: String,
    /// Their time zone, an IANA name.
    pub time_zone: String,
    /// How often their part was handed on: only links of this generation count.
    #[serde(default)]
    pub links: u32,
    /// Since when mails to their address come back. RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreachable: Option<String>,
}

impl Contact {
    /// Their time zone; UTC where its name is not known.
    #[must_use]
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC)
    }
}

impl Default for Contact {
    fn default() -> Self {
        Self { language: "en".into(), time_zone: "UTC".into(), links: 0, unreachable: None }
    }
}

/// Who asked for an onboarding, and proved their mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartedBy {
    /// Which of the two people; none if somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<Actor>,
    /// Their address.
    pub email: String,
    /// When they proved that mails to it reach them. RFC 3339, UTC.
    pub verified_at: String,
}

/// A queued mail with the code of a sign-up. The code itself is derived when the mail is sent, and stored nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DraftMail {
    /// The address.
    pub to: String,
    /// The language.
    pub language: String,
    /// The number of the code.
    pub number: u32,
    /// Seconds since 1970: of no use after it.
    pub expires_at: i64,
}

/// Whom an onboarding waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// Whose turn.
    pub actor: Actor,
    /// What is asked.
    pub kind: WaitKind,
    /// RFC 3339, UTC.
    pub since: String,
    /// RFC 3339, UTC.
    pub until: String,
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepState {
    /// Begun, and not finished: it waits for a person or for Microsoft.
    Waiting,
    /// Finished.
    Done,
    /// Stopped by an error.
    Failed,
}

/// A step's record: what it found out and what stopped it last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepRecord {
    /// The step.
    pub step: Step,
    /// How far it is.
    pub state: StepState,
    /// How often it was begun.
    #[serde(default)]
    pub attempts: u32,
    /// RFC 3339, UTC: when its first attempt began.
    pub started_at: String,
    /// RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_at: Option<String>,
    /// Facts: ids, enums, counts.
    #[serde(default)]
    pub result: serde_json::Value,
    /// When the state machine had entered the step's state for the attempt that finished it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entered_at: Option<String>,
    /// What the state machine was answered, so that a repeated attempt answers the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<serde_json::Value>,
    /// The error name that stopped it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Its message, which has no secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// A wait for a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WaitRecord {
    /// Its id: the time the state machine entered the asking state.
    pub wait_id: String,
    /// What is asked.
    pub kind: WaitKind,
    /// Whose turn.
    pub actor: Actor,
    /// Where they sign in.
    pub directory: Directory,
    /// Why, as an error name or a short reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// A claims challenge that the sign-in must echo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<String>,
    /// The step that goes on afterwards.
    pub resume: Step,
    /// RFC 3339, UTC.
    pub opened_at: String,
    /// RFC 3339, UTC: nothing is expected after it.
    pub deadline_at: String,
    /// Reminders sent, the last call among them.
    #[serde(default)]
    pub reminders: u32,
    /// When the person asked for more time, once a wait. RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended_at: Option<String>,
    /// How it ended, written once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome_at: Option<String>,
    /// `owner`, `partner-admin`, `operator` or `mooring`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome_by: Option<String>,
    /// When the state machine was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signalled_at: Option<String>,
}

/// A person's refresh token, sealed. Only the vault can open it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SealedCredential {
    /// Whose.
    pub actor: Actor,
    /// In which of the two directories they signed in. Each sign-in is kept: Microsoft says that a refresh token works in every
    /// tenant of its person, and does not say it of personal accounts.
    pub directory: Directory,
    /// The tenant it was obtained in.
    pub tid: TenantId,
    /// The person's object id there.
    pub oid: ObjectId,
    /// KMS ciphertext, in pieces when it is long.
    pub sealed: Vec<Blob>,
    /// RFC 3339, UTC.
    pub obtained_at: String,
}

/// Bytes, stored as DynamoDB's binary type.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blob(#[serde(with = "bytes")] pub Vec<u8>);

impl std::fmt::Debug for SealedCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealedCredential")
            .field("actor", &self.actor)
            .field("tid", &self.tid)
            .field("obtained_at", &self.obtained_at)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Blob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} sealed bytes", self.0.len())
    }
}

mod bytes {
    use serde::{Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl de::Visitor<'_> for Bytes {
            type Value = Vec<u8>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
            fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
                Ok(bytes)
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}

/// A mail to be sent, or sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutboxMail {
    /// The onboarding.
    pub onboarding_id: OnboardingId,
    /// The text's name.
    pub template: String,
    /// Who it goes to.
    pub actor: Actor,
    /// Values for the text: no secrets, no links (those are made when it is sent).
    #[serde(default)]
    pub args: serde_json::Value,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// RFC 3339, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<String>,
    /// The mail service's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
}

/// A list that is kept page by page under the hash of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Archive {
    /// The access before the move ([`access::snapshot::Snapshot`]).
    Snapshot,
    /// The impact report ([`impact::report::Report`]).
    Report,
    /// The principals of the snapshot and whom they are in the partner directory, under the snapshot's hash.
    Principals,
    /// What was read of a report so far, when one invocation was not enough. Under the word `draft`.
    Draft,
    /// What is to be restored ([`access::plan::Plan`]), under the hash of the decisions.
    Plan,
    /// How each row of the restore ended ([`access::plan::RowResult`]), under the hash of the decisions; one page a batch.
    Restored,
    /// The access before beside the access after ([`access::plan::difference`]), under the hash of the decisions.
    Difference,
    /// The receipt, under its hash.
    Receipt,
}

impl Archive {
    /// The word in keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Snapshot => "snapshot",
            Self::Report => "report",
            Self::Principals => "principals",
            Self::Draft => "draft",
            Self::Plan => "plan",
            Self::Restored => "restored",
            Self::Difference => "difference",
            Self::Receipt => "receipt",
        }
    }
}

/// How far the restore of access is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RestoreProgress {
    /// When it began. RFC 3339, UTC.
    pub started_at: String,
    /// Rows in all: custom roles and assignments.
    pub planned: u32,
    /// Rows that are made or were there.
    pub done: u32,
    /// Rows that Azure refused for good.
    pub refused: u32,
    /// Rows that are left out on purpose.
    pub left_out: u32,
    /// Write calls made: Azure counts them.
    pub written: u32,
    /// Pages of results kept so far.
    pub pages: u32,
    /// Whether it is finished.
    #[serde(default)]
    pub finished: bool,
}

/// What was decided in the review: about each assignment, and about each hard stop.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    /// The snapshot that the decisions are about.
    pub snapshot_hash: String,
    /// Decisions, sorted by assignment.
    pub decisions: Vec<access::mapping::Decision>,
    /// Overrides, sorted by finding.
    pub overrides: Vec<impact::report::Override>,
}

impl Review {
    /// SHA-256 over the decisions in canonical form; what a confirmation is bound to.
    #[must_use]
    pub fn hash(&self) -> String {
        onboarding::audit::digest(&serde_json::to_value(self).unwrap_or(serde_json::Value::Null))
    }
}

/// All that one query reads of an onboarding.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The onboarding's own record.
    pub meta: Meta,
    /// The steps begun so far, in order.
    pub steps: Vec<StepRecord>,
    /// The waits so far, oldest first.
    pub waits: Vec<WaitRecord>,
    /// The sealed credentials. Empty where the reader may not read them.
    pub credentials: Vec<SealedCredential>,
    /// The mails so far.
    pub mails: Vec<OutboxMail>,
    /// What was decided in the review.
    pub review: Review,
    /// The rows of the preflight.
    pub preflight: impact::preflight::Preflight,
    /// What the people have to do after the move: a list each, once it has ended.
    pub to_dos: Vec<ToDo>,
    /// How it went for them.
    pub feedback: Vec<Feedback>,
}

impl Loaded {
    /// A step's record.
    #[must_use]
    pub fn step(&self, step: Step) -> Option<&StepRecord> {
        self.steps.iter().find(|record| record.step == step)
    }

    /// The wait that is open: asked and not yet answered.
    #[must_use]
    pub fn open_wait(&self) -> Option<&WaitRecord> {
        let id = self.meta.open_wait.as_deref()?;
        self.waits.iter().find(|wait| wait.wait_id == id && wait.outcome.is_none())
    }

    /// What a person has to do after the move.
    #[must_use]
    pub fn to_do(&self, actor: Actor) -> Option<&ToDo> {
        self.to_dos.iter().find(|list| list.actor == actor)
    }

    /// How it went for a person, if they said so.
    #[must_use]
    pub fn felt(&self, actor: Actor) -> Option<&Feedback> {
        self.feedback.iter().find(|said| said.actor == actor)
    }

    /// A person's sealed credential: the one from this directory, or else the one from the other.
    #[must_use]
    pub fn credential(&self, actor: Actor, directory: Directory) -> Option<&SealedCredential> {
        let theirs = || self.credentials.iter().filter(move |credential| credential.actor == actor);
        theirs().find(|credential| credential.directory == directory).or_else(|| theirs().next())
    }
}

/// An audit entry with its key's sequence number, as stored. `detail` is kept as JSON text: a table that reorders or
/// widens a value would break the chain.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StoredEntry {
    pub(crate) seq: u64,
    pub(crate) at: String,
    pub(crate) actor: String,
    pub(crate) action: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) step: Option<String>,
    pub(crate) detail: String,
    pub(crate) prev_hash: String,
    pub(crate) hash: String,
}

impl From<&Entry> for StoredEntry {
    fn from(entry: &Entry) -> Self {
        Self {
            seq: entry.seq,
            at: entry.at.clone(),
            actor: entry.actor.clone(),
            action: entry.action.clone(),
            step: entry.step.clone(),
            detail: entry.detail.to_string(),
            prev_hash: entry.prev_hash.clone(),
            hash: entry.hash.clone(),
        }
    }
}

impl From<StoredEntry> for Entry {
    fn from(stored: StoredEntry) -> Self {
        Self {
            seq: stored.seq,
            at: stored.at,
            actor: stored.actor,
            action: stored.action,
            step: stored.step,
            detail: serde_json::from_str(&stored.detail).unwrap_or(serde_json::Value::String(stored.detail)),
            prev_hash: stored.prev_hash,
            hash: stored.hash,
        }
    }
}
