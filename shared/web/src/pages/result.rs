//! How a sign-in went. Each result has a stable id, a cause, an effect and a next step, and an address of its own without
//! a code, a state or a name in it.

use http::StatusCode;
use jiff::Timestamp;
use maud::{Markup, html};
use onboarding::{Actor, Outcome};
use serde::{Deserialize, Serialize};

use crate::frame::{frame, person, time};
use crate::text::people as words;
use crate::{paths, text};

macro_rules! results {
    ($($(#[$doc:meta])* $variant:ident = $slug:literal, $id:literal, $status:ident, $again:literal,
        $title:literal, $cause:literal, $effect:literal, $next:literal;)+) => {
        /// How a sign-in, or a decision made through a link, went.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum SignInResult { $($(#[$doc])* #[serde(rename = $slug)] $variant),+ }

        impl SignInResult {
            /// Every result.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The last part of the result page's address.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $slug),+ }
            }

            /// The stable id, for support and for programs.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id),+ }
            }

            /// The status of the page.
            #[must_use]
            pub fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status),+ }
            }

            /// Whether trying again can help.
            #[must_use]
            pub fn may_try_again(self) -> bool {
                match self { $(Self::$variant => $again),+ }
            }

            /// One line.
            #[must_use]
            pub fn title(self) -> &'static str {
                texts::of(&format!("result.{}.title", self.as_str()), match self { $(Self::$variant => $title),+ })
            }

            /// What happened, what it means, what to do.
            #[must_use]
            pub fn said(self) -> [&'static str; 3] {
                let [cause, effect, next] = match self { $(Self::$variant => [$cause, $effect, $next]),+ };
                let id = |part: &str| format!("result.{}.{part}", self.as_str());
                [texts::of(&id("cause"), cause), texts::of(&id("effect"), effect), texts::of(&id("next-step"), next)]
            }
        }
    };
}

