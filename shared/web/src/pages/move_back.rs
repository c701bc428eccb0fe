//! Moving back: what it is, what it takes, and what it does not bring back.

use maud::{Markup, html};

use crate::frame::frame;
use crate::text::people as words;
use crate::{paths, text};

/// Microsoft's own procedure.
const CHANGE: &str = "https://learn.microsoft.com/azure/cost-management-billing/manage/subscription-change-directory";

/// What the page shows.
#[derive(Debug)]
pub struct MoveBackView<'a> {
    /// The link that was opened.
    pub link: &'a str,
    /// The onboarding's short reference.
    pub reference: &'a str,
    /// The subscription's name and id.
    pub subscription: (&'a str, &'a str),
    /// The directory that it is in now: name and id.
    pub now_in: (&'a str, &'a str),
    /// The directory that it came from.
    pub came_from: &'a str,
}

/// The page.
#[must_use]
pub fn move_back(view: &MoveBackView<'_>) -> Markup {
    let content = html! {
        h1 { (words::BACK_TITLE) }
        p { (words::BACK_LEAD) }
        dl {
            dt { (text::PROGRESS_SUBSCRIPTION) } dd { (view.subscription.0) br; code { (view.subscription.1) } }
            dt { (text::PROGRESS_FROM) } dd { (view.now_in.0) br; code { (view.now_in.1) } }
            dt { (text::PROGRESS_TO) } dd { code { (view.came_from) } }
        }
        h2 { (words::BACK_TAKES) }
        ul {
            @for what in [words::BACK_PEOPLE, words::BACK_POLICIES, words::BACK_ACCESS, words::BACK_LOST, words::BACK_BILLING] {
                li { (what) }
            }
        }
        h2 { (words::BACK_HELPS) }
        ul {
            li { (words::BACK_SNAPSHOT) " " a href=(paths::access(view.link)) { (text::impact::PROGRESS_RESTORE) } }
            li { (words::BACK_EVIDENCE) " " a href=(paths::evidence(view.link)) { (text::impact::EVIDENCE_TITLE) } }
        }
        p { (words::BACK_NOT_US) " " a href=(CHANGE) rel="noreferrer" { (text::impact::REPORT_GUIDE) } }
        p { a href=(paths::progress(view.link)) { (text::BACK_TO_PROGRESS) } }
    };
    frame(words::BACK_TITLE.said(), Some(view.reference), &content)
}
