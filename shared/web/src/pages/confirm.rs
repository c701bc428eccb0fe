//! The confirmation of the move: what happens, in the form of answers to check, and a deliberate act.

use maud::{Markup, html};
use onboarding::Actor;

use super::mapping::{FIELD_DO, FIELD_VERSION, StopRow, agree_field};
use crate::form::{Fields, Problem};
use crate::frame::{error_summary, field_error, frame, person, problem_of};
use crate::text::{impact, people};
use crate::{paths, text};

/// The tick box about what is deleted.
pub const FIELD_TICK_DELETE: &str = "agree-delete";
/// The tick box about who controls the subscription.
pub const FIELD_TICK_DIRECTORY: &str = "agree-directory";
/// The tick box about what does not come back.
pub const FIELD_TICK_BACK: &str = "agree-back";
/// The subscription's name, typed.
pub const FIELD_NAME: &str = "subscription-name";
/// The phrase that the partner admin told the owner, typed.
pub const FIELD_PHRASE: &str = "phrase";
/// The hash of the report that the page showed.
pub const FIELD_HASH: &str = "report";
/// [`FIELD_DO`]: the review goes back to the partner.
pub const DO_SEND_BACK: &str = "send-back";

/// A decision that needs the owner's agreement: it gives somebody a role with which access can be given to others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreeRow {
    /// What its tick box is called after.
    pub key: String,
    /// Who gets it.
    pub who: String,
    /// The role.
    pub role: String,
    /// Where.
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
    /// Role assignments and custom roles that will be removed.
    pub removed: (usize, usize),
    /// Role assignments and custom roles that will be restored.
    pub restored: (usize, usize),
    /// Why the others are not, and how many each: stable words.
    pub left_out: &'a [(String, usize)],
    /// What can't come back: findings.
    pub lost: u32,
    /// Lists that could not be read.
    pub not_read: u32,
    /// What needs the owner's tick.
    pub agree: &'a [AgreeRow],
    /// The hard stops.
    pub stops: &'a [StopRow],
    /// What changed since the report that was confirmed, or shown, before.
    pub changed: Option<super::Changed<'a>>,
    /// The report's hash.
    pub report_hash: &'a str,
    /// The decisions' hash.
    pub version: &'a str,
    /// What was typed and ticked.
    pub values: &'a Fields,
    /// What is wrong with it.
    pub problems: &'a [Problem],
}

impl StopRow {
    /// Whether the owner can agree to it: the partner admin gave a reason.
    #[must_use]
    pub fn waits_for(&self, viewer: Actor) -> bool {
        self.agreed.is_none() && self.reason.as_ref().is_some_and(|(_, by)| *by != viewer)
    }

    /// Whether it stands whatever this person ticks: nobody gave a reason, or only they themselves did.
    #[must_use]
    pub fn stands_for(&self, viewer: Actor) -> bool {
        self.agreed.is_none() && !self.waits_for(viewer)
    }
}

