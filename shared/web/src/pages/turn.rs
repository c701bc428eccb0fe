//! "Your turn": what is asked, before anything is asked. Opening it changes nothing; only its buttons do.

use jiff::Timestamp;
use maud::{Markup, html};
use onboarding::{AccountKind, Actor, Directory, Explanation, WaitKind};

use crate::frame::{directory, frame, person, time};
use crate::text::people as words;
use crate::{paths, text};

/// What the page shows.
#[derive(Debug)]
pub struct TurnView<'a> {
    /// The person's link.
    pub link: &'a str,
    /// The onboarding's short reference.
    pub reference: &'a str,
    /// Whose turn it is; the link is theirs.
    pub actor: Actor,
    /// Signing in only, or signing in to confirm.
    pub kind: WaitKind,
    /// The account to sign in with.
    pub account: &'a str,
    /// What kind of account that is.
    pub account_kind: AccountKind,
    /// Where to sign in.
    pub directory: Directory,
    /// The name or id of that directory.
    pub directory_name: &'a str,
    /// Why a sign-in is needed again, if it is not the first.
    pub reason: Option<Explanation>,
    /// The subscription's name or id.
    pub subscription: &'a str,
    /// The directory the subscription is in.
    pub from: &'a str,
    /// The directory it is to be in.
    pub to: &'a str,
    /// Whether the person has signed in here before.
    pub again: bool,
    /// Whether a guest invitation of ours is open for them.
    pub guest: bool,
    /// Whether the subscription has moved.
    pub moved: bool,
    /// Whether declining still means something.
    pub may_decline: bool,
    /// Whether the person can still have more time.
    pub may_extend: bool,
    /// Whether the person can choose that nobody is a guest.
    pub may_reroute: bool,
    /// Until when.
    pub deadline: Timestamp,
    /// The sign-in host, such as `login.microsoftonline.com`.
    pub login_host: &'a str,
}

