//! The words of the mails, in the recipient's language: plain text, one action, and the answers to what a person asks first: whose
//! turn, as which account, what will be asked, what has changed in Azure so far, until when, and what if it isn't them. Times are the
//! recipient's own, with UTC beside them.

use impact::to_do::{self, Item, ToDo};
use jiff::Timestamp;
use onboarding::ladder::CHASES;
use onboarding::{Actor, Ending, ErrorName, WaitKind};
use serde_json::Value;
use store::{Meta, OutboxMail, WaitRecord};
use texts::{Text as Words, text as words};

/// A mail's words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) subject: String,
    pub(crate) body: String,
}

const ABOUT: Words = words(
    "mail.about",
    "Subscription {subscription} to the Partner Center directory {directory} (reference {reference})",
);
const NOT_CHOSEN: Words = words("mail.not-chosen", "that its owner chooses");
const WHY: Words = words("mail.why", "You get this because someone started this onboarding with your address.");
const WHERE: Words = words("mail.where", "Where it stands: {link}");
const WRONG: Words = words("mail.wrong", "Is this wrong? Cancel it here: {link}");
const NOTHING_CHANGED: Words = words("mail.nothing-changed", "Nothing has been changed in Azure so far.");
const HAS_MOVED: Words = words("mail.has-moved", "The subscription has moved to the partner directory.");

const CODE_SUBJECT: Words = words("mail.code-subject", "{code} is your code");
const CODE_BODY: Words = words(
    "mail.code-body",
    "Your code is {code}. Type it on the page that you signed up on; it is good for half an hour.\n\nSomebody, presumably you, filled in the form at {portal} with this address. Nothing has been started and nobody else was written to. If it wasn't you, do nothing: without the code nothing begins.\n\nWe never ask for a password, and never for this code by telephone or in a mail.\n",
);

const TURN: Words = words("mail.turn", "Your turn: {what}");
const TURN_REMINDER: Words = words("mail.turn-reminder", "Reminder: your turn: {what}");
const TURN_LAST: Words = words("mail.turn-last", "Last call: your turn: {what} (until {until})");
const TURN_OWNER: Words = words("mail.turn-owner", "sign in as subscription owner");
const TURN_PARTNER: Words = words("mail.turn-partner", "sign in as partner admin");
const TURN_CONFIRM: Words = words("mail.turn-confirm", "review and confirm the move");
const TURN_REVIEW: Words = words("mail.turn-review", "review the impact and decide about access");
const TURN_FIX: Words = words("mail.turn-fix", "something needs to be fixed");
const ASK_SIGN_IN: Words =
    words("mail.ask-sign-in", "Please sign in with {account}. It takes two minutes and changes nothing in Azure.");
const ASK_CONFIRM: Words = words(
    "mail.ask-confirm",
    "Please sign in with {account}, read what Azure will delete when the subscription moves, and decide. You will be asked for six characters that the partner admin can read to you from their own page: call them.",
);
const ASK_REVIEW: Words = words(
    "mail.ask-review",
    "Please sign in with {account}, read what the move does to the subscription, and decide who gets access again. It takes about ten minutes and changes nothing in Azure.",
);
const PAGE: Words = words("mail.page", "The page: {page}");
const UNTIL: Words = words("mail.until", "Until: {time}");
const NOT_YOU: Words = words(
    "mail.not-you",
    "Not you, or not now? The page lets you decline. We never ask for a password or a code by mail or telephone.",
);

const LINK_SUBJECT: Words = words("mail.link-subject", "Your link again");
const LINK_ASKED: Words = words(
    "mail.link-asked",
    "Somebody, presumably you, asked for this link on our page. If it wasn't you, do nothing: only you got it, and it is the same as before.",
);

const HANDED_SUBJECT: Words = words("mail.handed-subject", "Somebody else takes a part");
const HANDED_OWNER: Words = words(
    "mail.handed-owner",
    "The subscription owner has handed their part to somebody else. The page names them, and they are asked to sign in themselves.",
);
const HANDED_PARTNER: Words = words(
    "mail.handed-partner",
    "The partner admin has handed their part to somebody else. The page names them, and they are asked to sign in themselves.",
);
const HANDED_NOTHING: Words = words("mail.handed-nothing", "Nothing has been changed in Azure by it.");

