//! The sign-up form. Field names are those of the request's schema, so that a problem leads to its field.

use maud::{Markup, html};
use onboarding::{AccountKind, Actor, Cloud, OnboardingId, Route, TenantId};

use crate::form::{Fields, Problem};
use crate::frame::{described_by, error_summary, field_error, frame, problem_of};
use crate::text::signup as words;
use crate::{paths, text};

/// The hidden field with the id that the onboarding will have. It is made when the form is shown:
/// sending the form twice is one onboarding.
pub const FIELD_ONBOARDING: &str = "onboardingId";
/// Who fills in the form: `owner`, `partner-admin` or `other`.
pub const FIELD_INITIATOR: &str = "initiator";
/// Their own address, if they are neither.
pub const FIELD_INITIATOR_EMAIL: &str = "initiatorEmail";

/// What a field of the request is called on the form.
#[must_use]
pub fn field_label(field: &str) -> &str {
    match field {
        "subscriptionId" => text::FORM_SUBSCRIPTION.said(),
        "sourceDirectory" => words::SOURCE.said(),
        "partnerDirectory" => text::FORM_DIRECTORY.said(),
        "partnerAdminEmail" => text::FORM_PARTNER.said(),
        "ownerEmail" => text::FORM_OWNER.said(),
        "ownerAccount" => text::FORM_ACCOUNT.said(),
        "cloud" => text::FORM_CLOUD.said(),
        "route" => text::FORM_ROUTE.said(),
        "reference" => text::FORM_REFERENCE.said(),
        "timeZone" => words::ZONE.said(),
        other => other,
    }
}

/// What is wrong with a field, in the reader's language, as it follows its label. What has no words of its own there stays as it is.
#[must_use]
pub fn mistake_said(english: &str) -> &str {
    words::MISTAKES.iter().find(|known| known.english == english).map_or(english, |known| known.said())
}

/// What the form shows.
#[derive(Debug)]
pub struct FormView<'a> {
    /// The id that the onboarding will have.
    pub onboarding: &'a OnboardingId,
    /// What was typed, or what is filled in.
    pub values: &'a Fields,
    /// What is wrong with it.
    pub problems: &'a [Problem],
    /// The clouds to choose from.
    pub clouds: &'a [Cloud],
    /// What is known of what was typed, if it was asked for.
    pub found: Option<&'a Found>,
}

/// The value of the button that only looks: see [`super::FIELD_BUTTON`].
pub const DO_CHECK: &str = "check";

/// What can be known of a form's content without anybody's sign-in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The partner directory's id.
    pub directory: Option<TenantId>,
    /// The directory that the subscription is in, as Azure says.
    pub subscription_in: Option<TenantId>,
    /// The id of the directory that was named as the one it is in.
    pub source: Option<TenantId>,
    /// Whether both people have the same address.
    pub same_address: bool,
}

fn found(found: &Found) -> Markup {
    html! {
        div.panel.good role="status" {
            h2 { (words::FOUND_TITLE) }
            ul {
                @if let Some(tenant) = &found.directory { li { (words::FOUND_DIRECTORY) " " code { (tenant) } } }
                @if let Some(tenant) = &found.subscription_in { li { (words::FOUND_SUBSCRIPTION) " " code { (tenant) } } }
                @if let (None, Some(tenant)) = (&found.subscription_in, &found.source) { li { (words::FOUND_SOURCE) " " code { (tenant) } } }
                @if found.directory.is_none() && found.subscription_in.is_none() && found.source.is_none() { li { (words::FOUND_NOTHING) } }
                @if found.same_address { li { (words::FOUND_SAME_ADDRESS) } }
            }
            p { (words::FOUND_NOTHING_SENT) }
        }
    }
}

struct Field<'a> {
    view: &'a FormView<'a>,
    name: &'static str,
    label: text::Text,
    hint: Option<text::Text>,
    kind: &'static str,
    autocomplete: Option<&'static str>,
    required: bool,
}