/// What is wrong with a confirmation. Empty means that the person confirmed exactly this.
///
/// The phrase comes from the partner admin over another channel than ours: a link that was only passed on does not move
/// anything (RFC 10027, request binding with out-of-band data).
///
/// When the report or the decisions changed since the page was opened, that is the only problem told: the person must read first.
#[must_use]
pub fn confirm_problems(
    posted: &Fields,
    subscription_name: &str,
    report_hash: &str,
    version: &str,
    stops: &[StopRow],
    partner: &str,
    phrase_is_right: bool,
) -> Vec<Problem> {
    if posted.get(FIELD_HASH) != report_hash {
        return vec![Problem::new("", "Confirm.ReportChanged", text::CONFIRM_CHANGED.said())];
    }
    if posted.get(FIELD_VERSION) != version {
        return vec![Problem::new("", "Confirm.DecisionsChanged", impact::CONFIRM_DECISIONS_CHANGED.said())];
    }
    let mut problems = Vec::new();
    for stop in stops.iter().filter(|stop| stop.agreed.is_none()) {
        let field = agree_field(&stop.key);
        if stop.stands_for(Actor::Owner) || posted.get(&field) != "yes" {
            let message = impact::CONFIRM_STOP_OPEN.with(&[("name", &stop.name)]);
            problems.push(Problem::new(&field, "Confirm.HardStop", message));
        }
    }
    for field in [FIELD_TICK_DELETE, FIELD_TICK_DIRECTORY, FIELD_TICK_BACK] {
        if posted.get(field) != "yes" {
            problems.push(Problem::new(field, "Confirm.NotTicked", text::CONFIRM_TICK_MISSING.said()));
        }
    }
    if posted.get(FIELD_NAME) != subscription_name.trim() {
        let message = text::CONFIRM_NAME_WRONG.with(&[("name", subscription_name)]);
        problems.push(Problem::new(FIELD_NAME, "Confirm.NameDiffers", message));
    }
    if !phrase_is_right {
        let message = people::PHRASE_WRONG.with(&[("partner", partner)]);
        problems.push(Problem::new(FIELD_PHRASE, "Confirm.PhraseDiffers", message));
    }
    problems
}