const OTHER_LAST_SUBJECT: Words = words("mail.other-last-subject", "It ends soon: the other person has not answered");
const OTHER_LAST: Words = words(
    "mail.other-last",
    "We wait for {who} ({account}) until {time}, and have reminded them for the last time. Without an answer the onboarding ends by itself, and what had been prepared is undone.",
);
const OTHER_LAST_WHAT: Words = words(
    "mail.other-last-what",
    "You could ask them yourself. On their page they can take more time once, or hand their part to somebody else; whoever runs this service can do both for them.",
);
const UNREACHABLE_SUBJECT: Words = words("mail.unreachable-subject", "A mail could not be delivered");
const UNREACHABLE: Words =
    words("mail.unreachable", "Mails to {account} come back, so {who} has not been asked. Nothing is lost: it waits.");
const THE_OWNER: Words = words("mail.the-owner", "the subscription's owner");
const THE_PARTNER: Words = words("mail.the-partner", "the partner admin");
const UNREACHABLE_WHAT: Words = words(
    "mail.unreachable-what",
    "If the address is wrong, tell whoever runs this service the right one and the reference above; they can put it in its place. Or cancel, and start again with the right address.",
);
const CONFIRMED_SUBJECT: Words = words("mail.confirmed-subject", "The move is confirmed");
const CONFIRMED_OWNER: Words = words(
    "mail.confirmed-owner",
    "The move of the subscription was confirmed by the subscription owner ({account}), {time}.",
);
const CONFIRMED_PARTNER: Words = words(
    "mail.confirmed-partner",
    "The move of the subscription was confirmed by the partner admin ({account}), {time}.",
);
const CONFIRMED_LATER: Words = words(
    "mail.confirmed-later",
    "The move begins at {time}. Once Azure has accepted it, it can't be stopped any more.",
);
const CONFIRMED_NOW: Words =
    words("mail.confirmed-now", "The move begins now. Once Azure has accepted it, it can't be stopped any more.");

const RESTORED_SUBJECT: Words = words("mail.restored-subject", "Access is restored");
const RESTORED_ROWS: Words =
    words("mail.restored-rows", "Roles restored: {done}. Left out on purpose: {left}. Each row: {link}");
const RESTORED_REFUSED: Words =
    words("mail.restored-refused", "Roles that Azure refused: {refused}. Assign those by hand.");
const LEFT: Words = words("mail.left", "What is left for people to do:");
const LEFT_KEYS: Words = words("mail.left-keys", "rotate access keys, certificates and passwords");
const LEFT_SET_UP: Words = words("mail.left-set-up", "to set up again: {n}");
const LEFT_REDO: Words = words("mail.left-redo", "to do again: {n}");
const LEFT_CHECK: Words = words("mail.left-check", "to check: {n}");
const LEFT_POLICY: Words = words("mail.left-policy", "close the policy exceptions that were opened for this move");
const LEFT_REPORT: Words = words("mail.left-report", "What exactly, resource by resource: {link}");

const TO_DO_SUBJECT: Words = words("mail.to-do-subject", "Still to do after the move");
const TO_DO: Words = words("mail.to-do", "The subscription has moved, and this is still open on your list:");
const TO_DO_ROW: Words = words("mail.to-do-row", "{what} (due {day})");
const TO_DO_OVERDUE: Words = words("mail.to-do-overdue", "{what} (was due {day})");
const TO_DO_MORE: Words = words("mail.to-do-more", "and {n} more");
const TO_DO_REFUSED: Words = words("mail.to-do-refused", "assign by hand what Azure refused to restore");
const TO_DO_PAGE: Words = words("mail.to-do-page", "Tick off what is done or not needed: {link}");
const TO_DO_AGAIN: Words = words(
    "mail.to-do-again",
    "We remind you once a week, {n} {n|more time|more times} at most, until nothing due is open.",
);
const TO_DO_LAST: Words = words("mail.to-do-last", "This was the last reminder.");

const DONE_SUBJECT: Words = words("mail.done-subject", "Done: the subscription is in the partner directory");
const DONE: Words =
    words("mail.done", "The subscription has moved, the partner admin is its Owner, and we proved both.");