results! {
    /// The expected person signed in.
    SignedIn = "signed-in", "SignIn.Ok", OK, false,
        "Thanks, that worked",
        "You signed in with the right account.",
        "Your part of this step is done. We go on by ourselves.",
        "Nothing to do now. We mail you when it is your turn again; the progress page shows where it stands.";
    /// The owner confirmed the move.
    Confirmed = "confirmed", "Confirm.Ok", OK, false,
        "Thanks, the move is confirmed",
        "You confirmed the move of exactly what you were shown.",
        "We move the subscription now. Until it is accepted, it can still be cancelled.",
        "Nothing to do now. The progress page shows where it stands.";
    /// The partner admin has decided what there was to decide.
    Reviewed = "reviewed", "Review.Ok", OK, false,
        "Thanks, the review is done",
        "You decided who gets access again.",
        "The owner is asked to agree and to confirm the move. Nothing has been changed in Azure.",
        "Nothing to do now. The owner may send the review back to you; then you get a mail.";
    /// The owner sent the review back.
    SentBack = "sent-back", "Review.SentBack", OK, false,
        "The review went back to the partner",
        "You asked the Partner Center administrator to look at the decisions again.",
        "Nothing was confirmed and nothing is changed in Azure.",
        "Nothing to do now. We mail you when it is your turn again.";
    /// The person said no.
    Declined = "declined", "SignIn.Declined", OK, false,
        "You declined",
        "You told us that you don't want this.",
        "The onboarding ends, and what had been prepared is undone. Nothing was moved.",
        "Nothing to do. The progress page shows what was undone.";
    /// The person said no, and that they don't know what it is about.
    Reported = "reported", "SignIn.Reported", OK, false,
        "You declined and reported it",
        "You told us that you don't know what this is about.",
        "The onboarding ends, what had been prepared is undone, and whoever runs this service finds your report in their log. Nothing was moved.",
        "Nothing to do. Don't open further mails about it, and tell your IT department if you have one.";
    /// The onboarding is being cancelled.
    Cancelled = "cancelled", "Onboarding.Cancelled", OK, false,
        "The onboarding is being cancelled",
        "You asked for it.",
        "The subscription stays where it is, and what had been prepared is undone.",
        "Nothing to do. The progress page shows what was undone.";
    /// We look again.
    Rechecking = "rechecking", "Fix.Rechecking", OK, false,
        "We look again",
        "You asked us to check again.",
        "The same step looks at Microsoft's answer once more. If it is fixed, we go on by ourselves.",
        "Nothing to do now. The progress page shows the result in a moment.";
    /// A person chose the other route.
    Rerouted = "rerouted", "Route.Changed", OK, false,
        "Thanks, it goes on without an invitation",
        "You chose that the Partner Center administrator accepts the move and nobody is invited.",
        "We look at the partner's side again and then go on. Nothing has been changed in Azure.",
        "Nothing to do now. We mail you when it is your turn again; the progress page shows where it stands.";
    /// The owner chose a subscription.
    Chosen = "chosen", "Subscription.Chosen", OK, false,
        "Thanks, we look at that subscription",
        "You chose the subscription that this is about.",
        "We look whether your account may move it, and go on by ourselves if so. Nothing has been changed in Azure.",
        "Nothing to do now. The progress page shows the result in a moment.";
    /// The person has more time.
    Extended = "extended", "Wait.Extended", OK, false,
        "You have more time",
        "You asked for more time and have it.",
        "The new deadline is on the progress page. Nothing else has changed.",
        "Come back through your link when it suits you; we remind you.";
    /// The person had more time already.
    ExtendedBefore = "extended-before", "Wait.ExtendedBefore", CONFLICT, false,
        "You have had more time already",
        "More time can be had once for each thing that is asked.",
        "The deadline stays as it is.",
        "Do your part before the deadline, hand it to somebody else, or ask the operator for more time.";
    /// The other person is mailed once more.
    Reminded = "reminded", "Wait.Reminded", OK, false,
        "They get one more mail",
        "You asked us to remind the other person.",
        "A mail with their own link is on its way to them. Nothing else has changed.",
        "Nothing to do now. We remind them by ourselves too; you can ask for it once a day.";
    /// The last mail to the other person is less than a day old.
    RemindedBefore = "reminded-before", "Wait.RemindedBefore", CONFLICT, false,
        "They have had a mail already",
        "The last mail to the other person is less than a day old.",
        "No further mail was sent.",
        "Ask them in another way, or come back when the last mail is a day old.";
    /// Somebody else was put in the person's place.
    HandedOver = "handed-over", "Person.HandedOver", OK, false,
        "You handed your part on",
        "The other person gets a mail with a link of their own.",
        "Your link no longer works, and your sign-in, if there was one, is deleted. Nothing is changed in Azure.",
        "Nothing to do. You can close this page.";
    /// Not the expected person.
    WrongAccount = "wrong-account", "SignIn.WrongAccount", FORBIDDEN, true,
        "That was a different account",
        "Microsoft signed you in with another account than the one this step needs.",
        "Nothing was recorded, and your link still works.",
        "Try again and choose the right account. If Microsoft doesn't ask you, open your link in a private window.";
    /// The right account of another directory, or the other way round.
    WrongDirectory = "wrong-directory", "SignIn.WrongDirectory", FORBIDDEN, true,
        "Right person, other directory",
        "The sign-in happened in another directory than the one this step needs.",
        "Nothing was recorded, and your link still works.",
        "Try again, and choose the directory named above if Microsoft asks. If it doesn't ask, open your link in a private window.";
    /// The person declined Microsoft's consent page.
    ConsentDeclined = "consent-declined", "SignIn.ConsentDeclined", FORBIDDEN, true,
        "You chose not to allow access",
        "On Microsoft's page, access for this service was not accepted.",
        "Nothing was recorded and nothing happened in Azure. Your link still works.",
        "Try again if you want to go on. If somebody else should decide, hand your part to them; if nobody wants this, cancel the onboarding.";
    /// The organisation wants an administrator to approve the app.
    AdminApproval = "admin-approval", "SignIn.AdminApproval", FORBIDDEN, true,
        "Your organisation wants an administrator to approve this app",
        "The directory lets people use an app like this only after an administrator has approved it.",
        "Nothing was recorded, and your link still works.",
        "Forward the text below to an administrator of the directory. Once they have approved the app, try again.";
    /// Multi-factor authentication is missing or too old.
    MultiFactor = "multi-factor", "SignIn.MultiFactor", FORBIDDEN, true,
        "Microsoft needs a fresh multi-factor sign-in",
        "The sign-in was without multi-factor authentication, or it is too long ago. Partner Center and Azure refuse such sign-ins.",
        "Nothing was recorded, and your link still works.",
        "Try again and complete the second factor.";
    /// A Conditional Access rule said no.
    SignInRule = "sign-in-rule", "SignIn.BlockedByRule", FORBIDDEN, true,
        "A sign-in rule of the organisation stopped this",
        "The directory has a rule about where, from which device or how people sign in, and this sign-in didn't fit.",
        "Nothing was recorded, and your link still works.",
        "Forward the text below to the directory's administrators: they see the rule in the sign-in log. Then try again.";
    /// The account is not in that directory.
    NotInDirectory = "not-in-directory", "SignIn.NotInDirectory", FORBIDDEN, true,
        "This account isn't in that directory",
        "Microsoft doesn't know the account in the directory that this step needs.",
        "Nothing was recorded, and your link still works.",
        "Check that you chose the account shown below. If it is the right one, ask an administrator of the directory to add it.";
    /// The account is locked, disabled or its password expired.
    AccountProblem = "account-problem", "SignIn.AccountProblem", FORBIDDEN, true,
        "Microsoft doesn't let this account sign in",
        "The account is locked or disabled, or its password has expired.",
        "Nothing was recorded, and your link still works.",
        "Sign in at Microsoft directly to see what is wrong, then try again here.";
    /// Ten minutes are over.
    Expired = "expired", "SignIn.Expired", GONE, true,
        "This sign-in took too long",
        "A sign-in must be finished within ten minutes after it was started.",
        "Nothing was recorded, and your link still works.",
        "Start the sign-in again.";
    /// The browser is not the one that began.
    OtherBrowser = "other-browser", "SignIn.OtherBrowser", FORBIDDEN, true,
        "This sign-in was started somewhere else",
        "For your safety a sign-in must end in the browser in which it began.",
        "Nothing was recorded, and your link still works.",
        "Open your link in this browser and start again here.";
    /// The code, the state or the wait was used before.
    AlreadyDone = "already-done", "SignIn.AlreadyDone", CONFLICT, false,
        "Already done",
        "This sign-in has been used before: perhaps the page was loaded twice.",
        "Nothing was recorded a second time.",
        "Look at the progress page. If it is still your turn there, start the sign-in again.";
    /// The wait ended meanwhile.
    MovedOn = "moved-on", "SignIn.MovedOn", GONE, false,
        "This step has moved on",
        "The step that you acted for was finished, cancelled or ran out of time meanwhile.",
        "Nothing was recorded.",
        "The progress page shows where the onboarding stands.";
    /// The callback belongs to nothing that we know.
    Unknown = "unknown-sign-in", "SignIn.Unknown", BAD_REQUEST, false,
        "We don't know this sign-in",
        "The answer that came from Microsoft belongs to no sign-in that was started here, or to one that is long over.",
        "Nothing was recorded.",
        "Open the link in your newest mail and start from there.";
    /// Microsoft's answer did not pass our checks.
    NotTrusted = "not-trusted", "SignIn.NotTrusted", FORBIDDEN, true,
        "We could not verify this sign-in",
        "What came back doesn't prove who signed in: a signature, a time or an identifier does not fit.",
        "Nothing was recorded, and your link still works.",
        "Try again. If it happens twice, give the id and the time to the operator.";
    /// 5xx or unreachable.
    MicrosoftUnavailable = "microsoft-unavailable", "SignIn.MicrosoftUnavailable", SERVICE_UNAVAILABLE, true,
        "Microsoft is having trouble",
        "Microsoft's sign-in service answered with an error of its own, or not at all.",
        "Nothing was recorded, and your link still works.",
        "Try again in a few minutes.";
    /// The operator has to finish set-up.
    NotSetUp = "not-set-up", "SignIn.NotSetUp", SERVICE_UNAVAILABLE, false,
        "This service isn't set up correctly",
        "Microsoft doesn't accept this service's registration: that is for its operator to correct.",
        "Nothing was recorded. The onboarding waits.",
        "Tell the operator the id and the ids below. Your link works again once it is corrected.";
    /// Our own storage or keys failed.
    TryLater = "try-later", "SignIn.TryLater", SERVICE_UNAVAILABLE, true,
        "We could not finish this",
        "Our storage or our key store did not answer.",
        "Your sign-in was not recorded, and your link still works.",
        "Try again in a minute.";
    /// Anything else.
    SomethingElse = "something-else", "SignIn.Other", BAD_GATEWAY, true,
        "Microsoft answered in a way we don't know",
        "The sign-in ended with an error that we have no explanation for.",
        "Nothing was recorded, and your link still works. The onboarding is safe.",
        "Try again. If it happens twice, give the ids below to the operator.";
}

