//! Problem pages: an id, why, what it means, what to do. The words about the steps' errors are the domain's.

use http::StatusCode;
use maud::{Markup, html};
use onboarding::{ErrorClass, ErrorName, Explanation};
use serde::Serialize;

use crate::answer::{Answer, json, page};
use crate::frame::frame;
use crate::{paths, text};

/// What can be wrong with a request before any onboarding is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebProblem {
    /// No such page.
    NotFound,
    /// The link was not made by us, or was cut off.
    LinkUnknown,
    /// A person's part was handed on since the link was made.
    LinkSuperseded,
    /// The form was sent by another site.
    CrossSite,
    /// The page is read only, or for sending only.
    MethodNotAllowed,
    /// The form is larger than any form of ours.
    TooLarge,
    /// The link is for looking.
    ViewOnly,
    /// The operator's pages are not set up.
    OperatorOff,
    /// Who signed in is none of the operators.
    OperatorNotMember,
    /// An operator's sign-in came to nothing.
    OperatorSignIn,
}

impl WebProblem {
    /// Every problem.
    pub const ALL: [Self; 10] = [
        Self::NotFound,
        Self::LinkUnknown,
        Self::LinkSuperseded,
        Self::CrossSite,
        Self::MethodNotAllowed,
        Self::TooLarge,
        Self::ViewOnly,
        Self::OperatorOff,
        Self::OperatorNotMember,
        Self::OperatorSignIn,
    ];

    /// The stable id.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::NotFound => "Page.NotFound",
            Self::LinkUnknown => "Link.Unknown",
            Self::LinkSuperseded => "Link.Superseded",
            Self::CrossSite => "Form.CrossSite",
            Self::MethodNotAllowed => "Page.MethodNotAllowed",
            Self::TooLarge => "Form.TooLarge",
            Self::ViewOnly => "Link.ViewOnly",
            Self::OperatorOff => "Operator.Off",
            Self::OperatorNotMember => "Operator.NotMember",
            Self::OperatorSignIn => "Operator.SignIn",
        }
    }

    /// The status.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::NotFound | Self::LinkUnknown | Self::OperatorOff => StatusCode::NOT_FOUND,
            Self::CrossSite | Self::ViewOnly | Self::OperatorNotMember | Self::OperatorSignIn => StatusCode::FORBIDDEN,
            Self::LinkSuperseded => StatusCode::GONE,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        }
    }

    /// What people read.
    #[must_use]
    pub fn explanation(self) -> Explanation {
        let (title, cause, effect, next_step) = match self {
            Self::NotFound => (
                "No such page",
                "The address leads to nothing here.",
                "Nothing happened.",
                "Go to the start page, or open the link in your newest mail.",
            ),
            Self::LinkUnknown => (
                "This link leads nowhere",
                "The link is not complete, or was not made by this service.",
                "Nothing happened.",
                "Open the link in your newest mail again; copy all of it if you copy it.",
            ),
            Self::LinkSuperseded => (
                "This link is old",
                "The part that this link was for has been handed to somebody else, who has a link of their own.",
                "Nothing happened. The onboarding goes on without you.",
                "If it is your part again, open the link in your newest mail.",
            ),
            Self::CrossSite => (
                "This form was sent by another site",
                "Your browser says that the form was not sent from a page of ours.",
                "Nothing was done.",
                "Open the link in your newest mail and use the button there.",
            ),
            Self::MethodNotAllowed => (
                "This page can't be used that way",
                "The address was called with a method that it doesn't have.",
                "Nothing was done.",
                "Open the link in your newest mail and use the buttons there.",
            ),
            Self::TooLarge => (
                "That is too much",
                "The form holds more than any form of ours can.",
                "Nothing was read and nothing was done.",
                "Shorten what you typed and send the form again.",
            ),
            Self::ViewOnly => (
                "This link is for looking only",
                "Only the owner and the Partner Center administrator can act, through the links in their mails.",
                "Nothing was done.",
                "Ask the person whose turn it is.",
            ),
            Self::OperatorOff => (
                "The operator's pages are off",
                "No directory and no group of operators is named in this deployment.",
                "Nobody can sign in here. Onboardings go on as usual.",
                "If you run this service, set the template's parameters OperatorTenantId and OperatorGroupId and deploy it again.",
            ),
            Self::OperatorNotMember => (
                "Your account is none of the operators'",
                "You signed in, and your account is not in the group of operators that this deployment names.",
                "Nothing was shown and nothing was done.",
                "Ask whoever keeps the group to add you, or sign in with another account.",
            ),
            Self::OperatorSignIn => (
                "The sign-in did not work",
                "Microsoft refused it, it took longer than ten minutes, it was used before, or it was begun in another browser.",
                "You are not signed in. Nothing was done.",
                "Go to the operator's page and sign in again. The service's log says what Microsoft answered.",
            ),
        };
        let said = |part: &str, english: &'static str| texts::of(&format!("problem.{}.{part}", self.id()), english);
        Explanation {
            title: said("title", title),
            cause: said("cause", cause),
            effect: said("effect", effect),
            next_step: said("next-step", next_step),
        }
    }

    /// The whole answer, as a page or as JSON.
    #[must_use]
    pub fn answer(self, wants_json: bool) -> Answer {
        problem(self.status(), self.id(), self.explanation(), None, wants_json)
    }
}

