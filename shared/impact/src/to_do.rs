//! What is left for the two people to do after the move: one list a person, made when the onboarding ends, with the day on which each
//! thing is due. They tick it off, and are reminded until they have; see [`onboarding::ladder::chase`].

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use onboarding::{Actor, ladder};
use serde::{Deserialize, Serialize};

use crate::report::{Report, checklist};

/// Roles that Azure refused to make again.
pub const REFUSED: &str = "roles-refused";
/// The exceptions that somebody may have made in a directory's policy on subscriptions that leave or enter.
/// See <https://learn.microsoft.com/azure/cost-management-billing/manage/manage-azure-subscription-policy>.
pub const POLICY: &str = "policy-exceptions";
/// Whatever else people of the old directory may know.
pub const SECRETS: &str = "secrets";

/// What is done about one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// It is done.
    Done,
    /// It need not be done.
    NotNeeded,
}

impl How {
    /// The word in records and forms.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::NotNeeded => "not-needed",
        }
    }
}

/// That a person ticked something off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ticked {
    /// How.
    pub how: How,
    /// When.
    pub at: Timestamp,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// Stable: a task's id ([`crate::report::Task::id`]), or one of this module's own.
    pub id: String,
    /// How many resources or roles it is about; 0 where that is not counted.
    #[serde(default)]
    pub count: u32,
    /// Within how many days.
    pub due_days: u16,
    /// Whether it is ticked off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticked: Option<Ticked>,
}

impl Item {
    fn new(id: &str, count: u32, due_days: u16) -> Self {
        Self { id: id.into(), count, due_days, ticked: None }
    }

    /// The rule of the catalogue that it comes from.
    #[must_use]
    pub fn rule(&self) -> Option<&'static crate::catalogue::Rule> {
        self.id.strip_prefix("after:").and_then(crate::catalogue::rule)
    }
}

/// What one person has to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ToDo {
    /// Whose.
    pub actor: Actor,
    /// From when the days count: the move was confirmed to be done.
    pub since: Timestamp,
    /// What, the soonest first.
    pub items: Vec<Item>,
    /// How often they were reminded.
    #[serde(default)]
    pub reminders: u32,
    /// When they were reminded last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reminded_at: Option<Timestamp>,
    /// When they are reminded next, if at all. The index of due items reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
}

impl ToDo {
    /// A person's list.
    #[must_use]
    pub fn of(actor: Actor, report: Option<&Report>, roles_refused: u32, since: Timestamp) -> Self {
        let tasks = report.map(checklist).unwrap_or_default();
        let theirs = tasks.iter().filter(|task| task.who == actor);
        let mut items: Vec<Item> = theirs.map(|task| Item::new(&task.id, task.count, task.due_days)).collect();
        items.push(Item::new(POLICY, 0, 1));
        if actor == Actor::PartnerAdmin {
            items.push(Item::new(SECRETS, 0, 30));
            if roles_refused > 0 {
                items.push(Item::new(REFUSED, roles_refused, 1));
            }
        }
        items.sort_by(|one, other| (one.due_days, &one.id).cmp(&(other.due_days, &other.id)));
        Self { actor, since, items, reminders: 0, reminded_at: None, due_at: None }
    }

    /// When something is due.
    #[must_use]
    pub fn due(&self, item: &Item) -> Timestamp {
        self.since + SignedDuration::from_hours(24 * i64::from(item.due_days))
    }