const CANCELLED_SUBJECT: Words = words("mail.cancelled-subject", "Cancelled");
const CANCELLED: Words = words("mail.cancelled", "The onboarding was cancelled.");
const DECLINED_SUBJECT: Words = words("mail.declined-subject", "Declined");
const DECLINED: Words = words("mail.declined", "One of the two people declined.");
const EXPIRED_SUBJECT: Words = words("mail.expired-subject", "Expired");
const EXPIRED: Words = words("mail.expired", "Time ran out before everybody had acted.");
const FAILED_SUBJECT: Words = words("mail.failed-subject", "It could not be finished");
const IS_THERE: Words = words("mail.is-there", "The subscription is in the partner directory.");
const NOT_MOVED: Words = words("mail.not-moved", "The subscription was not moved.");
const UNDONE_ITEMS: Words = words("mail.undone-items", "What became of what had been prepared:");
const UNDONE: Words = words("mail.undone", "Everything else: {link}");

/// The words of a queued mail. None if it asks for something that is done already.
pub(crate) fn text(meta: &Meta, mail: &OutboxMail, open: Option<&WaitRecord>, link: &str) -> Option<Text> {
    match mail.template.as_str() {
        "your-turn" | "reminder" | "review" | "last-call" => {
            // A request for something that has been done since would only confuse.
            let wait = open.filter(|wait| wait.actor == mail.actor)?;
            Some(your_turn(meta, mail, wait, link))
        }
        "link" => Some(letter(meta, LINK_SUBJECT.said(), &[&stands(link), LINK_ASKED.said()])),
        "handed-over" => Some(handed_over(meta, &mail.args, link)),
        "last-call-other" => {
            let wait = open.filter(|wait| wait.actor == mail.actor.other())?;
            Some(other_last(meta, wait, link))
        }
        "unreachable" => Some(unreachable(meta, &mail.args, link)),
        "move-confirmed" => Some(move_confirmed(meta, &mail.args, link)),
        "restored" => Some(restored(meta, &mail.args, link)),
        "ended" => Some(ended(meta, &mail.args, link)),
        _ => None,
    }
}

/// The mail with the code that proves a mailbox. The code stands in the subject too, so that it can be read without opening the mail.
pub(crate) fn code(code: &str, portal: &str) -> Text {
    // Named, not linked: there is nothing to press in this mail.
    let host = portal.split("://").nth(1).unwrap_or(portal);
    Text { subject: CODE_SUBJECT.with(&[("code", code)]), body: CODE_BODY.with(&[("code", code), ("portal", host)]) }
}

fn your_turn(meta: &Meta, mail: &OutboxMail, wait: &WaitRecord, link: &str) -> Text {
    let account = [("account", meta.email(wait.actor))];
    let (what, ask) = match (wait.kind, wait.actor) {
        (WaitKind::SignIn, Actor::Owner) => (TURN_OWNER.said(), ASK_SIGN_IN.with(&account)),
        (WaitKind::SignIn, Actor::PartnerAdmin) => (TURN_PARTNER.said(), ASK_SIGN_IN.with(&account)),
        (WaitKind::Confirm, _) => (TURN_CONFIRM.said(), ASK_CONFIRM.with(&account)),
        (WaitKind::Review, _) => (TURN_REVIEW.said(), ASK_REVIEW.with(&account)),
        (WaitKind::Fix, _) => match wait.reason.as_deref().and_then(ErrorName::parse).map(texts::explanation) {
            Some(said) => (said.title, format!("{} {}", said.cause, said.next_step)),
            None => (TURN_FIX.said(), String::new()),
        },
    };
    let subject = match (mail.template.as_str(), wait.deadline_at.parse()) {
        ("last-call", Ok(deadline)) => TURN_LAST.with(&[("what", what), ("until", &texts::until(deadline))]),
        ("reminder", _) => TURN_REMINDER.with(&[("what", what)]),
        _ => TURN.with(&[("what", what)]),
    };
    let page = if wait.kind == WaitKind::Fix { link.to_owned() } else { format!("{link}/turn") };
    letter(
        meta,
        &subject,
        &[
            &ask,
            &PAGE.with(&[("page", &page)]),
            &UNTIL.with(&[("time", &at(&wait.deadline_at))]),
            if meta.moved { HAS_MOVED.said() } else { NOTHING_CHANGED.said() },
            NOT_YOU.said(),
        ],
    )
}

