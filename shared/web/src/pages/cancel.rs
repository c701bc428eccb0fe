//! Cancelling: what it undoes, before the button that does it.

use maud::{Markup, html};
use onboarding::UndoItem;

use crate::frame::frame;
use crate::{paths, text};

/// What the page shows.
#[derive(Debug)]
pub struct CancelView<'a> {
    /// The link that was opened.
    pub link: &'a str,
    /// The onboarding's short reference.
    pub reference: &'a str,
    /// Whether the link is one of the two people's.
    pub may_act: bool,
    /// Whether the onboarding has ended.
    pub over: bool,
    /// Whether the move has been accepted, or is being accepted.
    pub too_late: bool,
    /// Whether we invited a guest.
    pub guest: bool,
    /// What was undone, once it has ended.
    pub undone: &'a [UndoItem],
}

/// The page about cancelling.
#[must_use]
pub fn cancel(view: &CancelView<'_>) -> Markup {
    let title = match (view.over, view.too_late) {
        (true, _) => text::CANCEL_OVER_TITLE,
        (false, true) => text::CANCEL_LATE_TITLE,
        (false, false) => text::CANCEL_TITLE,
    };
    let content = html! {
        h1 { (title) }
        @if view.over {
            p { (text::CANCEL_OVER) }
            (super::undone::undone(view.undone))
        } @else if view.too_late {
            p { (text::CANCEL_LATE) }
        } @else {
            p { (text::CANCEL_NOTHING) }
            p { (text::CANCEL_UNDO) }
            ul {
                li { (text::CANCEL_TOKENS) }
                @if view.guest { li { (text::CANCEL_GUEST) } }
                li { (text::CANCEL_REQUEST) }
            }
            @if view.may_act {
                div.actions {
                    form method="post" action=(paths::cancel(view.link)) {
                        button type="submit" { (text::CANCEL_BUTTON) }
                    }
                    a.button.quiet href=(paths::progress(view.link)) { (text::CANCEL_KEEP) }
                }
            } @else {
                p { (text::CANCEL_VIEW_ONLY) }
            }
        }
        p { a href=(paths::progress(view.link)) { (text::BACK_TO_PROGRESS) } }
    };
    frame(title.said(), Some(view.reference), &content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> CancelView<'static> {
        CancelView { link: "L", reference: "R", may_act: true, over: false, too_late: false, guest: true, undone: &[] }
    }

    #[test]
    fn before_the_move_the_page_lists_what_is_undone() {
        let page = cancel(&view()).into_string();
        assert!(page.contains("guest account") && page.contains("sign-ins are deleted"));
        assert!(page.contains(r#"<form method="post" action="/o/L/cancel">"#));
        assert!(!cancel(&CancelView { guest: false, ..view() }).into_string().contains("guest account"));
    }

    #[test]
    fn nobody_is_offered_what_they_cannot_do() {
        for view in [
            CancelView { may_act: false, ..view() },
            CancelView { too_late: true, ..view() },
            CancelView { over: true, ..view() },
        ] {
            assert!(!cancel(&view).into_string().contains("<form"));
        }
    }
}