/// The page before a sign-in.
#[must_use]
pub fn turn(view: &TurnView<'_>) -> Markup {
    let (title, what) = match (view.kind, view.actor, view.again) {
        (WaitKind::Review, _, _) => (text::impact::TURN_TITLE_REVIEW, text::impact::TURN_REVIEW),
        (WaitKind::Confirm, _, _) => (text::TURN_TITLE_CONFIRM, text::TURN_OWNER_CONFIRM),
        (WaitKind::SignIn | WaitKind::Fix, Actor::Owner, false) => (text::TURN_TITLE_SIGN_IN, text::TURN_OWNER_FIRST),
        (WaitKind::SignIn | WaitKind::Fix, Actor::PartnerAdmin, false) => {
            (text::TURN_TITLE_SIGN_IN, text::TURN_PARTNER)
        }
        (WaitKind::SignIn | WaitKind::Fix, _, true) => (text::TURN_TITLE_SIGN_IN, text::TURN_PARTNER_AGAIN),
    };
    let changes = match (view.moved, view.guest) {
        (true, _) => text::TURN_MOVED,
        (false, true) => text::TURN_GUEST,
        (false, false) => text::TURN_NOTHING_YET,
    };
    let content = html! {
        h1 { (title) }
        @if let Some(reason) = view.reason {
            div.panel { p { strong { (reason.title) } } p { (reason.cause) " " (reason.effect) } }
        }
        dl {
            dt { (text::TURN_WHO) }
            dd {
                strong { (view.account) }
                @match view.account_kind {
                    AccountKind::Personal => { ", " (text::ACCOUNT_PERSONAL) }
                    AccountKind::Work => { ", " (text::ACCOUNT_WORK) }
                    AccountKind::Unknown => {}
                }
                " (" (person(view.actor)) ")"
            }
            dt { (text::TURN_WHERE) }
            dd { (view.directory_name) " (" (directory(view.directory)) ")" }
            dt { (text::TURN_WHAT) }
            dd { (what) }
            dt { (text::TURN_CHANGES) }
            dd { (changes) }
            dt { (text::TURN_UNTIL) }
            dd { (time(view.deadline)) }
            dt { (text::TURN_ABOUT) }
            dd { (text::TURN_ABOUT_SAID.with(&[("subscription", view.subscription), ("from", view.from), ("to", view.to)])) }
        }
        (picker(view.account, view.account_kind))
        p { (text::TURN_HOST.with(&[("host", view.login_host)])) " " (text::TURN_TIP) }
        div.actions {
            form method="post" action=(paths::sign_in(view.link)) {
                button type="submit" { (text::TURN_CONTINUE) }
            }
            @if view.may_decline {
                form method="post" action=(paths::decline(view.link)) {
                    button.quiet type="submit" aria-describedby="decline-said" { (text::TURN_DECLINE) }
                }
                form method="post" action=(paths::decline_and_report(view.link)) {
                    button.quiet type="submit" aria-describedby="decline-said" { (words::REPORT) }
                }
            }
        }
        @if view.may_decline { p.muted #decline-said { (text::TURN_DECLINE_SAID) } }
        (other_ways(view.link, view.may_extend, view.may_decline))
        @if view.may_reroute { p { a href=(paths::route(view.link)) { (text::FIX_INVITATION_ROUTE) } } }
        p { a href=(paths::progress(view.link)) { (text::BACK_TO_PROGRESS) } }
    };
    frame(title.said(), Some(view.reference), &content)
}

/// Microsoft's page with the list of accounts, drawn with the right row marked: most wrong sign-ins are a click on the other row. Who
/// doesn't see the drawing has its caption.
fn picker(account: &str, kind: AccountKind) -> Markup {
    let kind = match kind {
        AccountKind::Personal => Some((text::ACCOUNT_PERSONAL, text::PICKER_PERSONAL)),
        AccountKind::Work => Some((text::ACCOUNT_WORK, text::PICKER_WORK)),
        AccountKind::Unknown => None,
    };
    html! {
        figure.picker {
            div aria-hidden="true" {
                p { strong { (text::PICKER_TITLE) } }
                p.row.right { span.face { "✓" } span { (account) @if let Some((kind, _)) = kind { br; span.muted { (kind) } } } }
                p.row { span.face {} span.muted { (text::PICKER_OTHER) } }
            }
            figcaption {
                (text::PICKER_SAID.with(&[("account", account)]))
                @if let Some((_, twice)) = kind { " " (twice) }
            }
        }
    }
}

/// What a person can do who can't do what is asked, or not now.
pub(crate) fn other_ways(link: &str, may_extend: bool, may_forward: bool) -> Markup {
    html! {
        @if may_extend || may_forward {
            div.actions {
                @if may_extend {
                    form method="post" action=(paths::extend(link)) {
                        button.quiet type="submit" aria-describedby="extend-said" { (words::MORE_TIME) }
                    }
                }
                @if may_forward { a.button.quiet href=(paths::forward(link)) { (words::SOMEBODY_ELSE) } }
            }
            @if may_extend { p.muted #extend-said { (words::MORE_TIME_SAID) } }
        }
    }
}

/// What the page shows to someone whose turn it is not.
#[derive(Debug)]
pub struct NotYoursView<'a> {
    /// The link that was opened.
    pub link: &'a str,
    /// The onboarding's short reference.
    pub reference: &'a str,
    /// Whose turn it is, if anybody's.
    pub actor: Option<Actor>,
    /// Whether the person can hand their part on all the same.
    pub may_forward: bool,
}

/// The page for someone whose turn it is not.
#[must_use]
pub fn not_yours(view: &NotYoursView<'_>) -> Markup {
    let content = html! {
        h1 { (text::TURN_NOT_YOURS_TITLE) }
        @match view.actor {
            Some(actor) => { p { (text::TURN_NOT_YOURS.with(&[("who", person(actor).said())])) } }
            None => { p { (text::TURN_NOBODY) } }
        }
        (other_ways(view.link, false, view.may_forward))
        p { a href=(paths::progress(view.link)) { (text::BACK_TO_PROGRESS) } }
    };
    frame(text::TURN_NOT_YOURS_TITLE.said(), Some(view.reference), &content)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn view() -> TurnView<'static> {
        TurnView {
            link: "L",
            reference: "ABCD-1234",
            actor: Actor::Owner,
            kind: WaitKind::SignIn,
            account: "rosa@outlook.com",
            account_kind: AccountKind::Personal,
            directory: Directory::Source,
            directory_name: "Default Directory",
            reason: None,
            subscription: "Fabrikam Pay-As-You-Go",
            from: "Default Directory",
            to: "Contoso",
            again: false,
            guest: false,
            moved: false,
            may_decline: true,
            may_extend: true,
            may_reroute: false,
            deadline: "2026-05-16T17:00:00Z".parse().unwrap(),
            login_host: "login.microsoftonline.com",
        }
    }

    #[test]
    fn the_page_answers_who_where_what_until_when_and_what_changes() {
        let page = turn(&view()).into_string();
        for piece in [
            "rosa@outlook.com",
            "a personal Microsoft account",
            "Default Directory",
            "Fabrikam Pay-As-You-Go",
            "Contoso",
            "Nothing has been changed in Azure so far",
            "login.microsoftonline.com",
            r#"<time datetime="2026-05-16T17:00:00Z">16 May 2026, 17:00 UTC</time>"#,
            r#"<form method="post" action="/o/L/sign-in">"#,
            r#"<form method="post" action="/o/L/decline">"#,
            r#"<form method="post" action="/o/L/decline?report=yes">"#,
        ] {
            assert!(page.contains(piece), "{piece}");
        }
    }

    #[test]
    fn the_row_of_the_right_account_is_marked_and_said() {
        let page = turn(&view()).into_string();
        assert!(page.contains("choose rosa@outlook.com, or type it") && page.contains("choose the personal one"));
        let hostile = turn(&TurnView { account: "<b>@x", account_kind: AccountKind::Unknown, ..view() }).into_string();
        assert!(hostile.contains("&lt;b&gt;@x") && !hostile.contains("<b>@x") && !hostile.contains("the personal one"));
    }

    #[test]
    fn after_the_move_nobody_is_offered_to_decline_it() {
        let page = turn(&TurnView { moved: true, may_decline: false, ..view() }).into_string();
        assert!(!page.contains("/decline"));
        assert!(page.contains("has moved"));
    }

    #[test]
    fn names_and_addresses_stay_out_of_the_title() {
        let page = turn(&view()).into_string();
        let title = page.split("<title>").nth(1).unwrap().split("</title>").next().unwrap();
        assert!(!title.contains("rosa") && !title.contains("Fabrikam"), "{title}");
    }

    #[test]
    fn markup_in_names_is_shown_as_text() {
        let page = turn(&TurnView { to: "<script>alert(1)</script>", account: "\"><img src=x>@x.com", ..view() })
            .into_string();
        assert!(!page.contains("<script>") && !page.contains("<img"));
    }
}