fn handed_over(meta: &Meta, args: &Value, link: &str) -> Text {
    let part = match args.get("part").and_then(Value::as_str).and_then(Actor::parse) {
        Some(Actor::PartnerAdmin) => HANDED_PARTNER,
        Some(Actor::Owner) | None => HANDED_OWNER,
    };
    let said = [part.said(), HANDED_NOTHING.said(), &stands(link), &cancels(link)];
    letter(meta, HANDED_SUBJECT.said(), &said)
}

/// To the one who waits, when the other was called for the last time.
fn other_last(meta: &Meta, wait: &WaitRecord, link: &str) -> Text {
    let who = if wait.actor == Actor::Owner { THE_OWNER } else { THE_PARTNER };
    let until = at(&wait.deadline_at);
    let said = OTHER_LAST.with(&[("who", who.said()), ("account", meta.email(wait.actor)), ("time", &until)]);
    letter(meta, OTHER_LAST_SUBJECT.said(), &[&said, OTHER_LAST_WHAT.said(), &stands(link), &cancels(link)])
}

fn unreachable(meta: &Meta, args: &Value, link: &str) -> Text {
    let part = args.get("part").and_then(Value::as_str).and_then(Actor::parse).unwrap_or(Actor::Owner);
    let who = if part == Actor::Owner { THE_OWNER } else { THE_PARTNER };
    let said = UNREACHABLE.with(&[("account", meta.email(part)), ("who", who.said())]);
    letter(meta, UNREACHABLE_SUBJECT.said(), &[&said, UNREACHABLE_WHAT.said(), &stands(link), &cancels(link)])
}

fn stands(link: &str) -> String {
    WHERE.with(&[("link", link)])
}

fn cancels(link: &str) -> String {
    WRONG.with(&[("link", &format!("{link}/cancel"))])
}

/// Goes to both people: whoever did not confirm can still stop it.
fn move_confirmed(meta: &Meta, args: &Value, link: &str) -> Text {
    let said = |name: &str| args.get(name).and_then(Value::as_str);
    let by = said("by").and_then(Actor::parse).unwrap_or(Actor::Owner);
    let who = match by {
        Actor::PartnerAdmin => CONFIRMED_PARTNER,
        Actor::Owner => CONFIRMED_OWNER,
    };
    let (time, rests_until) =
        (said("at").map(at).unwrap_or_default(), said("until").filter(|until| said("at") != Some(until)));
    let when = match rests_until {
        Some(time) => CONFIRMED_LATER.with(&[("time", &at(time))]),
        None => CONFIRMED_NOW.said().to_owned(),
    };
    let who = who.with(&[("account", meta.email(by)), ("time", &time)]);
    letter(meta, CONFIRMED_SUBJECT.said(), &[&who, &when, &cancels(link), &stands(link)])
}

fn restored(meta: &Meta, args: &Value, link: &str) -> Text {
    let [rows, to_do, page] = what_is_left(meta, args, link);
    letter(meta, RESTORED_SUBJECT.said(), &[&rows, &to_do, &page])
}

/// What became of the access, and what is left to do. Counts only: names belong on the page.
fn what_is_left(meta: &Meta, args: &Value, link: &str) -> [String; 3] {
    let known = meta.restore.clone().unwrap_or_default();
    let count = |name: &str, known: u32| args.get(name).and_then(Value::as_u64).unwrap_or(known.into());
    let (done, left) = (count("done", known.done), count("leftOut", known.left_out));
    let mut rows = RESTORED_ROWS.with(&[
        ("done", &done.to_string()),
        ("left", &left.to_string()),
        ("link", &format!("{link}/access")),
    ]);
    let refused = count("refused", known.refused);
    if refused > 0 {
        rows = format!("{rows}\n{}", RESTORED_REFUSED.with(&[("refused", &refused.to_string())]));
    }
    let [stops, redo, _, check, _] = meta.report.as_ref().map_or([0; 5], |report| report.counts);
    let mut to_do = format!("{}\n- {}", LEFT.said(), LEFT_KEYS.said());
    for (n, what) in [(stops, LEFT_SET_UP), (redo, LEFT_REDO), (check, LEFT_CHECK)] {
        if n > 0 {
            to_do.push_str(&format!("\n- {}", what.with(&[("n", &n.to_string())])));
        }
    }
    to_do.push_str(&format!("\n- {}", LEFT_POLICY.said()));
    [rows, to_do, LEFT_REPORT.with(&[("link", &format!("{link}/report"))])]
}

