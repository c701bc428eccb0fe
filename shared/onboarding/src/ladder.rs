//! When a person is reminded of a wait, is called for the last time, and is not waited for any longer.
//!
//! Two goals conflict: nobody shall lose a wait because one mail got lost, and nobody shall be pestered. Hence a ladder that
//! thins out (a day, three, seven, fourteen), one last call, and quiet hours where the person is: no reminder before eight,
//! from eight in the evening, or at a weekend. The deadline itself keeps no quiet hours.
//!
//! Pure: the next moment follows from the wait and from the moment after which it is looked for, so a retry finds the same one
//! and an outage makes one mail late, never three mails at once.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _, ZonedDateTime};

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// A reminder.
    Reminder,
    /// The last one before the deadline.
    LastCall,
    /// The time is up.
    Deadline,
}

/// Days after the beginning on which a person is reminded of a wait.
const RUNGS: [i64; 4] = [1, 3, 7, 14];
/// A wait shorter than this is urgent: it keeps no quiet hours, and its rungs are parts of it.
const URGENT: SignedDuration = SignedDuration::from_hours(48);
/// The last call of an ordinary wait.
const LAST_CALL: SignedDuration = SignedDuration::from_hours(24);
/// What is left after a last call that the quiet hours moved.
const LEFT_AFTER_LAST_CALL: SignedDuration = SignedDuration::from_hours(6);
/// The hours in which people are written to.
const HOURS: std::ops::Range<i8> = 8..20;

/// What comes next after `after` in a wait from `opened` to `deadline`, for a person in `zone`, and when.
#[must_use]
pub fn next(opened: Timestamp, deadline: Timestamp, zone: &TimeZone, after: Timestamp) -> (Timestamp, Moment) {
    let whole = deadline.duration_since(opened);
    let (rungs, last_call): (Vec<SignedDuration>, SignedDuration) = if whole < URGENT {
        (vec![whole / 7, whole / 7 * 3], whole / 7 * 6)
    } else {
        (RUNGS.iter().map(|days| SignedDuration::from_hours(days * 24)).collect(), whole - LAST_CALL)
    };
    let quiet = |at: Timestamp| if whole < URGENT { at } else { awake(at, zone) };
    let mut called = quiet(opened + last_call);
    if called > deadline - LEFT_AFTER_LAST_CALL {
        // Better at night than too late.
        called = opened + last_call;
    }
    rungs
        .into_iter()
        .map(|rung| quiet(opened + rung))
        // A reminder right before the last call says the same twice.
        .filter(|at| *at < called && called.duration_since(*at) >= whole / 14)
        .map(|at| (at, Moment::Reminder))
        .chain([(called, Moment::LastCall), (deadline, Moment::Deadline)])
        .find(|(at, moment)| *at > after || *moment == Moment::Deadline)
        .unwrap_or((deadline, Moment::Deadline))
}

/// How often a person is written to about what is left to do after the move, at most.
pub const CHASES: u32 = 4;
/// The time between two such mails.
const CHASED_EVERY: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Who has just changed something on their list isn't written to on the same day.
const LEFT_ALONE: SignedDuration = SignedDuration::from_hours(24);

/// When a person is written to next about what they have to do after the move: when the first of it is due, then weekly. None once
/// they were written to often enough.
#[must_use]
pub fn chase(due: Timestamp, last: Option<Timestamp>, sent: u32, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    let soonest = last.map_or(due, |last| due.max(last + CHASED_EVERY)).max(now + LEFT_ALONE);
    (sent < CHASES).then(|| awake(soonest, zone))
}

/// The same moment, or the next at which a person may be written to.
fn awake(at: Timestamp, zone: &TimeZone) -> Timestamp {
    let mut local = at.to_zoned_datetime(zone.clone());
    // A day too late, a weekend, and a clock that was put forward: five turns are more than enough.
    for _ in 0..5 {
        let weekend = matches!(local.weekday(), Weekday::Saturday | Weekday::Sunday);
        if !weekend && HOURS.contains(&local.hour()) {
            return local.timestamp();
        }
        let later = if weekend || local.hour() >= HOURS.end { morning_after(&local) } else { morning(&local) };
        match later {
            Some(later) => local = later,
            None => return at,
        }
    }
    local.timestamp()
}

fn morning(local: &ZonedDateTime) -> Option<ZonedDateTime> {
    local.with().hour(HOURS.start).minute(0).second(0).subsec_nanosecond(0).build().ok()
}

