//! Which subscription? The owner signed in, and Azure shows their account several, or not the one that was asked for.

use impact::preflight::{Check, CheckId, Choice, InSight, Preflight, State};
use jiff::Timestamp;
use maud::{Markup, html};
use onboarding::{ErrorName, Explanation, SubscriptionId};

use crate::form::{Fields, Problem};
use crate::frame::{described_by, error_summary, field_error, frame, problem_of, time};
use crate::text::{impact as words, people as said};
use crate::{paths, text};

/// The chosen subscription's id.
pub const FIELD_SUBSCRIPTION: &str = "subscription";
/// The id of one that is not on the list.
pub const FIELD_OTHER_SUBSCRIPTION: &str = "other-subscription";

/// What the page shows.
#[derive(Debug)]
pub struct ChooseView<'a> {
    /// The owner's link.
    pub link: &'a str,
    /// The onboarding's short reference.
    pub reference: &'a str,
    /// Why there is something to choose: [`ErrorName::SubscriptionNotChosen`] or [`ErrorName::SubscriptionNotVisible`].
    pub why: ErrorName,
    /// The same in words.
    pub explanation: Explanation,
    /// The subscription that was looked for, if one was named.
    pub looked_for: Option<&'a SubscriptionId>,
    /// The directory that was asked.
    pub directory: &'a str,
    /// What was seen with the owner's sign-in.
    pub checks: &'a Preflight,
    /// What was typed.
    pub values: &'a Fields,
    /// What is wrong with it.
    pub problems: &'a [Problem],
    /// Until when.
    pub deadline: Timestamp,
    /// Whether the part can be handed to somebody with another account.
    pub may_forward: bool,
}

/// What is wrong with a choice.
#[must_use]
pub fn choose_wrong(field: &'static str) -> Problem {
    let message = if field == FIELD_OTHER_SUBSCRIPTION { said::CHOOSE_NO_ID } else { said::CHOOSE_NONE };
    Problem::new(field, "Input.Invalid", message.said())
}

/// The checks that explain an empty list, in the order in which a person asks: where we looked, as whom, and what we saw there.
const EXPLAINING: [CheckId; 4] =
    [CheckId::SubscriptionVisible, CheckId::OwnerRole, CheckId::SubscriptionState, CheckId::Offer];

fn explaining(check: &Check) -> Markup {
    let (title, _) = words::check(check.id);
    let (sign, state) = words::state(check.state);
    let case = words::CASES.iter().find(|(case, _)| *case == check.case).map(|(_, words)| words.said());
    html! {
        li {
            span.state { span aria-hidden="true" { (sign) } " " (title) ": " (state) }
            @if let Some(case) = case { span.muted { " (" (case) ")" } }
        }
    }
}

/// One subscription to choose, with the reason where it is none.
fn choice(one: &Choice, chosen: bool) -> Markup {
    let id = format!("subscription-{}", one.id);
    let case =
        words::CASES.iter().find(|(case, _)| *case == one.case).map_or(one.case.as_str(), |(_, words)| words.said());
    let stuck = one.movable == State::Fails;
    let (sign, _) = words::state(one.movable);
    html! {
        div.choice {
            input type="radio" id=(id) name=(FIELD_SUBSCRIPTION) value=(one.id) checked[chosen && !stuck] disabled[stuck];
            label for=(id) {
                strong { (one.name) } " " code { (one.id) } br;
                span.muted {
                    span aria-hidden="true" { (sign) } " " (case)
                    @if stuck { ". " (said::CHOOSE_STUCK) }
                }
            }
        }
    }
}

fn where_we_looked(view: &ChooseView<'_>, seen: &InSight) -> Markup {
    html! {
        h2 { (said::CHOOSE_LOOKED) }
        ul {
            li { (said::CHOOSE_DIRECTORY.with(&[("directory", view.directory)])) }
            @for check in EXPLAINING.iter().filter_map(|id| view.checks.get(*id)) { (explaining(check)) }
            @if seen.directories.is_empty() { li { (said::CHOOSE_NO_OTHERS) } } @else {
                li {
                    (said::CHOOSE_OTHERS)
                    ul { @for one in &seen.directories {
                        li { @if let Some(name) = &one.name { (name) " " } code { (one.id) } }
                    } }
                }
            }
        }
    }
}

