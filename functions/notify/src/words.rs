//! The words of the mails: plain text, one action, and the answers to what a person asks first: whose turn, as which account,
//! what will be asked, what has changed in Azure so far, until when, and what if it isn't them.

use onboarding::{Actor, Ending, ErrorName, WaitKind};
use serde_json::Value;
use store::{Meta, OutboxMail, WaitRecord};

/// A mail's words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) subject: String,
    pub(crate) body: String,
}

/// The words of a queued mail. None if it asks for something that is done already.
pub(crate) fn text(meta: &Meta, mail: &OutboxMail, open: Option<&WaitRecord>, link: &str) -> Option<Text> {
    match mail.template.as_str() {
        "your-turn" | "reminder" | "review" | "last-call" => {
            // A request for something that has been done since would only confuse.
            let wait = open.filter(|wait| wait.actor == mail.actor)?;
            Some(your_turn(meta, mail, wait, link))
        }
        "handed-over" => {
            let part = match mail.args.get("part").and_then(Value::as_str).and_then(Actor::parse) {
                Some(Actor::PartnerAdmin) => "partner admin",
                Some(Actor::Owner) | None => "subscription owner",
            };
            Some(letter(
                meta,
                "Somebody else takes a part",
                &[
                    &format!(
                        "The {part} has handed their part to somebody else. The page names them, and they are asked to sign in themselves."
                    ),
                    "Nothing has been changed in Azure by it.",
                    &format!("Where it stands: {link}"),
                    &format!("Is this wrong? Cancel it here: {link}/cancel"),
                ],
            ))
        }
        "move-confirmed" => Some(move_confirmed(meta, &mail.args, link)),
        "restored" => Some(restored(meta, &mail.args, link)),
        "ended" => Some(ended(meta, &mail.args, link)),
        _ => None,
    }
}

const CODE_SUBJECT: texts::Text = texts::text("mail.code-subject", "{code} is your code");
const CODE_BODY: texts::Text = texts::text(
    "mail.code-body",
    "Your code is {code}. Type it on the page that you signed up on; it is good for half an hour.\n\nSomebody, presumably you, filled in the form at {portal} with this address. Nothing has been started and nobody else was written to. If it wasn't you, do nothing: without the code nothing begins.\n\nWe never ask for a password, and never for this code by telephone or in a mail.\n",
);

/// The mail with the code that proves a mailbox. The code stands in the subject too, so that it can be read without opening the mail.
pub(crate) fn code(code: &str, portal: &str) -> Text {
    // Named, not linked: there is nothing to press in this mail.
    let host = portal.split("://").nth(1).unwrap_or(portal);
    Text { subject: CODE_SUBJECT.with(&[("code", code)]), body: CODE_BODY.with(&[("code", code), ("portal", host)]) }
}

fn your_turn(meta: &Meta, mail: &OutboxMail, wait: &WaitRecord, link: &str) -> Text {
    let role = match wait.actor {
        Actor::Owner => "subscription owner",
        Actor::PartnerAdmin => "partner admin",
    };
    let again = match mail.template.as_str() {
        "reminder" => "Reminder: your",
        "last-call" => "Last call: your",
        _ => "Your",
    };
    let (subject, ask) = match wait.kind {
        WaitKind::SignIn => (
            format!("{again} turn: sign in as {role}"),
            format!(
                "Please sign in with {}. It takes two minutes and changes nothing in Azure.",
                meta.email(wait.actor)
            ),
        ),
        WaitKind::Confirm => (
            format!("{again} turn: review and confirm the move"),
            format!(
                "Please sign in with {}, read what Azure will delete when the subscription moves, and decide.",
                meta.email(wait.actor)
            ),
        ),
        WaitKind::Review => (
            format!("{again} turn: review the impact and decide about access"),
            format!(
                "Please sign in with {}, read what the move does to the subscription, and decide who gets access again. It takes about ten minutes and changes nothing in Azure.",
                meta.email(wait.actor)
            ),
        ),
        WaitKind::Fix => {
            let name = wait.reason.as_deref().and_then(ErrorName::parse);
            let words = name.map(ErrorName::explanation);
            (
                format!("{again} turn: {}", words.map_or("something needs to be fixed", |words| words.title)),
                words.map_or_else(String::new, |words| format!("{} {}", words.cause, words.next_step)),
            )
        }
    };
    let page = if wait.kind == WaitKind::Fix { link.to_owned() } else { format!("{link}/turn") };
    let changed = if meta.moved {
        "The subscription has moved to the partner directory."
    } else {
        "Nothing has been changed in Azure so far."
    };
    letter(
        meta,
        &subject,
        &[
            &ask,
            &format!("The page: {page}"),
            &format!("Until: {}", until(&wait.deadline_at)),
            changed,
            "Not you, or not now? The page lets you decline. We never ask for a password or a code by mail or telephone.",
        ],
    )
}