fn tick(view: &ConfirmView<'_>, field: &str, said: &str) -> Markup {
    let problem = problem_of(view.problems, field);
    // What changed must be read and ticked again.
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

fn answers(view: &ConfirmView<'_>) -> Markup {
    // Whoever accepts is made Owner by Azure.
    let owners = match view.accepting_guest {
        Some(guest) => text::CONFIRM_OWNERS.with(&[("one", guest), ("two", view.partner)]),
        None => text::CONFIRM_OWNER.with(&[("one", view.partner)]),
    };
    let accepts = view.accepting_guest.unwrap_or(view.partner);
    let n = |count: usize| count.to_string();
    let left: usize = view.left_out.iter().map(|(_, count)| count).sum();
    html! {
        dl {
            dt { (impact::CONFIRM_MOVING) }
            dd { (view.subscription_name) br; code { (view.subscription_id) } }
            dt { (text::PROGRESS_FROM) }
            dd { (view.from.0) br; code { (view.from.1) } }
            dt { (text::PROGRESS_TO) }
            dd { (view.to.0) br; code { (view.to.1) } }
            dt { (impact::CONFIRM_REMOVED) }
            dd { (impact::CONFIRM_REMOVED_SAID.with(&[("roles", &n(view.removed.0)), ("custom", &n(view.removed.1))])) }
            dt { (impact::CONFIRM_RESTORED) }
            dd {
                (impact::CONFIRM_RESTORED_SAID.with(&[
                    ("roles", &n(view.restored.0)), ("custom", &n(view.restored.1)), ("agree", &n(view.agree.len())),
                ]))
            }
            dt { (impact::CONFIRM_NOT_RESTORED) }
            dd {
                (impact::CONFIRM_NOT_RESTORED_SAID.with(&[("n", &n(left))]))
                @if left > 0 {
                    ul { @for (why, count) in view.left_out { li { (count) ": " (super::left_out_words(why)) } } }
                }
            }
            dt { (impact::CONFIRM_LOST) }
            dd {
                @if view.lost == 0 && view.stops.is_empty() { (impact::CONFIRM_LOST_NONE) } @else {
                    (impact::CONFIRM_LOST_SAID.with(&[("n", &view.lost.to_string()), ("stops", &n(view.stops.len()))]))
                }
            }
            dt { (impact::CONFIRM_ACCEPTS) }
            dd { (accepts) }
            dt { (impact::CONFIRM_OWNS) }
            dd { (owners) }
            dt { (impact::CONFIRM_BILLING) }
            dd { (impact::CONFIRM_BILLING_SAID) }
        }
    }
}

fn agreements(view: &ConfirmView<'_>) -> Markup {
    let reasons: Vec<&StopRow> = view.stops.iter().filter(|stop| stop.waits_for(Actor::Owner)).collect();
    let count = view.agree.len() + reasons.len();
    html! {
        @if count > 0 { h2 { (impact::CONFIRM_AGREE.with(&[("n", &count.to_string())])) } }
        @if !reasons.is_empty() {
            p { (impact::CONFIRM_AGREE_STOPS_SAID) }
            @for stop in reasons {
                p {
                    span.state { (impact::REPORT_HARD_STOP) } " " (stop.name) " " span.muted { "(" (stop.kind) ")" } ". " (stop.why)
                }
                @if let Some((reason, by)) = &stop.reason {
                    p { (impact::REPORT_OVERRIDDEN.with(&[("who", person(*by).said()), ("reason", reason)])) }
                }
                (tick(view, &agree_field(&stop.key), &impact::MAPPING_REASON_AGREE.with(&[("name", &stop.name)])))
            }
        }
        @if !view.agree.is_empty() {
            p { (impact::CONFIRM_AGREE_SAID) }
            @for row in view.agree {
                @let said = impact::MAPPING_AGREE.with(&[("who", &row.who), ("role", &row.role)]);
                (tick(view, &agree_field(&row.key), &format!("{said} ({})", row.scope)))
            }
        }
    }
}

fn send_back(view: &ConfirmView<'_>) -> Markup {
    html! {
        form method="post" action=(paths::confirm(view.link)) {
            div.actions {
                button.quiet type="submit" name=(FIELD_DO) value=(DO_SEND_BACK) aria-describedby="send-back-said" {
                    (impact::CONFIRM_SEND_BACK)
                }
            }
            p.muted #send-back-said { (impact::CONFIRM_SEND_BACK_SAID) }
        }
    }
}

/// The confirmation page.
#[must_use]
pub fn confirm(view: &ConfirmView<'_>) -> Markup {
    let (roles, custom) = (view.removed.0.to_string(), view.removed.1.to_string());
    let standing = view.stops.iter().filter(|stop| stop.stands_for(Actor::Owner)).count();
    let name_problem = problem_of(view.problems, FIELD_NAME);
    let name_typed = if problem_of(view.problems, "").is_some() { "" } else { view.values.get(FIELD_NAME) };
    let phrase_problem = problem_of(view.problems, FIELD_PHRASE);
    let phrase_described = match phrase_problem {
        Some(_) => format!("{FIELD_PHRASE}-hint {FIELD_PHRASE}-error"),
        None => format!("{FIELD_PHRASE}-hint"),
    };
    let content = html! {
        h1 { (text::CONFIRM_TITLE) }
        (error_summary(view.problems))
        div.panel.bad { p { strong { (impact::CONFIRM_LEAD) } } }
        @if view.not_read > 0 { p.error { (impact::CONFIRM_NOT_READ.with(&[("n", &view.not_read.to_string())])) } }
        @if let Some(what) = view.changed.as_ref().filter(|what| !what.is_empty()) { (super::report::changed(what)) }
        (answers(view))
        p { a href=(paths::report(view.link)) { (impact::CONFIRM_READ_REPORT) } }
        p { a href=(paths::mapping(view.link)) { (impact::CONFIRM_READ_MAPPING) } }
        @if standing > 0 {
            h2 { (impact::CONFIRM_REFUSED) }
            div.panel.bad {
                p { (impact::CONFIRM_REFUSED_SAID.with(&[("n", &standing.to_string())])) }
                ul { @for stop in view.stops.iter().filter(|stop| stop.stands_for(Actor::Owner)) { li { (stop.name) ": " (stop.why) } } }
            }
        } @else {
            form method="post" action=(paths::confirm(view.link)) novalidate {
                input type="hidden" name=(FIELD_HASH) value=(view.report_hash);
                input type="hidden" name=(FIELD_VERSION) value=(view.version);
                (agreements(view))
                (tick(view, FIELD_TICK_DELETE, &text::CONFIRM_TICK_DELETE.with(&[("roles", &roles), ("custom", &custom)])))
                (tick(view, FIELD_TICK_BACK, &impact::CONFIRM_TICK_BACK.with(&[("lost", &view.lost.to_string())])))
                (tick(view, FIELD_TICK_DIRECTORY, &text::CONFIRM_TICK_DIRECTORY.with(&[("to", view.to.0)])))
                div.field {
                    label for=(FIELD_NAME) { (text::CONFIRM_NAME.with(&[("name", view.subscription_name)])) }
                    (field_error(FIELD_NAME, name_problem))
                    input type="text" id=(FIELD_NAME) name=(FIELD_NAME) value=(name_typed) autocomplete="off" spellcheck="false"
                        aria-required="true" aria-invalid=[name_problem.map(|_| "true")]
                        aria-describedby=[name_problem.map(|_| format!("{FIELD_NAME}-error"))];
                }
                div.field {
                    label for=(FIELD_PHRASE) { (people::PHRASE_LABEL.with(&[("partner", view.partner)])) }
                    p.muted id={ (FIELD_PHRASE) "-hint" } { (people::PHRASE_HINT) }
                    (field_error(FIELD_PHRASE, phrase_problem))
                    input type="text" id=(FIELD_PHRASE) name=(FIELD_PHRASE) value=(view.values.get(FIELD_PHRASE)) autocomplete="off"
                        autocapitalize="characters" spellcheck="false" maxlength="16" aria-required="true"
                        aria-invalid=[phrase_problem.map(|_| "true")] aria-describedby=(phrase_described);
                }
                div.actions {
                    button type="submit" { (text::CONFIRM_MOVE) }
                    a.button.quiet href=(paths::progress(view.link)) { (text::CONFIRM_NOT_NOW) }
                }
            }
        }
        (send_back(view))
        p { a href=(paths::cancel(view.link)) { (text::PROGRESS_CANCEL) } }
    };
    frame(text::CONFIRM_TITLE.said(), Some(view.reference), &content)
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
            (FIELD_VERSION, "v1"),
            (FIELD_TICK_DELETE, "yes"),
            (FIELD_TICK_DIRECTORY, "yes"),
            (FIELD_TICK_BACK, "yes"),
            (FIELD_NAME, "Fabrikam Prod"),
            (FIELD_PHRASE, "ABC-DEF"),
        ])
    }

    fn stop(reason: Option<Actor>, agreed: Option<Actor>) -> StopRow {
        StopRow {
            key: "s1".into(),
            name: "aks1".into(),
            kind: "aks".into(),
            why: "It can't be moved.".into(),
            reason: reason.map(|by| ("A test cluster".into(), by)),
            agreed,
        }
    }

    fn shown(values: &Fields, problems: &[Problem], stops: &[StopRow]) -> String {
        confirm(&ConfirmView {
            link: "L",
            reference: "R",
            subscription_name: "Fabrikam Prod",
            subscription_id: "6c3c85bc-5366-4eaa-8055-a10529eafd03",
            from: ("Default Directory", "f1"),
            to: ("Contoso", "t1"),
            partner: "kim@contoso.com",
            accepting_guest: None,
            removed: (14, 2),
            restored: (9, 1),
            left_out: &[("skipped".into(), 4)],
            lost: 1,
            not_read: 0,
            agree: &[AgreeRow { key: "k1".into(), who: "Ada".into(), role: "Owner".into(), scope: "/s".into() }],
            stops,
            changed: None,
            report_hash: "h1",
            version: "v1",
            values,
            problems,
        })
        .into_string()
    }

    fn problems(fields: &Fields, hash: &str, stops: &[StopRow]) -> Vec<Problem> {
        let right = fields.get(FIELD_PHRASE) == "ABC-DEF";
        confirm_problems(fields, "Fabrikam Prod", hash, "v1", stops, "kim@contoso.com", right)
    }

    fn ids(fields: &Fields, stops: &[StopRow]) -> Vec<String> {
        problems(fields, "h1", stops).into_iter().map(|problem| problem.id).collect()
    }

    #[test]
    fn only_the_exact_name_all_ticks_and_what_was_shown_confirm() {
        assert!(ids(&complete(), &[]).is_empty());
        assert_eq!(ids(&complete().with(FIELD_NAME, "fabrikam prod"), &[]), ["Confirm.NameDiffers"]);
        assert_eq!(ids(&complete().with(FIELD_PHRASE, "ABC-DEG"), &[]), ["Confirm.PhraseDiffers"]);
        assert_eq!(ids(&complete().with(FIELD_TICK_DELETE, ""), &[]), ["Confirm.NotTicked"]);
        assert_eq!(ids(&complete().with(FIELD_TICK_BACK, ""), &[]), ["Confirm.NotTicked"]);
        assert_eq!(ids(&complete().with(FIELD_TICK_DIRECTORY, "no"), &[]), ["Confirm.NotTicked"]);
        assert_eq!(ids(&complete().with(FIELD_HASH, "h0"), &[]), ["Confirm.ReportChanged"]);
        assert_eq!(ids(&complete().with(FIELD_VERSION, "v0"), &[]), ["Confirm.DecisionsChanged"]);
        assert_eq!(ids(&Fields::default(), &[]), ["Confirm.ReportChanged"]);
    }

    #[test]
    fn a_hard_stop_is_passed_only_with_a_reason_of_the_other_person_and_a_tick() {
        let ticked = complete().with("agree-s1", "yes");
        assert_eq!(ids(&ticked, &[stop(None, None)]), ["Confirm.HardStop"]);
        assert_eq!(ids(&ticked, &[stop(Some(Actor::Owner), None)]), ["Confirm.HardStop"], "their own reason");
        assert_eq!(ids(&complete(), &[stop(Some(Actor::PartnerAdmin), None)]), ["Confirm.HardStop"]);
        assert!(ids(&ticked, &[stop(Some(Actor::PartnerAdmin), None)]).is_empty());
        assert!(ids(&complete(), &[stop(Some(Actor::Owner), Some(Actor::PartnerAdmin))]).is_empty());
    }

    #[test]
    fn the_answers_to_check_are_on_the_page_and_nothing_is_ticked() {
        let page = shown(&Fields::default(), &[], &[stop(Some(Actor::PartnerAdmin), None)]);
        for piece in [
            "Fabrikam Prod",
            "Default Directory",
            "Contoso",
            "kim@contoso.com",
            "14 role assignments and 2 custom roles",
            "9 role assignments and 1 custom roles, and up to 1 more",
            "4: skipped on purpose",
            "A test cluster",
            "I agree that Ada gets Owner",
            r#"name="report" value="h1""#,
            r#"name="decisions" value="v1""#,
            "/o/L/report",
            "/o/L/mapping",
        ] {
            assert!(page.contains(piece), "{piece}");
        }
        assert!(!page.contains(" checked"), "nothing is ticked for the person");
    }

    #[test]
    fn a_stop_without_a_reason_leaves_only_the_way_back_to_the_partner() {
        let page = shown(&Fields::default(), &[], &[stop(None, None)]);
        assert!(!page.contains("Move the subscription") && page.contains("Send back to the partner"));
        assert!(page.contains("aks1"));
    }

    #[test]
    fn what_changed_must_be_ticked_and_typed_again() {
        let problems = problems(&complete(), "h2", &[]);
        let page = shown(&complete(), &problems, &[]);
        assert!(!page.contains(" checked"));
        assert!(page.contains(r#"name="subscription-name" value="""#));
    }

    #[test]
    fn what_was_right_stays_when_something_else_is_wrong() {
        let values = complete().with(FIELD_NAME, "Fabrikam");
        let page = shown(&values, &problems(&values, "h1", &[]), &[]);
        assert_eq!(page.matches(" checked").count(), 3);
        assert!(page.contains(r#"value="Fabrikam""#));
    }
}