/// The page.
#[must_use]
pub fn choose(view: &ChooseView<'_>) -> Markup {
    let seen = view.checks.in_sight();
    let other = view.why == ErrorName::SubscriptionNotVisible;
    let (problem, problem_of_other) =
        (problem_of(view.problems, FIELD_SUBSCRIPTION), problem_of(view.problems, FIELD_OTHER_SUBSCRIPTION));
    let content = html! {
        h1 { (view.explanation.title) }
        (error_summary(view.problems))
        p { (view.explanation.cause) " " (view.explanation.effect) }
        @if let Some(id) = view.looked_for { p { (said::CHOOSE_LOOKED_FOR) " " code { (id) } } }
        @if other { (where_we_looked(view, &seen)) }
        form method="post" action=(paths::choose(view.link)) novalidate {
            @if !seen.subscriptions.is_empty() {
                fieldset #(FIELD_SUBSCRIPTION) tabindex="-1" aria-describedby=[described_by(FIELD_SUBSCRIPTION, false, problem.is_some())] {
                    legend { (said::CHOOSE_LEGEND) }
                    (field_error(FIELD_SUBSCRIPTION, problem))
                    @for one in &seen.subscriptions {
                        (choice(one, view.values.get(FIELD_SUBSCRIPTION) == one.id.as_str()))
                    }
                    @if seen.more > 0 { p.muted { (said::CHOOSE_MORE.with(&[("n", &seen.more.to_string())])) } }
                }
            }
            @if other {
                div.field {
                    label for=(FIELD_OTHER_SUBSCRIPTION) { (said::CHOOSE_ID) }
                    p.hint id={ (FIELD_OTHER_SUBSCRIPTION) "-hint" } { (said::CHOOSE_ID_HINT) }
                    (field_error(FIELD_OTHER_SUBSCRIPTION, problem_of_other))
                    input id=(FIELD_OTHER_SUBSCRIPTION) name=(FIELD_OTHER_SUBSCRIPTION) type="text" autocomplete="off"
                        spellcheck="false" value=(view.values.get(FIELD_OTHER_SUBSCRIPTION))
                        aria-invalid=[problem_of_other.map(|_| "true")]
                        aria-describedby=[described_by(FIELD_OTHER_SUBSCRIPTION, true, problem_of_other.is_some())];
                }
            }
            p.muted { (said::CHOOSE_NOTHING_YET) }
            p.actions { button type="submit" { (said::CHOOSE_BUTTON) } }
        }
        div.actions {
            form method="post" action=(paths::check_again(view.link)) {
                button.quiet type="submit" aria-describedby="again-said" { (text::FIX_CHECK) }
            }
            @if view.may_forward { a.button.quiet href=(paths::forward(view.link)) { (said::CHOOSE_OTHER_ACCOUNT) } }
            a.button.quiet href=(paths::cancel(view.link)) { (text::PROGRESS_CANCEL) }
        }
        p.muted #again-said { (text::FIX_CHECK_SAID) }
        dl {
            dt { (text::TURN_UNTIL) } dd { (time(view.deadline)) }
            dt { (text::ERROR_ID) } dd { code { (view.why.as_str()) } }
        }
        p { a href=(paths::progress(view.link)) { (text::BACK_TO_PROGRESS) } }
    };
    let title = if view.problems.is_empty() {
        view.explanation.title.to_owned()
    } else {
        format!("{}{}", text::FORM_ERROR_PREFIX.said(), view.explanation.title)
    };
    frame(&title, Some(view.reference), &content)
}

/// What the subscription is called: its name, its id where the name is not known, or that there is none yet.
#[must_use]
pub fn subscription_said<'a>(name: Option<&'a str>, id: &'a SubscriptionId) -> &'a str {
    match name {
        Some(name) => name,
        None if id.is_chosen() => id.as_str(),
        None => said::CHOOSE_NOT_YET.said(),
    }
}

#[cfg(test)]
mod tests {
    use impact::preflight::OtherDirectory;
    use onboarding::{Actor, TenantId};

    use super::*;

    const ONE: &str = "6c3c85bc-5366-4eaa-8055-a10529eafd03";

    fn row(id: CheckId, state: State, case: &str, evidence: serde_json::Value) -> Check {
        Check {
            id,
            state,
            case: case.into(),
            evidence: evidence.as_object().cloned().unwrap_or_default(),
            source: "GET subscriptions".into(),
            fixer: None,
            seen_by: Actor::Owner,
            at: "2026-05-12T09:59:48Z".into(),
        }
    }