    /// What is not ticked off.
    pub fn open(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.ticked.is_none())
    }

    /// Ticks something off, or takes the tick back; answers whether that changed anything.
    pub fn tick(&mut self, id: &str, how: Option<How>, zone: &TimeZone, now: Timestamp) -> bool {
        let Some(item) = self.items.iter_mut().find(|item| item.id == id) else { return false };
        if item.ticked.map(|ticked| ticked.how) == how {
            return false;
        }
        item.ticked = how.map(|how| Ticked { how, at: now });
        self.plan(zone, now);
        true
    }

    /// Counts a reminder that is sent now.
    pub fn reminded(&mut self, zone: &TimeZone, now: Timestamp) {
        self.reminders += 1;
        self.reminded_at = Some(now);
        self.plan(zone, now);
    }

    /// Says when the person is reminded next.
    pub fn plan(&mut self, zone: &TimeZone, now: Timestamp) {
        let soonest = self.open().map(|item| self.due(item)).min();
        self.due_at = soonest.and_then(|due| ladder::chase(due, self.reminded_at, self.reminders, zone, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    // A Tuesday.
    const DONE: &str = "2026-05-12T10:00:00Z";

    fn list(roles_refused: u32) -> ToDo {
        let mut list = ToDo::of(Actor::PartnerAdmin, None, roles_refused, at(DONE));
        list.plan(&TimeZone::UTC, at(DONE));
        list
    }

    #[test]
    fn each_has_their_own_and_the_soonest_comes_first() {
        let ids = |list: &ToDo| list.items.iter().map(|item| item.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&list(3)), [POLICY, REFUSED, SECRETS]);
        assert_eq!(ids(&list(0)), [POLICY, SECRETS]);
        assert_eq!(ids(&ToDo::of(Actor::Owner, None, 3, at(DONE))), [POLICY]);
    }

    #[test]
    fn the_first_reminder_is_for_the_first_thing_due_and_none_is_left_when_all_is_ticked() {
        let mut list = list(0);
        assert_eq!(list.due_at, Some(at("2026-05-13T10:00:00Z")));
        assert!(list.tick(POLICY, Some(How::Done), &TimeZone::UTC, at("2026-05-12T12:00:00Z")));
        assert_eq!(list.due_at, Some(at("2026-06-11T10:00:00Z")));
        assert!(list.tick(SECRETS, Some(How::NotNeeded), &TimeZone::UTC, at("2026-05-12T12:00:00Z")));
        assert_eq!((list.open().count(), list.due_at), (0, None));
        // Taken back, it is chased again, but not within the day.
        assert!(list.tick(POLICY, None, &TimeZone::UTC, at("2026-05-20T12:00:00Z")));
        assert_eq!(list.due_at, Some(at("2026-05-21T12:00:00Z")));
    }

    #[test]
    fn ticking_twice_or_what_is_not_on_the_list_changes_nothing() {
        let mut list = list(0);
        let now = at("2026-05-12T12:00:00Z");
        assert!(list.tick(POLICY, Some(How::Done), &TimeZone::UTC, now));
        let before = list.clone();
        assert!(!list.tick(POLICY, Some(How::Done), &TimeZone::UTC, at("2026-05-13T12:00:00Z")));
        assert!(!list.tick("after:nothing", Some(How::Done), &TimeZone::UTC, now));
        assert_eq!(list, before);
    }

    #[test]
    fn who_does_nothing_is_reminded_four_times() {
        let mut list = list(0);
        let mut sent = 0;
        while let Some(due) = list.due_at {
            list.reminded(&TimeZone::UTC, due);
            sent += 1;
        }
        assert_eq!((sent, list.reminders, list.open().count()), (4, 4, 2));
    }

    #[test]
    fn a_record_reads_back_and_one_without_the_later_fields_too() {
        let mut list = list(1);
        list.tick(POLICY, Some(How::NotNeeded), &TimeZone::UTC, at(DONE));
        let said = serde_json::to_value(&list).unwrap();
        assert_eq!(said["items"][0]["ticked"]["how"], "not-needed");
        assert_eq!(serde_json::from_value::<ToDo>(said).unwrap(), list);
        let first = serde_json::json!({"actor": "owner", "since": DONE, "items": [{"id": "x", "dueDays": 1}]});
        assert_eq!(serde_json::from_value::<ToDo>(first).unwrap().open().count(), 1);
    }
}