fn ended(meta: &Meta, args: &Value, link: &str) -> Text {
    let ending = args.get("ending").and_then(Value::as_str).and_then(Ending::parse);
    let (subject, what) = match ending {
        Some(Ending::Done) => (DONE_SUBJECT, DONE.said().to_owned()),
        Some(Ending::Cancelled) => (CANCELLED_SUBJECT, CANCELLED.said().to_owned()),
        Some(Ending::Declined) => (DECLINED_SUBJECT, DECLINED.said().to_owned()),
        Some(Ending::Expired) => (EXPIRED_SUBJECT, EXPIRED.said().to_owned()),
        Some(Ending::Failed) | None => {
            let name = meta.error.as_deref().and_then(ErrorName::parse).unwrap_or(ErrorName::InternalBug);
            let said = texts::explanation(name);
            (FAILED_SUBJECT, format!("{}. {}", said.title, said.next_step))
        }
    };
    let azure = if meta.moved { IS_THERE.said() } else { NOT_MOVED.said() };
    let items = undone(meta);
    let rest = UNDONE.with(&[("link", link)]);
    if ending == Some(Ending::Done) && meta.restore.is_some() {
        let [rows, to_do, page] = what_is_left(meta, args, link);
        return letter(meta, subject.said(), &[&what, azure, &rows, &to_do, &page, &rest]);
    }
    letter(meta, subject.said(), &[&what, azure, &items, &rest])
}

/// Item by item, with what to do about what could not be undone. Counts only: names belong on the page.
fn undone(meta: &Meta) -> String {
    let items = onboarding::undo::without_names(&meta.undone);
    if items.is_empty() {
        return String::new();
    }
    let mut said = UNDONE_ITEMS.said().to_owned();
    for item in &items {
        let texts::Undone { sign, what, result, why, to_do, .. } = texts::undone(item);
        said.push_str(&format!("\n{sign} {what}: {result}."));
        for more in [why.as_deref(), to_do].into_iter().flatten() {
            said.push_str(&format!(" {more}"));
        }
    }
    said
}

/// How many things a reminder names; the page has them all.
const TO_DO_NAMED: usize = 8;

/// What a person still has to do after the move; none if it is all ticked off by now.
pub(crate) fn to_do(meta: &Meta, list: &ToDo, now: Timestamp, link: &str) -> Option<Text> {
    let open: Vec<&Item> = list.open().collect();
    if open.is_empty() {
        return None;
    }
    let mut said = TO_DO.said().to_owned();
    for item in open.iter().take(TO_DO_NAMED) {
        let due = list.due(item);
        let row = if due < now { TO_DO_OVERDUE } else { TO_DO_ROW };
        said.push_str(&format!("\n- {}", row.with(&[("what", item_said(item)), ("day", &texts::day(due))])));
    }
    if let Some(more) = open.len().checked_sub(TO_DO_NAMED).filter(|more| *more > 0) {
        said.push_str(&format!("\n- {}", TO_DO_MORE.with(&[("n", &more.to_string())])));
    }
    let again = match CHASES.saturating_sub(list.reminders) {
        0 => TO_DO_LAST.said().to_owned(),
        left => TO_DO_AGAIN.with(&[("n", &left.to_string())]),
    };
    Some(letter(meta, TO_DO_SUBJECT.said(), &[&said, &TO_DO_PAGE.with(&[("link", link)]), &again]))
}