    fn shown(why: ErrorName, seen: &InSight, values: &Fields, problems: &[Problem]) -> String {
        let evidence = serde_json::to_value(seen).unwrap();
        let checks = Preflight(vec![
            row(CheckId::OwnerRole, State::Fails, "none", serde_json::json!({})),
            row(CheckId::SubscriptionVisible, State::Fails, "not-visible", evidence),
        ]);
        let looked_for = SubscriptionId::parse(ONE).unwrap();
        choose(&ChooseView {
            link: "01ABC.o.secret",
            reference: "ABCD-1234",
            why,
            explanation: texts::explanation(why),
            looked_for: Some(&looked_for),
            directory: "f3a0f89e-12ab-4bcd-8e9f-0123456789ab",
            checks: &checks,
            values,
            problems,
            deadline: "2026-05-16T17:00:00Z".parse().unwrap(),
            may_forward: true,
        })
        .into_string()
    }

    fn seen() -> InSight {
        let choice = |id: &str, name: &str, movable, case: &str| Choice {
            id: SubscriptionId::parse(id).unwrap(),
            name: name.into(),
            movable,
            case: case.into(),
        };
        InSight {
            subscriptions: vec![
                choice(ONE, "<b>Shop", State::Holds, "offer-pay-as-you-go"),
                choice("b11a05c8-6acc-435e-9a51-2140dea093a5", "Resold", State::Fails, "offer-csp"),
            ],
            more: 3,
            directories: vec![OtherDirectory {
                id: TenantId::parse("45ffe2da-b7a4-460f-9e4c-51afd47b94cb").unwrap(),
                name: Some("Fabrikam".into()),
            }],
        }
    }

    #[test]
    fn who_sees_several_chooses_one_and_reads_why_another_is_none() {
        let page = shown(ErrorName::SubscriptionNotChosen, &seen(), &Fields::default(), &[]);
        assert!(page.contains("&lt;b&gt;Shop") && !page.contains("<b>Shop"), "names are inert");
        let stuck = page.split("id=\"subscription-b11a05c8").nth(1).unwrap().split('>').next().unwrap();
        assert!(stuck.contains("disabled"), "{stuck}");
        assert!(page.contains("Cloud Solution Provider") && page.contains("Subscription.NotChosen"), "{page}");
        assert!(page.contains("/o/01ABC.o.secret/choose") && !page.contains(FIELD_OTHER_SUBSCRIPTION));
    }

    #[test]
    fn who_does_not_see_it_reads_where_was_looked_and_can_name_another_or_bring_another_account() {
        let page = shown(ErrorName::SubscriptionNotVisible, &seen(), &Fields::default(), &[]);
        for piece in [
            "Fabrikam",
            "f3a0f89e",
            FIELD_OTHER_SUBSCRIPTION,
            "/forward\"",
            "/check-again\"",
            "/cancel\"",
            "there is none",
        ] {
            assert!(page.contains(piece), "{piece}");
        }
        let nothing = shown(ErrorName::SubscriptionNotVisible, &InSight::default(), &Fields::default(), &[]);
        assert!(!nothing.contains("type=\"radio\""));
    }

    #[test]
    fn a_wrong_choice_is_announced_at_its_field_and_what_was_typed_stays() {
        let values = Fields::default().with(FIELD_OTHER_SUBSCRIPTION, "shop");
        let problems = [choose_wrong(FIELD_OTHER_SUBSCRIPTION)];
        let page = shown(ErrorName::SubscriptionNotVisible, &seen(), &values, &problems);
        for piece in
            ["<title>Error: ", "role=\"alert\"", "value=\"shop\"", "aria-invalid=\"true\"", "#other-subscription"]
        {
            assert!(page.contains(piece), "{piece}");
        }
    }

    #[test]
    fn a_subscription_is_called_by_its_name_its_id_or_none() {
        let id = SubscriptionId::parse(ONE).unwrap();
        assert_eq!(subscription_said(Some("Shop"), &id), "Shop");
        assert_eq!(subscription_said(None, &id), ONE);
        assert!(!subscription_said(None, &SubscriptionId::not_chosen()).contains("0000"));
    }
}