/// Goes to both people: whoever did not confirm can still stop it.
fn move_confirmed(meta: &Meta, args: &Value, link: &str) -> Text {
    let said = |name: &str| args.get(name).and_then(Value::as_str);
    let by = said("by").and_then(Actor::parse).unwrap_or(Actor::Owner);
    let who = match by {
        Actor::PartnerAdmin => "the partner admin",
        Actor::Owner => "the subscription owner",
    };
    let (at, rests_until) =
        (said("at").map(until).unwrap_or_default(), said("until").filter(|until| said("at") != Some(until)));
    let late = match rests_until {
        Some(time) => {
            format!("The move begins at {}. Once Azure has accepted it, it can't be stopped any more.", until(time))
        }
        None => "The move begins now. Once Azure has accepted it, it can't be stopped any more.".to_owned(),
    };
    letter(
        meta,
        "The move is confirmed",
        &[
            &format!("The move of the subscription was confirmed by {who} ({}), {at}.", meta.email(by)),
            &late,
            &format!("Is this wrong? Cancel it here: {link}/cancel"),
            &format!("Where it stands: {link}"),
        ],
    )
}

fn restored(meta: &Meta, args: &Value, link: &str) -> Text {
    let [rows, to_do, page] = what_is_left(meta, args, link);
    letter(meta, "Access is restored", &[&rows, &to_do, &page])
}

/// What became of the access, and what is left to do. Counts only: names belong on the page.
fn what_is_left(meta: &Meta, args: &Value, link: &str) -> [String; 3] {
    let known = meta.restore.clone().unwrap_or_default();
    let count = |name: &str, known: u32| args.get(name).and_then(Value::as_u64).unwrap_or(known.into());
    let (done, left) = (count("done", known.done), count("leftOut", known.left_out));
    let by_hand = match count("refused", known.refused) {
        0 => String::new(),
        refused => format!("Azure refused {refused}: assign those by hand. "),
    };
    let [stops, redo, _, check, _] = meta.report.as_ref().map_or([0; 5], |report| report.counts);
    let mut to_do = String::from("What is left for people to do:\n- rotate access keys, certificates and passwords");
    for (n, what) in [(stops, "set up again"), (redo, "do again"), (check, "check")] {
        if n > 0 {
            to_do.push_str(&format!("\n- {n} things to {what}"));
        }
    }
    to_do.push_str("\n- close the policy exceptions that were opened for this move");
    [
        format!("{done} roles were restored, {left} were left out on purpose. {by_hand}Each row: {link}/access"),
        to_do,
        format!("What exactly, resource by resource: {link}/report"),
    ]
}

fn ended(meta: &Meta, args: &Value, link: &str) -> Text {
    let ending = args.get("ending").and_then(Value::as_str).and_then(Ending::parse);
    let (subject, what) = match ending {
        Some(Ending::Done) => (
            "Done: the subscription is in the partner directory",
            "The subscription has moved, the partner admin is its Owner, and we proved both.".to_owned(),
        ),
        Some(Ending::Cancelled) => ("Cancelled", "The onboarding was cancelled.".to_owned()),
        Some(Ending::Declined) => ("Declined", "One of the two people declined.".to_owned()),
        Some(Ending::Expired) => ("Expired", "Time ran out before everybody had acted.".to_owned()),
        Some(Ending::Failed) | None => {
            let words =
                meta.error.as_deref().and_then(ErrorName::parse).unwrap_or(ErrorName::InternalBug).explanation();
            ("It could not be finished", format!("{}. {}", words.title, words.next_step))
        }
    };
    let azure =
        if meta.moved { "The subscription is in the partner directory." } else { "The subscription was not moved." };
    let rest = format!("What was undone, and everything else: {link}");
    if ending == Some(Ending::Done) && meta.restore.is_some() {
        let [rows, to_do, page] = what_is_left(meta, args, link);
        return letter(meta, subject, &[&what, azure, &rows, &to_do, &page, &rest]);
    }
    letter(meta, subject, &[&what, azure, &rest])
}