fn status_of(name: ErrorName) -> StatusCode {
    match (name, name.class()) {
        (ErrorName::OnboardingNotFound, _) => StatusCode::NOT_FOUND,
        (ErrorName::Closed | ErrorName::WaitExpired | ErrorName::Cancelled, _) => StatusCode::GONE,
        (ErrorName::InputInvalid, _) => StatusCode::BAD_REQUEST,
        (ErrorName::InternalBug, _) => StatusCode::INTERNAL_SERVER_ERROR,
        (ErrorName::UpstreamRejected, _) => StatusCode::BAD_GATEWAY,
        (_, ErrorClass::Retry) => StatusCode::SERVICE_UNAVAILABLE,
        (_, ErrorClass::SignIn) => StatusCode::FORBIDDEN,
        (_, ErrorClass::Fix | ErrorClass::Confirm | ErrorClass::End) => StatusCode::CONFLICT,
    }
}

/// A problem with one of the domain's names: its answer, as a page or as JSON.
#[must_use]
pub fn explained(name: ErrorName, link: Option<&str>, wants_json: bool) -> Answer {
    problem(status_of(name), name.as_str(), texts::explanation(name), link, wants_json)
}

#[derive(Serialize)]
struct Told<'a> {
    error: &'a str,
    #[serde(flatten)]
    explanation: Explanation,
}

/// A problem's answer, as a page or as JSON.
#[must_use]
pub fn problem(status: StatusCode, id: &str, explanation: Explanation, link: Option<&str>, wants_json: bool) -> Answer {
    if wants_json {
        return json(status, &Told { error: id, explanation });
    }
    page(status, problem_page(id, explanation, link))
}

fn problem_page(id: &str, explanation: Explanation, link: Option<&str>) -> Markup {
    let content = html! {
        h1 { (explanation.title) }
        dl {
            dt { (text::CAUSE) }
            dd { (explanation.cause) }
            dt { (text::EFFECT) }
            dd { (explanation.effect) }
            dt { (text::NEXT) }
            dd { (explanation.next_step) }
            dt { (text::ERROR_ID) }
            dd { code { (id) } }
        }
        @if id.starts_with("Link.") { p { a href=(paths::NEW_LINK) { (text::signup::NEW_LINK_TITLE) } } }
        @if id.starts_with("Operator.") && id != WebProblem::OperatorOff.id() {
            p { a href=(paths::OPERATOR) { (text::operator::TITLE) } }
        }
        @if let Some(link) = link {
            p { a href=(paths::progress(link)) { (text::BACK_TO_PROGRESS) } }
        }
    };
    frame(explanation.title, None, &content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_why_what_it_means_what_to_do_and_its_id() {
        for name in ErrorName::ALL {
            let answer = explained(*name, None, false);
            assert!(!answer.status().is_success(), "{name}");
            assert!(answer.body().contains(name.as_str()), "{name}");
            assert!(answer.body().contains(name.explanation().title), "{name}");
        }
    }

    #[test]
    fn a_program_gets_the_same_as_json() {
        let answer = WebProblem::LinkUnknown.answer(true);
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        let told: serde_json::Value = serde_json::from_str(answer.body()).unwrap();
        assert_eq!(told["error"], "Link.Unknown");
        assert!(told["next_step"].as_str().is_some());
    }
}