impl SignInResult {
    /// Reads the last part of a result page's address.
    #[must_use]
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|result| result.as_str() == slug)
    }
}

/// What support needs to find a sign-in in Microsoft's logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Support<'a> {
    /// Microsoft's correlation id.
    pub correlation_id: Option<&'a str>,
    /// When.
    pub at: Timestamp,
}

/// What a person can do beside trying again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ways {
    /// Hand their part to somebody else.
    pub forward: bool,
    /// Cancel the onboarding.
    pub cancel: bool,
    /// Choose the other route.
    pub route: bool,
}

/// What was done last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Last {
    /// By whom, if by one of the two people.
    pub who: Option<Actor>,
    /// What.
    pub what: Outcome,
    /// When.
    pub at: Timestamp,
}

/// Where a sign-in was stopped, for those who can do something about it. No link is in it: links are personal.
#[derive(Debug, Clone, Copy)]
pub struct Stopped<'a> {
    /// The directory: name and id.
    pub directory: (&'a str, &'a str),
    /// The account.
    pub account: &'a str,
    /// The onboarding's short reference.
    pub reference: &'a str,
}

impl Stopped<'_> {
    /// Asks for the app's approval. `permissions` are those of the sign-in, and `address` is where an administrator approves:
    /// <https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent#construct-the-url-for-granting-tenant-wide-admin-consent>.
    #[must_use]
    pub fn approval(&self, app: &str, permissions: &str, address: &str) -> String {
        self.said(text::RESULT_REQUEST_APPROVAL, &[("app", app), ("permissions", permissions), ("address", address)])
    }

    /// Tells which rule to look for:
    /// <https://learn.microsoft.com/entra/identity/conditional-access/troubleshoot-conditional-access>.
    #[must_use]
    pub fn rule(&self, at: Timestamp, correlation: Option<&str>, codes: &[String]) -> String {
        let unknown = text::RESULT_NOT_SAID.said();
        let codes = codes.join(", ");
        let codes = if codes.is_empty() { unknown } else { &codes };
        let at = at.to_string();
        let correlation = correlation.unwrap_or(unknown);
        self.said(text::RESULT_REQUEST_RULE, &[("at", &at), ("correlation", correlation), ("codes", codes)])
    }

    fn said(&self, template: text::Text, more: &[(&str, &str)]) -> String {
        let mut values = vec![
            ("directory", self.directory.0),
            ("tenant", self.directory.1),
            ("account", self.account),
            ("reference", self.reference),
        ];
        values.extend_from_slice(more);
        template.with(&values)
    }
}

