//! The confirmation of the move: what Azure will delete, line by line, and a deliberate act.

use maud::{Markup, html};

use crate::form::{Fields, Problem};
use crate::frame::{error_summary, field_error, frame, problem_of};
use crate::{paths, text};

/// The tick box about what is deleted.
pub const FIELD_TICK_DELETE: &str = "agree-delete";
/// The tick box about who controls the subscription.
pub const FIELD_TICK_DIRECTORY: &str = "agree-directory";
/// The subscription's name, typed.
pub const FIELD_NAME: &str = "subscription-name";
/// The hash of the report that the page showed.
pub const FIELD_HASH: &str = "report";

/// A role assignment that will be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleRow {
    /// Who has it.
    pub who: String,
    /// The role.
    pub role: String,
    /// Where it applies.
    pub scope: String,
    /// Whether it has a condition.
    pub conditional: bool,
    /// Whether it comes from above the subscription.
    pub inherited: bool,
}

/// A custom role that will be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomRoleRow {
    /// Its name.
    pub role: String,
    /// Where it can be assigned.
    pub scope: String,
}

/// What the page shows.
#[derive(Debug)]
pub struct ConfirmView<'a> {
    /// The owner's link.
    pub link: &'a str,
    /// The onboarding's short reference.
    pub reference: &'a str,
    /// The subscription's name, to be typed; its id where it has no name.
    pub subscription_name: &'a str,
    /// The subscription's id.
    pub subscription_id: &'a str,
    /// The directory it leaves: name and id.
    pub from: (&'a str, &'a str),
    /// The directory it goes to: name and id.
    pub to: (&'a str, &'a str),
    /// The partner admin's account, who is Owner afterwards.
    pub partner: &'a str,
    /// The owner's account, if it accepts the move as a guest and so is Owner afterwards too.
    pub accepting_guest: Option<&'a str>,
    /// The role assignments that will be deleted.
    pub roles: &'a [RoleRow],
    /// The custom roles that will be deleted.
    pub custom_roles: &'a [CustomRoleRow],
    /// The report's hash.
    pub report_hash: &'a str,
    /// What was typed and ticked.
    pub values: &'a Fields,
    /// What is wrong with it.
    pub problems: &'a [Problem],
}

/// What is wrong with a confirmation. Empty means that the person confirmed exactly this.
///
/// When the report changed since the page was opened, that is the only problem told: the person must read first.
#[must_use]
pub fn confirm_problems(posted: &Fields, subscription_name: &str, report_hash: &str) -> Vec<Problem> {
    if posted.get(FIELD_HASH) != report_hash {
        return vec![Problem::new("", "Confirm.ReportChanged", text::CONFIRM_CHANGED.english)];
    }
    let mut problems = Vec::new();
    for field in [FIELD_TICK_DELETE, FIELD_TICK_DIRECTORY] {
        if posted.get(field) != "yes" {
            problems.push(Problem::new(field, "Confirm.NotTicked", text::CONFIRM_TICK_MISSING.english));
        }
    }
    if posted.get(FIELD_NAME) != subscription_name.trim() {
        let message = text::CONFIRM_NAME_WRONG.with(&[("name", subscription_name)]);
        problems.push(Problem::new(FIELD_NAME, "Confirm.NameDiffers", message));
    }
    problems
}

fn tick(view: &ConfirmView<'_>, field: &'static str, said: &str) -> Markup {
    let problem = problem_of(view.problems, field);
    // A report that changed must be read and ticked again.
    let ticked = view.values.get(field) == "yes" && problem_of(view.problems, "").is_none();
    html! {
        div.field {
            (field_error(field, problem))
            div.choice {
                input type="checkbox" id=(field) name=(field) value="yes" checked[ticked]
                    aria-invalid=[problem.map(|_| "true")] aria-describedby=[problem.map(|_| format!("{field}-error"))];
                label for=(field) { (said) }
            }
        }
    }
}

