//! The other route: what it changes, before the button that chooses it.

use maud::{Markup, html};

use crate::frame::frame;
use crate::text::people as words;
use crate::{paths, text};

/// What the page shows.
#[derive(Debug)]
pub struct RouteView<'a> {
    /// The person's link.
    pub link: &'a str,
    /// The onboarding's short reference.
    pub reference: &'a str,
    /// The owner's address.
    pub owner: &'a str,
    /// The partner admin's address.
    pub partner: &'a str,
    /// Whether a guest whom we invited has to be removed.
    pub guest: bool,
}

/// The page.
#[must_use]
pub fn route(view: &RouteView<'_>) -> Markup {
    let people = [("owner", view.owner), ("partner", view.partner)];
    let content = html! {
        h1 { (words::ROUTE_TITLE) }
        p { (words::ROUTE_WHAT.with(&people)) }
        h2 { (words::ROUTE_CHANGES) }
        ul {
            li { (words::ROUTE_PARTNER.with(&people)) }
            li { (words::ROUTE_OWNER.with(&people)) }
            @if view.guest { li { (words::ROUTE_GUEST) } }
            li { (words::ROUTE_CONFIRM) }
        }
        p { (words::ROUTE_NOTHING) }
        div.actions {
            form method="post" action=(paths::route(view.link)) {
                button type="submit" { (words::ROUTE_BUTTON) }
            }
            a.button.quiet href=(paths::turn(view.link)) { (words::ROUTE_KEEP) }
        }
        p { a href=(paths::progress(view.link)) { (text::BACK_TO_PROGRESS) } }
    };
    frame(words::ROUTE_TITLE.said(), Some(view.reference), &content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_who_accepts_and_what_becomes_of_the_guest() {
        for guest in [false, true] {
            let view = RouteView {
                link: "L",
                reference: "ABCD-1234",
                owner: "rosa@fabrikam.com",
                partner: "kim@contoso.com",
                guest,
            };
            let page = route(&view).into_string();
            assert!(page.contains("kim@contoso.com accepts the move") && page.contains("rosa@fabrikam.com is made no"));
            assert!(page.contains(r#"<form method="post" action="/o/L/route">"#));
            assert_eq!(page.contains("is removed again"), guest);
        }
    }
}