fn morning_after(local: &ZonedDateTime) -> Option<ZonedDateTime> {
    local.checked_add(1.day()).ok().as_ref().and_then(morning)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn all(opened: Timestamp, deadline: Timestamp, zone: &TimeZone) -> Vec<(Timestamp, Moment)> {
        let mut moments = vec![];
        let mut after = opened;
        loop {
            let (at, moment) = next(opened, deadline, zone, after);
            moments.push((at, moment));
            if moment == Moment::Deadline {
                return moments;
            }
            after = at;
        }
    }

    #[test]
    fn a_week_has_two_reminders_a_last_call_and_an_end() {
        let zone = TimeZone::UTC;
        // A Monday.
        let moments = all(at("2026-05-11T09:00:00Z"), at("2026-05-18T09:00:00Z"), &zone);
        assert_eq!(
            moments,
            [
                (at("2026-05-12T09:00:00Z"), Moment::Reminder),
                (at("2026-05-14T09:00:00Z"), Moment::Reminder),
                // A Sunday; and a Monday morning would leave an hour.
                (at("2026-05-17T09:00:00Z"), Moment::LastCall),
                (at("2026-05-18T09:00:00Z"), Moment::Deadline),
            ]
        );
    }

    #[test]
    fn nobody_is_reminded_at_night_or_at_a_weekend() {
        let zone = TimeZone::get("America/New_York").unwrap();
        // Friday, 22:30 in New York: the first reminder would be due on Saturday night.
        let (first, moment) =
            next(at("2026-05-16T02:30:00Z"), at("2026-06-12T02:30:00Z"), &zone, at("2026-05-16T02:30:00Z"));
        assert_eq!(moment, Moment::Reminder);
        assert_eq!(first.to_zoned_datetime(zone).to_string(), "2026-05-18T08:00:00-04:00[America/New_York]");
    }

    #[test]
    fn after_an_outage_one_mail_is_late_and_not_three() {
        let (opened, deadline) = (at("2026-05-11T09:00:00Z"), at("2026-05-25T09:00:00Z"));
        let (late, moment) = next(opened, deadline, &TimeZone::UTC, at("2026-05-19T11:00:00Z"));
        assert!(late > at("2026-05-19T11:00:00Z") && moment == Moment::LastCall, "{late}");
    }

    #[test]
    fn what_is_left_to_do_is_chased_when_it_is_due_then_weekly_and_not_for_ever() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        // Done on a Thursday night; a day later is a Saturday morning in Berlin, and nobody is written to before Monday.
        let (mut now, due) = (at("2026-05-14T22:30:00Z"), at("2026-05-15T22:30:00Z"));
        let (mut last, mut moments) = (None, vec![]);
        for sent in 0.. {
            let Some(next) = chase(due, last, sent, &zone, now) else { break };
            moments.push(next.to_zoned_datetime(zone.clone()).strftime("%a %d %H:%M").to_string());
            (now, last) = (next, Some(next));
        }
        assert_eq!(moments, ["Mon 18 08:00", "Mon 25 08:00", "Mon 01 08:00", "Mon 08 08:00"]);
        // What becomes due later than a week after the last mail waits until then.
        let later = at("2026-06-25T12:00:00Z");
        assert_eq!(chase(later, last, 1, &zone, now), Some(later));
        // Overdue things are no reason to write to somebody who has just been at it.
        assert_eq!(chase(due, None, 0, &zone, at("2026-06-24T10:00:00Z")), Some(at("2026-06-25T10:00:00Z")));
    }

    proptest! {
        #[test]
        fn moments_rise_end_at_the_deadline_and_keep_the_quiet_hours(
            start in 1_700_000_000_i64..1_900_000_000,
            hours in 1_i64..(28 * 24),
            zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Apia"]),
        ) {
            let zone = TimeZone::get(zone).unwrap();
            let opened = Timestamp::from_second(start).unwrap();
            let deadline = opened + SignedDuration::from_hours(hours);
            let moments = all(opened, deadline, &zone);
            prop_assert!(moments.len() <= 6);
            prop_assert!(moments.windows(2).all(|pair| pair[0].0 < pair[1].0));
            prop_assert_eq!(moments.last().copied(), Some((deadline, Moment::Deadline)));
            prop_assert_eq!(moments.iter().filter(|(_, moment)| *moment == Moment::LastCall).count(), 1);
            for (at, moment) in moments {
                if moment == Moment::Reminder && hours >= 48 {
                    let local = at.to_zoned_datetime(zone.clone());
                    prop_assert!((8..20).contains(&local.hour()), "{}", local);
                    prop_assert!(!matches!(local.weekday(), Weekday::Saturday | Weekday::Sunday), "{}", local);
                }
            }
        }
    }
}
