//! A fix that a person has to make outside, with a text to forward where someone else has to make it.

use jiff::Timestamp;
use maud::{Markup, html};
use onboarding::{ErrorName, Explanation};

use crate::frame::{frame, time};
use crate::{paths, text};

/// What a request to a Global Administrator is about.
#[derive(Debug)]
pub struct Request<'a> {
    /// Which policy is in the way.
    pub blocked: ErrorName,
    /// The directory whose policy it is: name and id.
    pub directory: (&'a str, &'a str),
    /// The other directory's name.
    pub other: &'a str,
    /// The account to exempt.
    pub account: &'a str,
    /// Its object id in that directory, once it is known: what the list of exempted accounts holds.
    pub object_id: Option<&'a str>,
    /// The subscription's id.
    pub subscription: &'a str,
}

impl Request<'_> {
    /// The text, ready to be forwarded. It holds no link: links are personal.
    #[must_use]
    pub fn words(&self, reference: &str) -> String {
        let template =
            if self.blocked == ErrorName::EnteringBlocked { text::FIX_REQUEST_ENTER } else { text::FIX_REQUEST_LEAVE };
        template.with(&[
            ("directory", self.directory.0),
            ("tenant", self.directory.1),
            ("other", self.other),
            ("account", self.account),
            ("object", self.object_id.unwrap_or(text::FIX_OBJECT_UNKNOWN.said())),
            ("subscription", self.subscription),
            ("reference", reference),
        ])
    }
}

/// An invitation that Microsoft refused.
#[derive(Debug)]
pub struct Invitation<'a> {
    /// Whom it was for.
    pub address: &'a str,
    /// Microsoft's words.
    pub said: Option<&'a str>,
    /// Whether it goes on without one, if somebody chooses that.
    pub may_do_without: bool,
}

/// What the page shows.
#[derive(Debug)]
pub struct FixView<'a> {
    /// The person's link.
    pub link: &'a str,
    /// The onboarding's short reference.
    pub reference: &'a str,
    /// The problem's stable id.
    pub id: &'a str,
    /// What it is and what to do.
    pub explanation: Explanation,
    /// A request to forward, where a Global Administrator has to act.
    pub request: Option<Request<'a>>,
    /// The invitation, where it is about one.
    pub invitation: Option<Invitation<'a>>,
    /// Until when.
    pub deadline: Timestamp,
}

/// The page about a fix.
#[must_use]
pub fn fix(view: &FixView<'_>) -> Markup {
    let content = html! {
        h1 { (view.explanation.title) }
        dl {
            dt { (text::CAUSE) }
            dd { (view.explanation.cause) }
            dt { (text::EFFECT) }
            dd { (view.explanation.effect) }
            dt { (text::NEXT) }
            dd { (view.explanation.next_step) }
            @if let Some(invitation) = &view.invitation {
                dt { (text::FIX_INVITATION) }
                dd { (invitation.address) }
                @if let Some(said) = invitation.said { dt { (text::FIX_INVITATION_SAID) } dd { (said) } }
            }
            dt { (text::TURN_UNTIL) }
            dd { (time(view.deadline)) }
            dt { (text::ERROR_ID) }
            dd { code { (view.id) } }
        }
        @if let Some(request) = &view.request {
            h2 #forward { (text::FIX_FORWARD) }
            pre tabindex="0" aria-labelledby="forward" { (request.words(view.reference)) }
        }
        @if view.invitation.is_some() {
            p { (text::FIX_INVITATION_ADDRESS) }
        } @else {
            p.muted { (text::FIX_OTHER) }
        }
        div.actions {
            form method="post" action=(paths::check_again(view.link)) {
                button type="submit" { (text::FIX_CHECK) }
            }
            @if view.invitation.as_ref().is_some_and(|invitation| invitation.may_do_without) {
                a.button.quiet href=(paths::route(view.link)) { (text::FIX_INVITATION_ROUTE) }
            }
            a.button.quiet href=(paths::progress(view.link)) { (text::BACK_TO_PROGRESS) }
        }
        p.muted { (text::FIX_CHECK_SAID) }
    };
    frame(view.explanation.title, Some(view.reference), &content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_invitation_is_told_with_its_address_and_the_way_without_one_while_there_is_one() {
        for may_do_without in [true, false] {
            let page = fix(&FixView {
                link: "L",
                reference: "ABCD-1234",
                id: ErrorName::InvitationRefused.as_str(),
                explanation: texts::explanation(ErrorName::InvitationRefused),
                request: None,
                invitation: Some(Invitation { address: "rosa@fabrikam.com", said: Some("<b>No.</b>"), may_do_without }),
                deadline: "2026-05-16T17:00:00Z".parse().unwrap(),
            })
            .into_string();
            assert!(page.contains("rosa@fabrikam.com") && page.contains("No.") && !page.contains("<b>"));
            assert_eq!(page.contains(r#"href="/o/L/route""#), may_do_without);
            assert!(page.contains(r#"action="/o/L/check-again""#));
        }
    }

    #[test]
    fn a_blocked_policy_comes_with_a_request_that_can_be_forwarded_as_it_is() {
        for (blocked, word) in [(ErrorName::LeavingBlocked, "leaving"), (ErrorName::EnteringBlocked, "entering")] {
            let page = fix(&FixView {
                link: "01ABC.o.secret",
                reference: "ABCD-1234",
                id: blocked.as_str(),
                explanation: texts::explanation(blocked),
                request: Some(Request {
                    blocked,
                    directory: ("Fabrikam", "45ffe2da-b7a4-460f-9e4c-51afd47b94cb"),
                    other: "Contoso",
                    account: "rosa@outlook.com",
                    object_id: None,
                    subscription: "6c3c85bc-5366-4eaa-8055-a10529eafd03",
                }),
                invitation: None,
                deadline: "2026-05-16T17:00:00Z".parse().unwrap(),
            })
            .into_string();
            let request = page.split("<pre").nth(1).unwrap().split("</pre>").next().unwrap();
            for piece in [word, "rosa@outlook.com", "Fabrikam", "45ffe2da", "6c3c85bc", "ABCD-1234", "Subject:"] {
                assert!(request.contains(piece), "{piece}");
            }
            assert!(!request.contains("secret"), "a request to forward must not hold the link");
            assert!(!request.contains('{'), "every value is filled in");
            assert!(page.contains(r#"action="/o/01ABC.o.secret/check-again""#));
        }
    }
}