fn field(field: &Field<'_>) -> Markup {
    let problem = problem_of(field.view.problems, field.name);
    html! {
        div.field {
            label for=(field.name) { (field.label) }
            @if let Some(hint) = field.hint { p.hint id={ (field.name) "-hint" } { (hint) } }
            (field_error(field.name, problem))
            // No `required` and no `pattern`: the browser's own bubbles are less helpful than our page.
            input id=(field.name) name=(field.name) type=(field.kind) value=(field.view.values.get(field.name))
                spellcheck="false" autocomplete=(field.autocomplete.unwrap_or("off"))
                aria-required=[field.required.then_some("true")]
                aria-invalid=[problem.map(|_| "true")]
                aria-describedby=[described_by(field.name, field.hint.is_some(), problem.is_some())];
        }
    }
}

fn choices(
    view: &FormView<'_>,
    name: &'static str,
    legend: text::Text,
    default: &str,
    options: &[(&str, text::Text)],
) -> Markup {
    let chosen = view.values.filled(name).unwrap_or(default);
    let problem = problem_of(view.problems, name);
    html! {
        // The error summary leads to the group's id, hence a tabindex.
        fieldset id=(name) tabindex="-1" aria-describedby=[described_by(name, false, problem.is_some())] {
            legend { (legend) }
            (field_error(name, problem))
            @for (value, label) in options {
                div.choice {
                    input type="radio" id={ (name) "-" (value) } name=(name) value=(value) checked[chosen == *value];
                    label for={ (name) "-" (value) } { (label) }
                }
            }
        }
    }
}

/// What is wrong with the initiator's own address.
#[must_use]
pub fn initiator_wrong() -> Problem {
    Problem::new(FIELD_INITIATOR_EMAIL, "Input.Invalid", words::OTHER_EMAIL_WRONG.said())
}

/// What is wrong with the time zone.
#[must_use]
pub fn zone_wrong() -> Problem {
    Problem::new("timeZone", "Input.Invalid", words::ZONE_WRONG.said())
}