/// What there is to do, as an instruction without its full stop.
fn item_said(item: &Item) -> &'static str {
    let said = match (item.id.as_str(), item.rule()) {
        (_, Some(rule)) => {
            let (part, english) = rule.after.map_or(("todo", rule.todo), |after| ("after", after.what));
            texts::of(&format!("rule.{}.{part}", rule.id), english)
        }
        (to_do::REFUSED, None) => TO_DO_REFUSED.said(),
        (to_do::POLICY, None) => LEFT_POLICY.said(),
        // What there is of a rule that has gone since, the page says.
        (_, None) => LEFT_KEYS.said(),
    };
    said.trim_end_matches('.')
}

/// The frame of every mail. Nothing that the initiator typed freely gets into it: a mail to a third party is no place for that.
fn letter(meta: &Meta, subject: &str, paragraphs: &[&str]) -> Text {
    let reference = meta.onboarding_id.reference();
    let about = ABOUT.with(&[
        (
            "subscription",
            if meta.subscription_id.is_chosen() { meta.subscription_id.as_str() } else { NOT_CHOSEN.said() },
        ),
        ("directory", &meta.partner_directory),
        ("reference", &reference),
    ]);
    let mut body = format!("{about}\n\n");
    for paragraph in paragraphs.iter().filter(|paragraph| !paragraph.is_empty()) {
        body.push_str(paragraph);
        body.push_str("\n\n");
    }
    body.push_str(WHY.said());
    body.push('\n');
    Text { subject: format!("[{reference}] {subject}"), body }
}