/// The confirmation page.
#[must_use]
pub fn confirm(view: &ConfirmView<'_>) -> Markup {
    let (roles, custom) = (view.roles.len().to_string(), view.custom_roles.len().to_string());
    // Whoever accepts is made Owner by Azure.
    let owners = match view.accepting_guest {
        Some(guest) => text::CONFIRM_OWNERS.with(&[("one", guest), ("two", view.partner)]),
        None => text::CONFIRM_OWNER.with(&[("one", view.partner)]),
    };
    let name_problem = problem_of(view.problems, FIELD_NAME);
    let name_typed = if problem_of(view.problems, "").is_some() { "" } else { view.values.get(FIELD_NAME) };
    let content = html! {
        h1 { (text::CONFIRM_TITLE) }
        (error_summary(view.problems))
        div.panel.bad { p { strong { (text::CONFIRM_POINT) } } }
        dl {
            dt { (text::PROGRESS_SUBSCRIPTION) }
            dd { (view.subscription_name) br; code { (view.subscription_id) } }
            dt { (text::PROGRESS_FROM) }
            dd { (view.from.0) br; code { (view.from.1) } }
            dt { (text::PROGRESS_TO) }
            dd { (view.to.0) br; code { (view.to.1) } }
        }
        h2 { (text::CONFIRM_ROLES.with(&[("count", &roles)])) }
        @if view.roles.is_empty() { p { (text::CONFIRM_NO_ROLES) } } @else {
            div.wide tabindex="0" role="region" aria-label=(text::CONFIRM_ROLES.with(&[("count", &roles)])) {
                table {
                    thead { tr {
                        th scope="col" { (text::CONFIRM_COL_WHO) }
                        th scope="col" { (text::CONFIRM_COL_ROLE) }
                        th scope="col" { (text::CONFIRM_COL_SCOPE) }
                    } }
                    tbody {
                        @for row in view.roles { tr {
                            th scope="row" { (row.who) }
                            td { (text::role(&row.role, row.conditional, row.inherited)) }
                            td { (row.scope) }
                        } }
                    }
                }
            }
        }
        h2 { (text::CONFIRM_CUSTOM.with(&[("count", &custom)])) }
        @if view.custom_roles.is_empty() { p { (text::CONFIRM_NO_ROLES) } } @else {
            div.wide tabindex="0" role="region" aria-label=(text::CONFIRM_CUSTOM.with(&[("count", &custom)])) {
                table {
                    thead { tr {
                        th scope="col" { (text::CONFIRM_COL_ROLE) }
                        th scope="col" { (text::CONFIRM_COL_SCOPE) }
                    } }
                    tbody {
                        @for row in view.custom_roles { tr { th scope="row" { (row.role) } td { (row.scope) } } }
                    }
                }
            }
        }
        h2 { (text::CONFIRM_AFTER) }
        ul { @for said in text::CONFIRM_AFTER_SAID { li { (said.with(&[("owners", &owners)])) } } }
        form method="post" action=(paths::confirm(view.link)) novalidate {
            input type="hidden" name=(FIELD_HASH) value=(view.report_hash);
            (tick(view, FIELD_TICK_DELETE, &text::CONFIRM_TICK_DELETE.with(&[("roles", &roles), ("custom", &custom)])))
            (tick(view, FIELD_TICK_DIRECTORY, &text::CONFIRM_TICK_DIRECTORY.with(&[("to", view.to.0)])))
            div.field {
                label for=(FIELD_NAME) { (text::CONFIRM_NAME.with(&[("name", view.subscription_name)])) }
                (field_error(FIELD_NAME, name_problem))
                input type="text" id=(FIELD_NAME) name=(FIELD_NAME) value=(name_typed) autocomplete="off" spellcheck="false"
                    aria-required="true" aria-invalid=[name_problem.map(|_| "true")]
                    aria-describedby=[name_problem.map(|_| format!("{FIELD_NAME}-error"))];
            }
            div.actions {
                button type="submit" { (text::CONFIRM_MOVE) }
                a.button.quiet href=(paths::progress(view.link)) { (text::CONFIRM_NOT_NOW) }
            }
        }
        p { a href=(paths::cancel(view.link)) { (text::PROGRESS_CANCEL) } }
    };
    frame(text::CONFIRM_TITLE.english, Some(view.reference), &content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posted(pairs: &[(&str, &str)]) -> Fields {
        pairs.iter().fold(Fields::default(), |fields, (name, value)| fields.with(name, value))
    }

    fn complete() -> Fields {
        posted(&[
            (FIELD_HASH, "h1"),
            (FIELD_TICK_DELETE, "yes"),
            (FIELD_TICK_DIRECTORY, "yes"),
            (FIELD_NAME, "Fabrikam Prod"),
        ])
    }

    fn shown(values: &Fields, problems: &[Problem]) -> String {
        confirm(&ConfirmView {
            link: "L",
            reference: "R",
            subscription_name: "Fabrikam Prod",
            subscription_id: "6c3c85bc-5366-4eaa-8055-a10529eafd03",
            from: ("Default Directory", "f1"),
            to: ("Contoso", "t1"),
            partner: "kim@contoso.com",
            accepting_guest: None,
            roles: &[RoleRow {
                who: "Ada".into(),
                role: "Reader".into(),
                scope: "/subscriptions/x".into(),
                conditional: true,
                inherited: false,
            }],
            custom_roles: &[CustomRoleRow { role: "Night shift".into(), scope: "/subscriptions/x".into() }],
            report_hash: "h1",
            values,
            problems,
        })
        .into_string()
    }

    #[test]
    fn only_the_exact_name_both_ticks_and_the_report_that_was_shown_confirm() {
        assert_eq!(confirm_problems(&complete(), "Fabrikam Prod", "h1"), []);
        let ids = |fields: &Fields| -> Vec<String> {
            confirm_problems(fields, "Fabrikam Prod", "h1").into_iter().map(|problem| problem.id).collect()
        };
        assert_eq!(ids(&complete().with(FIELD_NAME, "fabrikam prod")), ["Confirm.NameDiffers"]);
        assert_eq!(ids(&complete().with(FIELD_TICK_DELETE, "")), ["Confirm.NotTicked"]);
        assert_eq!(ids(&complete().with(FIELD_TICK_DIRECTORY, "no")), ["Confirm.NotTicked"]);
        assert_eq!(ids(&complete().with(FIELD_HASH, "h0")), ["Confirm.ReportChanged"]);
        assert_eq!(ids(&Fields::default()), ["Confirm.ReportChanged"]);
    }

    #[test]
    fn everything_that_will_be_deleted_is_on_the_page() {
        let page = shown(&Fields::default(), &[]);
        for piece in [
            "Ada",
            "Reader",
            "Night shift",
            "Fabrikam Prod",
            "Default Directory",
            "Contoso",
            "kim@contoso.com",
            r#"name="report" value="h1""#,
            "deletes all 1 role assignments and 1 custom roles",
        ] {
            assert!(page.contains(piece), "{piece}");
        }
        assert!(!page.contains(" checked"), "nothing is ticked for the person");
    }

    #[test]
    fn a_changed_report_must_be_ticked_and_typed_again() {
        let problems = confirm_problems(&complete(), "Fabrikam Prod", "h2");
        let page = shown(&complete(), &problems);
        assert!(!page.contains(" checked"));
        assert!(page.contains(r#"name="subscription-name" value="""#));
    }

    #[test]
    fn what_was_right_stays_when_something_else_is_wrong() {
        let values = complete().with(FIELD_NAME, "Fabrikam");
        let page = shown(&values, &confirm_problems(&values, "Fabrikam Prod", "h1"));
        assert_eq!(page.matches(" checked").count(), 2);
        assert!(page.contains(r#"value="Fabrikam""#));
    }
}