/// The frame of every mail. Nothing that the initiator typed freely gets into it: a mail to a third party is no place for that.
fn letter(meta: &Meta, subject: &str, paragraphs: &[&str]) -> Text {
    let reference = meta.onboarding_id.reference();
    let mut body = format!(
        "Subscription {} to the Partner Center directory {} (reference {reference})\n\n",
        meta.subscription_id, meta.partner_directory
    );
    for paragraph in paragraphs.iter().filter(|paragraph| !paragraph.is_empty()) {
        body.push_str(paragraph);
        body.push_str("\n\n");
    }
    body.push_str("You get this because someone started this onboarding with your address.\n");
    Text { subject: format!("[{reference}] {subject}"), body }
}

/// A time as people read it, in UTC.
fn until(time: &str) -> String {
    time.parse::<jiff::Timestamp>()
        .map_or_else(|_| time.to_owned(), |time| time.strftime("%a %-d %b %Y %H:%M UTC").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn meta() -> Meta {
        serde_json::from_value(json!({
            "onboardingId": "01HZX3K8QW4T6V7B9N0M2P4R5S", "schema": 1, "ver": 1, "status": "waiting",
            "currentStep": "use-existing-directory", "cloud": "public", "route": "two-party",
            "subscriptionId": "6c3c85bc-5366-4eaa-8055-a10529eafd03",
            "sourceTenantId": "f3a0f89e-12ab-4bcd-8e9f-0123456789ab",
            "partnerTenantId": "45ffe2da-b7a4-460f-9e4c-51afd47b94cb",
            "partnerDirectory": "contoso.com", "ownerEmail": "rosa@outlook.com", "ownerAccount": "personal",
            "partnerAdminEmail": "kim@contoso.com", "requestKey": "k", "execution": "e",
            "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z",
        }))
        .unwrap()
    }

    fn mail(template: &str, args: Value) -> OutboxMail {
        OutboxMail {
            onboarding_id: meta().onboarding_id,
            template: template.into(),
            actor: Actor::Owner,
            args,
            created_at: "2026-01-01T00:00:00Z".into(),
            sent_at: None,
            message_id: None,
        }
    }

    fn wait(kind: WaitKind, reason: Option<&str>) -> WaitRecord {
        serde_json::from_value(json!({
            "waitId": "w", "kind": kind, "actor": "owner", "directory": "source", "reason": reason,
            "resume": "use-existing-directory", "openedAt": "2026-01-01T00:00:00Z", "deadlineAt": "2026-01-08T00:00:00Z",
        }))
        .unwrap()
    }

    const LINK: &str = "https://mooring.example/o/link";

    #[test]
    fn a_turn_says_who_signs_in_as_whom_until_when_and_what_has_changed() {
        let text = text(&meta(), &mail("your-turn", json!({})), Some(&wait(WaitKind::SignIn, None)), LINK).unwrap();
        assert_eq!(
            text.subject,
            "[2P4R-5S] Your turn: sign in as subscription owner".replace("2P4R-5S", &meta().onboarding_id.reference())
        );
        for words in [
            "rosa@outlook.com",
            "https://mooring.example/o/link/turn",
            "Thu 8 Jan 2026 00:00 UTC",
            "Nothing has been changed in Azure",
        ] {
            assert!(text.body.contains(words), "{words} is missing in:\n{}", text.body);
        }
    }

    #[test]
    fn what_has_been_done_since_is_not_asked_for_any_more() {
        assert_eq!(text(&meta(), &mail("your-turn", json!({})), None, LINK), None);
        let mut other = wait(WaitKind::SignIn, None);
        other.actor = Actor::PartnerAdmin;
        assert_eq!(text(&meta(), &mail("reminder", json!({})), Some(&other), LINK), None);
    }

    #[test]
    fn a_fix_says_the_cause_and_the_remedy() {
        let wait = wait(WaitKind::Fix, Some("Policy.LeavingBlocked"));
        let text = text(&meta(), &mail("your-turn", json!({})), Some(&wait), LINK).unwrap();
        let words = ErrorName::LeavingBlocked.explanation();
        assert!(text.body.contains(words.cause) && text.body.contains(words.next_step), "{}", text.body);
    }

    #[test]
    fn every_ending_has_its_words_and_says_where_the_subscription_is() {
        for ending in Ending::ALL {
            let text = text(&meta(), &mail("ended", json!({"ending": ending})), None, LINK).unwrap();
            assert!(text.body.contains("The subscription was not moved."), "{ending}");
            assert!(!text.subject.contains(['\r', '\n']));
        }
        let mut moved = meta();
        moved.moved = true;
        let text = text(&moved, &mail("ended", json!({"ending": "failed"})), None, LINK).unwrap();
        assert!(text.body.contains("The subscription is in the partner directory."));
    }

    #[test]
    fn an_unknown_text_sends_nothing() {
        assert_eq!(text(&meta(), &mail("party-invitation", json!({})), None, LINK), None);
    }

    #[test]
    fn both_people_learn_who_confirmed_until_when_it_can_be_stopped_and_where() {
        let args = json!({"by": "owner", "at": "2026-01-01T10:00:00Z", "until": "2026-01-01T10:10:00Z"});
        let text = text(&meta(), &mail("move-confirmed", args), None, LINK).unwrap();
        for words in ["subscription owner (rosa@outlook.com)", "begins at Thu 1 Jan 2026 10:10 UTC", "/o/link/cancel"] {
            assert!(text.body.contains(words), "{words} is missing in:\n{}", text.body);
        }
        let at_once = json!({"by": "owner", "at": "2026-01-01T10:00:00Z", "until": "2026-01-01T10:00:00Z"});
        let text = super::text(&meta(), &mail("move-confirmed", at_once), None, LINK).unwrap();
        assert!(text.body.contains("begins now"), "{}", text.body);
    }

    #[test]
    fn a_restore_is_told_in_counts_with_what_is_left_to_do() {
        let args = json!({"done": 9, "refused": 1, "leftOut": 4});
        let text = text(&meta(), &mail("restored", args), None, LINK).unwrap();
        for words in ["9 roles were restored", "4 were left out", "refused 1", "- rotate access keys", "/o/link/access"]
        {
            assert!(text.body.contains(words), "{words} is missing in:\n{}", text.body);
        }
    }

    #[test]
    fn a_review_asks_for_reading_and_deciding_and_says_that_nothing_changes() {
        let mut wait = wait(WaitKind::Review, None);
        wait.actor = Actor::PartnerAdmin;
        let mut mail = mail("your-turn", json!({}));
        mail.actor = Actor::PartnerAdmin;
        let text = text(&meta(), &mail, Some(&wait), LINK).unwrap();
        assert!(text.subject.contains("review the impact"), "{}", text.subject);
        assert!(text.body.contains("/o/link/turn") && text.body.contains("kim@contoso.com"));
    }

    #[test]
    fn the_last_mail_tells_what_became_of_the_access_where_there_was_a_restore() {
        let mut done = meta();
        done.restore = serde_json::from_value(json!({
            "startedAt": "x", "planned": 3, "done": 2, "refused": 1, "leftOut": 0, "written": 3, "pages": 1,
        }))
        .unwrap();
        let said = text(&done, &mail("ended", json!({"ending": "done"})), None, LINK).unwrap();
        assert!(said.body.contains("2 roles were restored") && said.body.contains("- rotate"), "{}", said.body);
        let cancelled = text(&done, &mail("ended", json!({"ending": "cancelled"})), None, LINK).unwrap();
        assert!(!cancelled.body.contains("restored"));
    }
}