/// The sign-up form, empty or with what is wrong.
#[must_use]
pub fn signup_form(view: &FormView<'_>) -> Markup {
    let base = |name, label, hint| Field { view, name, label, hint, kind: "text", autocomplete: None, required: true };
    let cloud = view.values.filled("cloud").and_then(Cloud::parse).unwrap_or_default();
    let content = html! {
        h1 { (text::FORM_TITLE) }
        (error_summary(view.problems))
        @if let Some(what) = view.found { (found(what)) }
        form method="post" action=(paths::NEW) novalidate {
            input type="hidden" name=(FIELD_ONBOARDING) value=(view.onboarding);
            (choices(view, FIELD_INITIATOR, words::WHO, Actor::PartnerAdmin.as_str(), &[
                (Actor::PartnerAdmin.as_str(), words::WHO_PARTNER),
                (Actor::Owner.as_str(), words::WHO_OWNER),
                ("other", words::WHO_OTHER),
            ]))
            (field(&Field { kind: "email", autocomplete: Some("email"), required: false, ..base(FIELD_INITIATOR_EMAIL, words::OTHER_EMAIL, Some(words::OTHER_EMAIL_HINT)) }))
            (field(&Field { required: false, ..base("subscriptionId", text::FORM_SUBSCRIPTION, Some(text::FORM_SUBSCRIPTION_HINT)) }))
            (field(&Field { required: false, ..base("sourceDirectory", words::SOURCE, Some(words::SOURCE_HINT)) }))
            (field(&Field { kind: "email", autocomplete: Some("email"), ..base("ownerEmail", text::FORM_OWNER, Some(text::FORM_OWNER_HINT)) }))
            (choices(view, "ownerAccount", text::FORM_ACCOUNT, AccountKind::Unknown.as_str(), &[
                (AccountKind::Personal.as_str(), text::FORM_ACCOUNT_PERSONAL),
                (AccountKind::Work.as_str(), text::FORM_ACCOUNT_WORK),
                (AccountKind::Unknown.as_str(), text::FORM_ACCOUNT_UNKNOWN),
            ]))
            (field(&base("partnerDirectory", text::FORM_DIRECTORY, Some(text::FORM_DIRECTORY_HINT))))
            (field(&Field { kind: "email", autocomplete: Some("email"), ..base("partnerAdminEmail", text::FORM_PARTNER, Some(text::FORM_PARTNER_HINT)) }))
            div.field {
                label for="cloud" { (text::FORM_CLOUD) }
                (field_error("cloud", problem_of(view.problems, "cloud")))
                select #cloud name="cloud" aria-describedby=[described_by("cloud", false, problem_of(view.problems, "cloud").is_some())] {
                    @for choice in view.clouds {
                        option value=(choice) selected[*choice == cloud] { (choice.display_name()) }
                    }
                }
            }
            (choices(view, "route", text::FORM_ROUTE, Route::TwoParty.as_str(), &[
                (Route::TwoParty.as_str(), text::FORM_ROUTE_TWO),
                (Route::SingleAccount.as_str(), text::FORM_ROUTE_SINGLE),
            ]))
            (field(&Field { required: false, ..base("reference", text::FORM_REFERENCE, Some(text::FORM_REFERENCE_HINT)) }))
            (field(&Field { required: false, ..base("timeZone", words::ZONE, Some(words::ZONE_HINT)) }))
            p { (text::FORM_AFTER) }
            p.actions {
                button type="submit" { (text::FORM_SUBMIT) }
                button.quiet type="submit" name=(super::FIELD_BUTTON) value=(DO_CHECK) { (words::CHECK) }
            }
        }
    };
    let title = if view.problems.is_empty() {
        text::FORM_TITLE.said().to_owned()
    } else {
        format!("{}{}", text::FORM_ERROR_PREFIX.said(), text::FORM_TITLE.said())
    };
    frame(&title, None, &content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(values: &Fields, problems: &[Problem]) -> String {
        signup_form(&FormView {
            onboarding: &OnboardingId::from_parts(1, 2),
            values,
            problems,
            clouds: &Cloud::ALL,
            found: None,
        })
        .into_string()
    }

    #[test]
    fn a_problem_is_announced_linked_to_its_field_and_described_there() {
        let problem = Problem::new("subscriptionId", "Input.Invalid", "must be a GUID");
        let page = shown(&Fields::default().with("subscriptionId", "<b>x"), &[problem]);
        for piece in [
            r#"role="alert""#,
            r##"href="#subscriptionId""##,
            r#"id="subscriptionId-error""#,
            r#"aria-describedby="subscriptionId-hint subscriptionId-error""#,
            r#"aria-invalid="true""#,
            r#"value="&lt;b&gt;x""#,
            "<title>Error: ",
        ] {
            assert!(page.contains(piece), "{piece}");
        }
    }

    #[test]
    fn what_was_chosen_stays_chosen() {
        let values =
            Fields::default().with("ownerAccount", "personal").with("cloud", "china").with("route", "single-account");
        let page = shown(&values, &[]);
        assert!(page.contains(r#"value="personal" checked"#));
        assert!(page.contains(r#"value="single-account" checked"#));
        assert!(page.contains(r#"value="china" selected"#));
        assert_eq!(page.matches(" checked").count(), 3);
    }

    #[test]
    fn every_field_of_the_form_is_a_field_of_the_request() {
        let page = shown(&Fields::default(), &[]);
        for name in page.split(" name=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let known = onboarding::OnboardingRequest::FIELDS.contains(&name)
                || ["viewport", "robots", FIELD_INITIATOR, FIELD_INITIATOR_EMAIL, super::super::FIELD_BUTTON]
                    .contains(&name);
            assert!(known, "{name}");
        }
    }

    #[test]
    fn every_input_has_a_label() {
        let page = shown(&Fields::default(), &[]);
        for id in page.split("<input id=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(page.contains(&format!(r#"<label for="{id}""#)), "{id}");
        }
    }
}