/// A recorded time as the recipient reads it: in their own zone and in UTC.
fn at(time: &str) -> String {
    time.parse().map_or_else(|_| time.to_owned(), texts::at)
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
            "8 January 2026, 00:00 UTC",
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
    fn a_reminder_of_what_is_left_names_it_with_its_day_and_one_link_and_none_goes_out_when_all_is_ticked() {
        let now: Timestamp = "2026-05-20T10:00:00Z".parse().unwrap();
        let since: Timestamp = "2026-05-12T10:00:00Z".parse().unwrap();
        let mut list = ToDo::of(Actor::PartnerAdmin, None, 2, since);
        list.items.push(Item { id: "after:rotate-keys".into(), count: 3, due_days: 30, ticked: None });
        list.reminders = 1;
        let said = to_do(&meta(), &list, now, LINK).unwrap();
        for words in [
            "- close the policy exceptions that were opened for this move (was due 13 May 2026)",
            "- assign by hand what Azure refused to restore (was due 13 May 2026)",
            "- Renew both access keys, one after the other, and hand the new ones to the applications (due 11 June 2026)",
            "3 more times at most",
        ] {
            assert!(said.body.contains(words), "{words} is missing in:\n{}", said.body);
        }
        assert_eq!(said.body.matches("https://").count(), 1, "{}", said.body);
        list.reminders = CHASES;
        let last =
            texts::within(texts::Locale::named("de", "Europe/Berlin"), || to_do(&meta(), &list, now, LINK)).unwrap();
        assert!(last.body.contains("letzte Erinnerung") && last.body.contains("13. Mai 2026"), "{}", last.body);
        let id = |n| format!("after:rule-{n}");
        list.items = (0..40).map(|n| Item { id: id(n), count: 1, due_days: 1, ticked: None }).collect();
        assert!(to_do(&meta(), &list, now, LINK).unwrap().body.contains("- and 32 more"));
        for n in 0..40 {
            assert!(list.tick(&id(n), Some(to_do::How::Done), &jiff::tz::TimeZone::UTC, now));
        }
        assert_eq!(to_do(&meta(), &list, now, LINK), None);
    }

    #[test]
    fn an_unknown_text_sends_nothing() {
        assert_eq!(text(&meta(), &mail("party-invitation", json!({})), None, LINK), None);
    }

    #[test]
    fn both_people_learn_who_confirmed_until_when_it_can_be_stopped_and_where() {
        let args = json!({"by": "owner", "at": "2026-01-01T10:00:00Z", "until": "2026-01-01T10:10:00Z"});
        let text = text(&meta(), &mail("move-confirmed", args), None, LINK).unwrap();
        for words in ["subscription owner (rosa@outlook.com)", "begins at 1 January 2026, 10:10 UTC", "/o/link/cancel"]
        {
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
        for words in ["restored: 9", "on purpose: 4", "refused: 1", "- rotate access keys", "/o/link/access"] {
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
        assert!(said.body.contains("restored: 2") && said.body.contains("- rotate"), "{}", said.body);
        let cancelled = text(&done, &mail("ended", json!({"ending": "cancelled"})), None, LINK).unwrap();
        assert!(!cancelled.body.contains("Roles restored"));
    }

    /// The ids and English words of this file.
    fn english() -> std::collections::BTreeMap<String, String> {
        let source = include_str!("words.rs").split("#[cfg(test)]").next().unwrap();
        let mut english = std::collections::BTreeMap::new();
        for call in source.split("words(").skip(1) {
            let mut strings = call.split('"').enumerate().filter(|(index, _)| index % 2 == 1).map(|(_, string)| string);
            if let (true, Some(id), Some(said)) = (call.trim_start().starts_with('"'), strings.next(), strings.next()) {
                assert!(english.insert(id.to_owned(), said.to_owned()).is_none(), "{id} is used twice");
            }
        }
        english
    }

    #[test]
    fn at_the_last_call_the_other_person_is_told_too_as_long_as_it_is_open() {
        let wait = wait(WaitKind::SignIn, None);
        let mut other = mail("last-call-other", json!({"deadline": wait.deadline_at}));
        other.actor = wait.actor.other();
        let told = text(&meta(), &other, Some(&wait), LINK).unwrap();
        assert!(
            told.subject.contains("has not answered") && told.body.contains("the subscription's owner"),
            "{told:?}"
        );
        assert!(told.body.contains("/cancel"));
        // It was answered meanwhile, or it is this person's own turn now.
        assert_eq!(text(&meta(), &other, None, LINK), None);
        other.actor = wait.actor;
        assert_eq!(text(&meta(), &other, Some(&wait), LINK), None);
    }

    #[test]
    fn every_language_has_every_mail_with_the_same_values_and_nothing_else() {
        let values = |said: &str| -> std::collections::BTreeSet<String> {
            said.split('{').skip(1).filter_map(|rest| rest.split(['}', '|']).next()).map(str::to_owned).collect()
        };
        let english = english();
        assert!(english.len() > 40, "{}", english.len());
        for language in texts::Language::all().filter(|language| *language != texts::Language::ENGLISH) {
            let said: std::collections::BTreeMap<_, _> =
                language.ids().filter(|(id, _)| id.starts_with("mail.")).collect();
            for (id, words) in &english {
                let translated = said.get(id.as_str()).unwrap_or_else(|| panic!("{language:?} lacks {id}"));
                assert_eq!(values(words), values(translated), "{language:?} {id}");
            }
            for id in said.keys() {
                assert!(english.contains_key(*id), "{language:?} has {id}, which no mail says");
            }
        }
    }

    #[test]
    fn a_mail_is_in_the_recipients_language_and_time_all_through() {
        let wait = wait(WaitKind::SignIn, None);
        let locale = || texts::Locale::named("de", "Europe/Berlin");
        let turn = texts::within(locale(), || text(&meta(), &mail("last-call", json!({})), Some(&wait), LINK)).unwrap();
        assert!(turn.subject.contains("Letzte Erinnerung") && turn.subject.contains("Do 01:00"), "{}", turn.subject);
        assert!(turn.body.contains("8. Januar 2026, 01:00 Uhr (Europe/Berlin), 00:00 UTC"), "{}", turn.body);
        let english = english();
        for (template, args) in [
            ("your-turn", json!({})),
            ("link", json!({})),
            ("handed-over", json!({"part": "owner"})),
            ("unreachable", json!({"part": "owner"})),
            ("move-confirmed", json!({"by": "owner", "at": "2026-01-01T10:00:00Z", "until": "2026-01-01T10:10:00Z"})),
            ("restored", json!({"done": 9, "refused": 1, "leftOut": 4})),
            ("ended", json!({"ending": "expired"})),
        ] {
            let said =
                texts::within(locale(), || text(&meta(), &mail(template, args.clone()), Some(&wait), LINK)).unwrap();
            for words in english.values().filter(|words| !words.contains('{') && words.contains(' ')) {
                assert!(
                    !said.body.contains(words.as_str()) && !said.subject.contains(words.as_str()),
                    "{template}: {words}"
                );
            }
        }
    }
}
