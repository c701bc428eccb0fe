//! Points in time as people read them: where they are, and in UTC.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};

use crate::{Text, text, zone};

const UTC: Text = text("time.utc", "{date}, {time} UTC");
const LOCAL: Text = text("time.local", "{date}, {time} ({zone}), {utc} UTC");
const DATE: Text = text("time.date", "{day} {month} {year}");
const SHORT: Text = text("time.short", "{weekday} {time}");
const MONTHS: [Text; 12] = [
    text("time.month-1", "January"),
    text("time.month-2", "February"),
    text("time.month-3", "March"),
    text("time.month-4", "April"),
    text("time.month-5", "May"),
    text("time.month-6", "June"),
    text("time.month-7", "July"),
    text("time.month-8", "August"),
    text("time.month-9", "September"),
    text("time.month-10", "October"),
    text("time.month-11", "November"),
    text("time.month-12", "December"),
];
const WEEKDAYS: [Text; 7] = [
    text("time.weekday-1", "Mon"),
    text("time.weekday-2", "Tue"),
    text("time.weekday-3", "Wed"),
    text("time.weekday-4", "Thu"),
    text("time.weekday-5", "Fri"),
    text("time.weekday-6", "Sat"),
    text("time.weekday-7", "Sun"),
];

fn date(at: &ZonedDateTime) -> String {
    let index = usize::try_from(at.month() - 1).unwrap_or_default();
    let month = MONTHS.get(index).map_or("", |month| month.said());
    DATE.with(&[("day", &at.day().to_string()), ("month", month), ("year", &at.year().to_string())])
}

fn clock(at: &ZonedDateTime) -> String {
    at.strftime("%H:%M").to_string()
}

/// A point in time in the reader's zone and in UTC, such as `16 May 2026, 19:00 (Europe/Berlin), 17:00 UTC`.
#[must_use]
pub fn at(at: Timestamp) -> String {
    let utc = at.to_zoned_datetime(TimeZone::UTC);
    let zone = zone();
    let local = at.to_zoned_datetime(zone.clone());
    if local.offset().is_zero() {
        return UTC.with(&[("date", &date(&utc)), ("time", &clock(&utc))]);
    }
    let other_day = if local.date() == utc.date() { clock(&utc) } else { format!("{}, {}", date(&utc), clock(&utc)) };
    let name = zone.iana_name().map_or_else(|| local.offset().to_string(), str::to_owned);
    LOCAL.with(&[("date", &date(&local)), ("time", &clock(&local)), ("zone", &name), ("utc", &other_day)])
}

/// The day of a point in time, in the reader's zone: `16 May 2026`.
#[must_use]
pub fn day(at: Timestamp) -> String {
    date(&at.to_zoned_datetime(zone()))
}

/// A deadline in few words, in the reader's zone: `Fri 17:00`, for subjects and titles.
#[must_use]
pub fn until(at: Timestamp) -> String {
    let local = at.to_zoned_datetime(zone());
    let index = usize::try_from(local.weekday().to_monday_zero_offset()).unwrap_or_default();
    let weekday = WEEKDAYS.get(index).map_or("", |weekday| weekday.said());
    // A time without its zone is taken for the reader's own: where that isn't known, it says UTC.
    let utc = if local.time_zone() == &TimeZone::UTC { " UTC" } else { "" };
    format!("{}{utc}", SHORT.with(&[("weekday", weekday), ("time", &clock(&local))]))
}

/// Whether the reader's language has words for every month: the smallest check of a new file.
#[cfg(test)]
fn speaks() -> bool {
    let language = crate::language();
    MONTHS.iter().all(|month| language.tag() == "en" || language.word(month.id).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Language, Locale, within};

    #[test]
    fn a_time_is_told_where_the_reader_is_and_in_utc() {
        let late: Timestamp = "2026-05-16T22:30:00Z".parse().unwrap();
        assert_eq!(at(late), "16 May 2026, 22:30 UTC");
        within(Locale::named("en", "Europe/Berlin"), || {
            assert_eq!(at(late), "17 May 2026, 00:30 (Europe/Berlin), 16 May 2026, 22:30 UTC");
            assert_eq!(until(late), "Sun 00:30");
            assert_eq!(day(late), "17 May 2026");
        });
        within(Locale::named("de", "Europe/Berlin"), || {
            assert_eq!(at(late), "17. Mai 2026, 00:30 Uhr (Europe/Berlin), 16. Mai 2026, 22:30 UTC");
        });
        assert_eq!(until(late), "Sat 22:30 UTC");
    }

    #[test]
    fn every_language_knows_the_months() {
        for language in Language::all() {
            assert!(within(Locale::new(language, None), speaks), "{language:?}");
        }
    }
}