/// What the page shows.
#[derive(Debug)]
pub struct ResultView<'a> {
    /// The person's link, where the sign-in belongs to one.
    pub link: Option<&'a str>,
    /// The onboarding's short reference.
    pub reference: Option<&'a str>,
    /// How it went.
    pub result: SignInResult,
    /// The account that the step needs, where that helps.
    pub needed: Option<&'a str>,
    /// The account that was used; shown in the browser that used it only.
    pub used: Option<&'a str>,
    /// The directory that the step needs, where that helps.
    pub needed_directory: Option<&'a str>,
    /// The directory that was signed in at, if it is another one; shown in the browser that used it only.
    pub used_directory: Option<&'a str>,
    /// A text to forward, where somebody else has to act.
    pub request: Option<String>,
    /// What else the person can do.
    pub ways: Ways,
    /// What was done last, where the step is over.
    pub last: Option<Last>,
    /// For support, where something went wrong.
    pub support: Option<Support<'a>>,
    /// What comes next, when all is well.
    pub next_page: Option<&'a str>,
}

/// The page after a sign-in.
#[must_use]
pub fn result(view: &ResultView<'_>) -> Markup {
    let [cause, effect, next] = view.result.said();
    let good = view.result.status() == StatusCode::OK;
    let content = html! {
        h1 { (view.result.title()) }
        div.panel.good[good].bad[!good] role=[(!good).then_some("alert")] {
            p { (cause) }
            @if let Some(used) = view.used { p { (text::RESULT_USED) " " strong { (used) } "." } }
            @if let Some(needed) = view.needed { p { (text::RESULT_NEEDED) " " strong { (needed) } "." } }
            @if let Some(used) = view.used_directory { p { (text::RESULT_USED_DIRECTORY) " " strong { (used) } "." } }
            @if let Some(needed) = view.needed_directory {
                p { (text::RESULT_NEEDED_DIRECTORY) " " strong { (needed) } "." }
            }
            p { (effect) }
            @if let Some(last) = view.last {
                p {
                    (text::RESULT_LAST) " " (text::outcome(last.what))
                    @if let Some(who) = last.who { ", " (person(who)) }
                    ", " (time(last.at)) "."
                }
            }
        }
        h2 { (text::NEXT) }
        p { (next) }
        @if let Some(link) = view.link {
            div.actions {
                @if view.result.may_try_again() { a.button href=(paths::turn(link)) { (text::RESULT_AGAIN) } }
                @if let Some(next) = view.next_page { a.button href=(next) { (text::PROGRESS_CONTINUE) } }
                @if view.ways.route { a.button.quiet href=(paths::route(link)) { (text::FIX_INVITATION_ROUTE) } }
                @if view.ways.forward { a.button.quiet href=(paths::forward(link)) { (words::SOMEBODY_ELSE) } }
                @if view.ways.cancel { a.button.quiet href=(paths::cancel(link)) { (text::PROGRESS_CANCEL) } }
                a.button.quiet href=(paths::progress(link)) { (text::BACK_TO_PROGRESS) }
            }
        }
        @if let Some(request) = &view.request {
            h2 #forward { (text::RESULT_FORWARD) }
            pre tabindex="0" aria-labelledby="forward" { (request) }
            p.muted { (text::FIX_OTHER) }
        }
        @if !good {
            dl {
                dt { (text::ERROR_ID) }
                dd { code { (view.result.id()) } }
                @if let Some(support) = &view.support {
                    @if let Some(id) = support.correlation_id { dt { (text::RESULT_CORRELATION) } dd { code { (id) } } }
                    dt { (text::RESULT_AT) }
                    dd { (time(support.at)) }
                }
            }
        }
    };
    frame(view.result.title(), view.reference, &content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(result: SignInResult) -> ResultView<'static> {
        ResultView {
            link: Some("L"),
            reference: None,
            result,
            needed: None,
            used: None,
            needed_directory: None,
            used_directory: None,
            request: None,
            ways: Ways::default(),
            last: None,
            support: None,
            next_page: None,
        }
    }

    #[test]
    fn every_result_has_an_address_an_id_and_three_sentences() {
        let (mut slugs, mut ids) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
        for known in SignInResult::ALL {
            assert!(slugs.insert(known.as_str()) && ids.insert(known.id()), "{known:?}");
            assert_eq!(SignInResult::parse(known.as_str()), Some(*known));
            assert!(known.said().iter().all(|sentence| sentence.ends_with('.')), "{known:?}");
            let page = result(&view(*known)).into_string();
            assert!(known.said().iter().all(|said| page.contains(&said.replace('\'', "&#39;")) || page.contains(said)));
            assert_eq!(page.contains(known.id()), known.status() != StatusCode::OK, "{known:?}");
        }
    }

    #[test]
    fn a_wrong_account_is_told_which_was_used_and_which_is_needed_and_can_try_again() {
        let page = result(&ResultView {
            needed: Some("rosa@outlook.com"),
            used: Some("kim@contoso.com"),
            ..view(SignInResult::WrongAccount)
        })
        .into_string();
        for piece in ["rosa@outlook.com", "kim@contoso.com", "your link still works", r#"href="/o/L/turn""#] {
            assert!(page.contains(piece), "{piece}");
        }
    }

    #[test]
    fn a_text_to_forward_has_what_an_administrator_needs_and_no_link() {
        let stopped = Stopped { directory: ("Contoso", "t-1"), account: "kim@contoso.com", reference: "ABCD-1234" };
        let at = "2026-05-12T10:00:00Z".parse().unwrap();
        let approval = stopped.approval("app-1", "User.Read", "https://login.microsoftonline.com/t-1/adminconsent");
        let rule = stopped.rule(at, Some("7c1d0f6e"), &["53003".into()]);
        for (said, pieces) in [
            (&approval, ["app-1", "User.Read", "https://login.microsoftonline.com/t-1/adminconsent"]),
            (&rule, ["7c1d0f6e", "53003", "2026-05-12T10:00:00Z"]),
        ] {
            for piece in pieces.iter().chain(&["Contoso", "t-1", "kim@contoso.com", "ABCD-1234", "Subject:"]) {
                assert!(said.contains(piece), "{piece} in {said}");
            }
            assert!(!said.contains('{') && !said.contains("/o/"), "{said}");
        }
        assert!(stopped.rule(at, None, &[]).contains("Error codes: not said"));
        let page = result(&ResultView { request: Some(rule), ..view(SignInResult::SignInRule) }).into_string();
        assert!(page.contains("<pre") && page.contains("7c1d0f6e"));
    }

    #[test]
    fn another_directory_is_told_by_both_names() {
        let page = result(&ResultView {
            needed_directory: Some("Contoso"),
            used_directory: Some("Fabrikam"),
            ..view(SignInResult::WrongDirectory)
        })
        .into_string();
        assert!(page.contains("Contoso") && page.contains("Fabrikam") && page.contains(r#"href="/o/L/turn""#));
    }

    #[test]
    fn a_result_without_a_link_offers_no_way_into_an_onboarding() {
        let page = result(&ResultView { link: None, ..view(SignInResult::Unknown) }).into_string();
        assert!(!page.contains("/o/"));
    }
}
