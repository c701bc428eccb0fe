//! The frame around every page, and the pieces that several pages share.

use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use onboarding::{Actor, Directory};

use crate::form::Problem;
use crate::{paths, text};

/// A whole page. `title` is the page's name and holds nobody's name or address: titles end up in histories.
pub(crate) fn frame(title: &str, reference: Option<&str>, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(texts::language().tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex, nofollow";
                title { (title) " · " (text::PRODUCT) }
                link rel="stylesheet" href=(paths::STYLE);
                script src=(paths::SCRIPT) defer {}
            }
            body {
                a.skip href="#content" { (text::SKIP) }
                header { a.brand href=(paths::START) { (text::PRODUCT) } }
                main #content tabindex="-1" { (content) }
                footer {
                    @if let Some(reference) = reference {
                        p { (text::REFERENCE) " " (reference) }
                    }
                    p { (text::FOOTER) }
                    nav aria-label=(text::LANGUAGES) {
                        @for language in texts::Language::all() {
                            @if language == texts::language() {
                                span.language aria-current="true" lang=(language.tag()) { (language.own_name()) }
                            } @else {
                                a.language href={ "?" (crate::asked::LANGUAGE) "=" (language.tag()) } lang=(language.tag()) hreflang=(language.tag()) { (language.own_name()) }
                            }
                            " "
                        }
                    }
                }
            }
        }
    }
}

/// An instant, where the reader is and in UTC, readable by people and by programs.
pub(crate) fn time(at: Timestamp) -> Markup {
    html! { time datetime=(at.strftime("%Y-%m-%dT%H:%M:%SZ")) { (texts::at(at)) } }
}

/// The person, in words.
pub(crate) fn person(actor: Actor) -> text::Text {
    match actor {
        Actor::Owner => text::OWNER,
        Actor::PartnerAdmin => text::PARTNER_ADMIN,
    }
}

/// The directory, in words.
pub(crate) fn directory(directory: Directory) -> text::Text {
    match directory {
        Directory::Source => text::DIRECTORY_SOURCE,
        Directory::Partner => text::DIRECTORY_PARTNER,
    }
}

/// The summary of a form's problems: announced at once, each entry a link to its field.
pub(crate) fn error_summary(problems: &[Problem]) -> Markup {
    if problems.is_empty() {
        return PreEscaped(String::new());
    }
    html! {
        div.panel.bad.error-summary role="alert" aria-labelledby="error-summary" tabindex="-1" {
            h2 #error-summary { (text::FORM_ERRORS) }
            ul {
                @for problem in problems {
                    li {
                        @if problem.field.is_empty() {
                            (problem.message)
                        } @else {
                            a href={ "#" (problem.field) } { (problem.message) }
                        }
                        " " span.muted { "(" (problem.id) ")" }
                    }
                }
            }
        }
    }
}

/// The problem of one field, if it has one.
pub(crate) fn problem_of<'a>(problems: &'a [Problem], field: &str) -> Option<&'a Problem> {
    problems.iter().find(|problem| problem.field == field)
}

/// The ids that describe a field, for `aria-describedby`.
pub(crate) fn described_by(field: &str, hint: bool, wrong: bool) -> Option<String> {
    match (hint, wrong) {
        (false, false) => None,
        (true, false) => Some(format!("{field}-hint")),
        (false, true) => Some(format!("{field}-error")),
        (true, true) => Some(format!("{field}-hint {field}-error")),
    }
}

/// The text next to a field that is wrong.
pub(crate) fn field_error(field: &str, problem: Option<&Problem>) -> Markup {
    html! {
        @if let Some(problem) = problem {
            p.error id={ (field) "-error" } { (text::FORM_ERROR_PREFIX) (problem.message) }
        }
    }
}

/// An address that lets its owner recognise it and nobody else learn it: `k…@contoso.com`.
#[must_use]
pub fn masked(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((name, domain)) => {
            let first: String = name.chars().take(1).collect();
            format!("{first}…@{domain}")
        }
        None => "…".to_owned(),
    }
}
