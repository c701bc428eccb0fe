//! What is left to do after the move: each thing with its day, and for the person whose it is the buttons that tick it off.

use impact::to_do::{How, Ticked};
use jiff::Timestamp;
use maud::{Markup, html};
use onboarding::Actor;
use serde::Serialize;

use super::progress::ProgressView;
use crate::frame::person;
use crate::text::impact as words;
use crate::{paths, text};

/// The hidden field of which thing it is about.
pub const FIELD_ITEM: &str = "item";
/// The buttons' field of what is said about it: [`How`] as a word, or [`HOW_OPEN`].
pub const FIELD_HOW: &str = "how";
/// The value that takes a tick back.
pub const HOW_OPEN: &str = "open";
/// The list's place on the page.
pub const TO_DO: &str = "to-do";

/// One thing that people must do after the move.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToDoRow {
    /// What.
    pub what: String,
    /// About what kind of thing; empty where the words say it all.
    pub about: String,
    /// How many of them; 0 where that is not counted.
    pub count: u32,
    /// Who.
    pub who: Actor,
    /// Within how many days.
    pub due_days: u16,
    /// Where it stands, once the onboarding has ended and it can be ticked off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stands: Option<ToDoStands>,
}

/// Where one thing stands.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToDoStands {
    /// Its stable id.
    pub id: String,
    /// By when.
    pub due: Timestamp,
    /// Whether that is over and it is not ticked off.
    pub overdue: bool,
    /// Whether it is ticked off, and how.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticked: Option<Ticked>,
}

/// What the ids of the two lists and their parts begin with.
fn id_of(row: &ToDoRow, stands: &ToDoStands) -> String {
    format!("{TO_DO}-{}-{}", row.who, stands.id.replace(':', "-"))
}

/// Both people's lists; the reader's own comes first.
pub(super) fn to_do_lists(view: &ProgressView) -> Markup {
    let rows = || view.to_do.iter().filter_map(|row| Some((row, row.stands.as_ref()?)));
    let first = view.viewer.unwrap_or(Actor::Owner);
    let left = rows().filter(|(_, stands)| stands.ticked.is_none()).count();
    let over = rows().filter(|(_, stands)| stands.overdue).count();
    html! {
        h2 #(TO_DO) { (words::TODO_LEFT) }
        div class={ "panel " (if left == 0 { "good" } else if over > 0 { "bad" } else { "" }) } {
            p {
                @if left == 0 { (words::TODO_ALL_DONE) } @else {
                    (words::TODO_COUNTED.with(&[("n", &left.to_string())]))
                    @if over > 0 { " " strong { (words::TODO_OVERDUE_COUNTED.with(&[("n", &over.to_string())])) } }
                    " " (words::TODO_REMINDED)
                }
            }
        }
        @for who in [first, first.other()] {
            @if rows().any(|(row, _)| row.who == who) {
                h3 { (if view.viewer == Some(who) { words::TODO_YOURS } else { person(who) }) }
                ol.steps {
                    @for (row, stands) in rows().filter(|(row, _)| row.who == who) { (one(view, row, stands)) }
                }
            }
        }
        ul {
            @if view.report.is_some() { li { a href=(paths::report(&view.link)) { (words::TODO_REPORT) } } }
            @if view.restore.is_some_and(|restore| restore.refused > 0) {
                li { a href=(paths::access(&view.link)) { (words::TODO_ACCESS) } }
            }
        }
    }
}

fn one(view: &ProgressView, row: &ToDoRow, stands: &ToDoStands) -> Markup {
    let id = id_of(row, stands);
    let (sign, state) = match (stands.ticked.map(|ticked| ticked.how), stands.overdue) {
        (Some(How::Done), _) => ("✓", words::TODO_DONE),
        (Some(How::NotNeeded), _) => ("–", words::TODO_NOT_NEEDED),
        (None, true) => ("!", words::TODO_OVERDUE),
        (None, false) => ("○", words::TODO_OPEN),
    };
    html! {
        li {
            p {
                span.state { span aria-hidden="true" { (sign) } " " (state) ": " }
                span id=(id) { (row.what) }
                @if row.count > 0 && !row.about.is_empty() {
                    " " span.muted { (words::TODO_ABOUT.with(&[("about", row.about.as_str()), ("n", &row.count.to_string())])) }
                }
            }
            p.muted {
                @match stands.ticked {
                    Some(ticked) => { (words::TODO_SINCE) (day(ticked.at)) }
                    None => { (words::TODO_DUE) (day(stands.due)) }
                }
            }
            @if view.viewer == Some(row.who) {
                form.actions method="post" action=(paths::to_do(&view.link)) {
                    input type="hidden" name=(FIELD_ITEM) value=(stands.id);
                    @if stands.ticked.is_none() {
                        (button(&id, How::Done.as_str(), words::TODO_DO_DONE))
                        (button(&id, How::NotNeeded.as_str(), words::TODO_DO_NOT_NEEDED))
                    } @else {
                        (button(&id, HOW_OPEN, words::TODO_DO_OPEN))
                    }
                }
            }
        }
    }
}

/// A button whose words are the same on every row: what it is about is read out with it.
fn button(about: &str, value: &str, words: text::Text) -> Markup {
    let id = format!("{about}-{value}");
    html! {
        button.quiet type="submit" name=(FIELD_HOW) value=(value) id=(id) aria-labelledby={ (id) " " (about) } { (words) }
    }
}

fn day(at: Timestamp) -> Markup {
    html! { time datetime=(at.strftime("%Y-%m-%dT%H:%M:%SZ")) { (texts::day(at)) } }
}
