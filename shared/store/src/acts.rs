//! Changes that more than one function makes: a person through their link, an operator through the operator's pages. What they do to
//! the record is the same, whoever asks.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use onboarding::{Actor, Directory, ErrorName, Route, WaitKind, ladder, waits};
use serde_json::json;

use crate::change::{By, Change, Write};
use crate::records::{HandOverRefused, Loaded, WaitRecord};

/// Whether a wait is for an invitation that was refused.
fn waits_for_invitation(wait: &WaitRecord) -> bool {
    wait.reason.as_deref() == Some(ErrorName::InvitationRefused.as_str())
}

/// How long the other person waits after a mail before they can have one more sent.
const BETWEEN_REMINDERS: SignedDuration = SignedDuration::from_hours(24);

/// How much more time an operator gives at once.
pub const OPERATOR_GIVES: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Loaded {
    /// The open wait, while the onboarding runs.
    #[must_use]
    pub fn asked(&self) -> Option<&WaitRecord> {
        self.open_wait().filter(|_| !self.meta.status.is_over())
    }

    /// Until when a wait can be given more time: to a person as long again as they had, to an operator a week, and to nobody longer than
    /// an onboarding may wait in all. None where that is no later than now planned, or where the times in the record can't be read.
    #[must_use]
    pub fn longer(&self, wait: &WaitRecord, by: By<'_>, now: Timestamp) -> Option<Timestamp> {
        let time = |text: &str| text.parse::<Timestamp>().ok();
        let (opened, deadline) = (time(&wait.opened_at)?, time(&wait.deadline_at)?);
        let longest = time(&self.meta.created_at)? + waits::LONGEST;
        let until = match by {
            By::Person(_) => deadline + deadline.duration_since(opened),
            By::Operator(_) => deadline.max(now) + OPERATOR_GIVES,
        };
        Some(until.min(longest)).filter(|until| *until > deadline)
    }

    /// Gives a wait time until then ([`Self::longer`]).
    #[must_use]
    pub fn extended(&self, wait: &WaitRecord, until: Timestamp, by: By<'_>, now: Timestamp) -> Option<Change> {
        let opened = wait.opened_at.parse().ok()?;
        let zone = TimeZone::get(&self.meta.contact(wait.actor).time_zone).unwrap_or(TimeZone::UTC);
        let (mut next_at, _) = ladder::next(opened, until, &zone, now);
        if wait.kind == WaitKind::Fix {
            // It is looked at again as planned; the ladder would make that later.
            next_at = next_at.min(now + SignedDuration::from_mins(15));
        }
        let mut change = Change::of(&self.meta);
        if let Some(waiting) = &mut change.meta.waiting {
            waiting.until = until.to_string();
        }
        change.note(by.note("wait.extended", json!({"until": until.to_string()})));
        let once = matches!(by, By::Person(_));
        change.write(Write::Extended { wait_id: wait.wait_id.clone(), deadline: until, next_at, once });
        Some(change)
    }

    /// The wait at which a person may choose that the partner admin accepts and nobody is invited: where the invitation was refused, and
    /// where the invited owner is asked to sign in and confirm. Only before anything was requested of Azure: every later step has read
    /// the route and acted by it.
    #[must_use]
    pub fn asked_about_route(&self, actor: Actor) -> Option<&WaitRecord> {
        let meta = &self.meta;
        self.asked().filter(|wait| wait.actor == actor && !meta.is_past_return() && !meta.request_sent).filter(|wait| {
            match wait.kind {
                WaitKind::Fix => waits_for_invitation(wait),
                WaitKind::Confirm => wait.directory == Directory::Partner,
                WaitKind::SignIn | WaitKind::Review => false,
            }
        })
    }

    /// Whether the other route can still be chosen there.
    #[must_use]
    pub fn may_change_route(&self, actor: Actor) -> bool {
        self.meta.route == Route::SingleAccount && self.asked_about_route(actor).is_some()
    }

    /// Chooses it. A guest whom we invited is removed by the step that looks at the partner's side again.
    #[must_use]
    pub fn rerouted(&self, actor: Actor) -> Option<Change> {
        let wait = self.asked_about_route(actor).filter(|_| self.meta.route == Route::SingleAccount)?;
        let mut change = Change::of(&self.meta);
        change.meta.route = Route::TwoParty;
        // What was confirmed was another way.
        change.meta.confirmation = None;
        let detail =
            json!({"from": self.meta.route, "to": Route::TwoParty, "wait": wait.wait_id, "reason": wait.reason});
        change.note(By::Person(actor).note("route.changed", detail));
        Some(change)
    }

    /// Whether a person may hand their part on now: when it is their turn. The owner also while their invitation is refused: another
    /// address of theirs may be the remedy, whoever's turn it is.
    #[must_use]
    pub fn may_hand_over(&self, actor: Actor) -> bool {
        self.asked().is_some_and(|wait| wait.actor == actor || (actor == Actor::Owner && waits_for_invitation(wait)))
    }

    /// When a person was written to last.
    #[must_use]
    pub fn mailed_at(&self, actor: Actor) -> Option<Timestamp> {
        let mails = self.mails.iter().filter(|mail| mail.actor == actor);
        mails.filter_map(|mail| mail.created_at.parse().ok()).max()
    }

    /// The wait of which this person can have the other reminded: it is the other's turn, and the last mail to them is a day old.
    #[must_use]
    pub fn may_remind(&self, actor: Actor, now: Timestamp) -> Option<&WaitRecord> {
        let wait = self.asked().filter(|wait| wait.actor == actor.other())?;
        let rested = self.mailed_at(wait.actor).is_none_or(|last| now >= last + BETWEEN_REMINDERS);
        rested.then_some(wait)
    }

    /// Mails the person of a wait once more.
    #[must_use]
    pub fn reminded(&self, wait: &WaitRecord, by: By<'_>) -> Change {
        let args = json!({"kind": wait.kind, "reason": wait.reason, "step": wait.resume, "deadline": wait.deadline_at});
        let mut change = Change::of(&self.meta);
        change.note(by.note("wait.reminded", json!({"actor": wait.actor})));
        change.mail(wait.actor, "reminder", args);
        change.write(Write::RemindedNow { wait_id: wait.wait_id.clone() });
        change
    }

    /// Puts somebody else in a person's place.
    ///
    /// The old link stops counting with the same write that makes the new one count, and the sealed sign-ins of the old person go with
    /// it: there is no moment in which both can act. The new person gets a mail now if it is their turn, and otherwise when it is.
    ///
    /// # Errors
    /// Why it can't be done.
    pub fn handed_over(&self, actor: Actor, email: &str, by: By<'_>) -> Result<Change, HandOverRefused> {
        let mut change = Change::of(&self.meta);
        change.meta.hand_over(actor, email)?;
        change.note(by.note("person.handed-over", json!({"part": actor, "from": self.meta.email(actor), "to": email})));
        change.write(Write::ForgetCredential(actor, Directory::Source));
        change.write(Write::ForgetCredential(actor, Directory::Partner));
        if let Some(wait) = self.asked().filter(|wait| wait.actor == actor) {
            let template = if wait.kind == WaitKind::Review { "review" } else { "your-turn" };
            let args =
                json!({"kind": wait.kind, "reason": wait.reason, "step": wait.resume, "deadline": wait.deadline_at});
            change.mail(actor, template, args);
        }
        change.mail(actor.other(), "handed-over", json!({"part": actor}));
        Ok(change)
    }
}
