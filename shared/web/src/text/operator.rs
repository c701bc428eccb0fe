//! What operators read: the list, one onboarding, and what each act does before it is done.

use texts::{Text, text};

pub(crate) const WHO: Text = text("operator.who", "Operator of this service");
pub(crate) const TITLE: Text = text("operator.title", "Onboardings");
pub(crate) const SIGN_IN_TITLE: Text = text("operator.sign-in-title", "For operators");
pub(crate) const SIGN_IN_LEAD: Text = text(
    "operator.sign-in-lead",
    "These pages are for those who run this service. Sign in with your work account; it must be in the group of operators.",
);
pub(crate) const SIGN_IN_PEOPLE: Text = text(
    "operator.sign-in-people",
    "If you were asked to sign in for an onboarding, this is the wrong page: open the link in your newest mail.",
);
pub(crate) const SIGN_IN_ENDED: Text =
    text("operator.sign-in-ended", "You are not signed in any more, so nothing was done. Sign in and do it again.");
pub(crate) const SIGN_IN_ASKED: Text = text(
    "operator.sign-in-asked",
    "We ask Microsoft who you are and whether you are in the group, and for nothing else. It counts for an hour.",
);
pub(crate) const SIGN_IN_BUTTON: Text = text("operator.sign-in-button", "Continue to Microsoft");
pub(crate) const SIGNED_IN: Text = text("operator.signed-in", "Signed in as {name}");
pub(crate) const SIGN_OUT: Text = text("operator.sign-out", "Sign out");
pub(crate) const FILTER: Text = text("operator.filter", "Which onboardings");
pub(crate) const FILTER_LIST: Text = text("operator.filter-list", "List");
pub(crate) const FILTER_OPEN: Text = text("operator.filter-open", "Those that run");
pub(crate) const FILTER_OVER: Text = text("operator.filter-over", "Ended in {month}");
pub(crate) const FILTER_STATUS: Text = text("operator.filter-status", "State");
pub(crate) const FILTER_ANY: Text = text("operator.filter-any", "Any");
pub(crate) const FILTER_WAITING: Text = text("operator.filter-waiting", "Waits for");
pub(crate) const FILTER_NOBODY: Text = text("operator.filter-nobody", "Nobody");
pub(crate) const FILTER_WORDS: Text = text("operator.filter-words", "Partner, address, subscription or reference");
pub(crate) const FILTER_SORT: Text = text("operator.filter-sort", "Order");
pub(crate) const SORT_AGE: Text = text("operator.sort-age", "Oldest first");
pub(crate) const SORT_DEADLINE: Text = text("operator.sort-deadline", "Soonest deadline first");
pub(crate) const SORT_PARTNER: Text = text("operator.sort-partner", "By partner");
pub(crate) const FILTER_BUTTON: Text = text("operator.filter-button", "Show");
pub(crate) const FOUND: Text = text("operator.found", "Shown: {shown}. On the list: {all}.");
pub(crate) const TOO_MANY: Text = text(
    "operator.too-many",
    "The list is longer than what was looked through: only its oldest {n} entries are considered.",
);
pub(crate) const NONE: Text = text("operator.none", "There is none.");
pub(crate) const COL_WHAT: Text = text("operator.column.what", "Onboarding");
pub(crate) const COL_PARTNER: Text = text("operator.column.partner", "Partner");
pub(crate) const COL_STATE: Text = text("operator.column.state", "State");
pub(crate) const COL_WAITS: Text = text("operator.column.waits", "Waits for");
pub(crate) const COL_UNTIL: Text = text("operator.column.until", "Until");
pub(crate) const COL_SINCE: Text = text("operator.column.since", "Started");
pub(crate) const STATUS_RUNNING: Text = text("operator.status.running", "At work");
pub(crate) const STATUS_WAITING: Text = text("operator.status.waiting", "Waiting for a person");
pub(crate) const STATUS_SETTLING: Text = text("operator.status.settling", "Waiting for Microsoft");
pub(crate) const STATUS_DONE: Text = text("operator.status.done", "Done");
pub(crate) const STATUS_CANCELLED: Text = text("operator.status.cancelled", "Cancelled");
pub(crate) const STATUS_DECLINED: Text = text("operator.status.declined", "Declined");
pub(crate) const STATUS_EXPIRED: Text = text("operator.status.expired", "Expired");
pub(crate) const STATUS_FAILED: Text = text("operator.status.failed", "Failed");
pub(crate) const KIND_SIGN_IN: Text = text("operator.kind.sign-in", "sign in");
pub(crate) const KIND_REVIEW: Text = text("operator.kind.review", "review");
pub(crate) const KIND_CONFIRM: Text = text("operator.kind.confirm", "confirm the move");
pub(crate) const KIND_FIX: Text = text("operator.kind.fix", "fix something");
pub(crate) const ONE_TITLE: Text = text("operator.one.title", "One onboarding");
pub(crate) const ONE_SUBSCRIPTION: Text = text("operator.one.subscription", "Subscription");
pub(crate) const ONE_FROM: Text = text("operator.one.from", "From");
pub(crate) const ONE_TO: Text = text("operator.one.to", "To");
pub(crate) const ONE_ROUTE: Text = text("operator.one.route", "Route and cloud");
pub(crate) const ONE_REFERENCE: Text = text("operator.one.reference", "Their reference");
pub(crate) const ONE_EXECUTION: Text = text("operator.one.execution", "Execution");
pub(crate) const ONE_UPDATED: Text = text("operator.one.updated", "Last change");
pub(crate) const ONE_REMINDERS: Text = text("operator.one.reminders", "Reminders so far: {n}");
pub(crate) const ONE_LEFT: Text = text("operator.one.left", "{n} open, {overdue} of them overdue");
pub(crate) const ONE_FEEDBACK: Text = text("operator.one.feedback", "How it went for them");
pub(crate) const ONE_PROGRESS: Text = text("operator.one.progress", "The progress page, for looking");
pub(crate) const ONE_EVIDENCE: Text = text("operator.one.evidence", "Download the evidence (JSON)");
pub(crate) const ONE_ANEW: Text = text("operator.one.anew", "Started anew as {reference}");
pub(crate) const ONE_CAN: Text = text("operator.one.can", "What you can do");
pub(crate) const ONE_MAILS: Text = text("operator.one.mails", "Mails");
pub(crate) const ONE_MAIL_TO: Text = text("operator.one.mail-to", "To");
pub(crate) const ONE_MAIL_WHAT: Text = text("operator.one.mail-what", "What");
pub(crate) const ONE_MAIL_SENT: Text = text("operator.one.mail-sent", "Sent");
pub(crate) const ONE_MAIL_NOT: Text = text("operator.one.mail-not", "Not sent");
pub(crate) const ONE_UNREACHABLE: Text = text("operator.one.unreachable", "Mails to this address come back");
pub(crate) const ONE_TRAIL: Text = text("operator.one.trail", "Audit trail");
pub(crate) const BACK: Text = text("operator.back", "Back to the list");
pub(crate) const BACK_ONE: Text = text("operator.back-one", "Back to the onboarding");
pub(crate) const KEEP: Text = text("operator.keep", "Do nothing");
pub(crate) const REMIND: Text = text("operator.remind", "Remind");
pub(crate) const REMIND_WHAT: Text =
    text("operator.remind.what", "A mail goes to {account} now ({who}), with the link that they have.");
pub(crate) const REMIND_REST: Text =
    text("operator.remind.rest", "The deadline and the planned reminders stay as they are.");
pub(crate) const EXTEND: Text = text("operator.extend", "Give more time");
pub(crate) const EXTEND_WHAT: Text = text("operator.extend.what", "The deadline of {who} moves to this time:");
pub(crate) const EXTEND_REST: Text =
    text("operator.extend.rest", "Nobody gets a mail because of it. The person can still ask for more time once.");
pub(crate) const REASSIGN: Text = text("operator.reassign", "Put somebody else in a part");
pub(crate) const REASSIGN_WHAT: Text =
    text("operator.reassign.what", "The old link stops working at once, and a sign-in that was made is deleted.");
pub(crate) const REASSIGN_REST: Text = text(
    "operator.reassign.rest",
    "The new person gets a mail when it is their turn, and signs in with their own account. The other person is told. Nothing is changed in Azure.",
);
pub(crate) const REASSIGN_PART: Text = text("operator.reassign.part", "Whose part");
pub(crate) const REASSIGN_EMAIL: Text = text("operator.reassign.email", "The new person's e-mail address");
pub(crate) const REASSIGN_NOT_ONE: Text =
    text("operator.reassign.not-one", "The new person's e-mail address must be one address such as kim@contoso.com.");
pub(crate) const REASSIGN_SAME: Text =
    text("operator.reassign.same", "This is the address that the part has already. Write another person's.");
pub(crate) const REASSIGN_GUEST: Text = text(
    "operator.reassign.guest",
    "The owner was invited as a guest of the partner directory already, so their part can't change hands. Cancel, which takes the invitation back, and start again.",
);
pub(crate) const REASSIGN_NO_PART: Text = text("operator.reassign.no-part", "Choose whose part it is.");
pub(crate) const RETRY: Text = text("operator.retry", "Try again");
pub(crate) const RETRY_LOOK: Text = text(
    "operator.retry.look",
    "The step that found something to fix looks at Microsoft again now, as if the person had pressed the button.",
);
pub(crate) const RETRY_TELL: Text = text(
    "operator.retry.tell",
    "The answer that was recorded is told to the state machine once more. Telling it twice does no harm.",
);
pub(crate) const RETRY_ANEW: Text = text(
    "operator.retry.anew",
    "A new onboarding of the same subscription begins, with the same two people at their present addresses. Both sign in again. This one stays as it ended.",
);
pub(crate) const CANCEL: Text = text("operator.cancel", "Cancel");
pub(crate) const CANCEL_WHAT: Text = text(
    "operator.cancel.what",
    "The onboarding ends and the subscription stays where it is. What had been prepared is undone: sign-ins are deleted, a guest that we invited is removed, a request of ours is withdrawn.",
);
pub(crate) const CANCEL_REST: Text = text(
    "operator.cancel.rest",
    "Both people get a mail. What could not be undone is told on the progress page. It can't be taken back, only started anew.",
);
pub(crate) const NOT_OVER: Text = text("operator.not.over", "This onboarding has ended.");
pub(crate) const NOT_ASKED: Text = text("operator.not.asked", "Nobody is asked for anything at the moment.");
pub(crate) const NOT_MAILED: Text =
    text("operator.not.mailed", "The last mail to this person is less than an hour old.");
pub(crate) const NOT_LONGER: Text =
    text("operator.not.longer", "It waits as long as an onboarding may wait in all: 28 days from its start.");
pub(crate) const NOT_MOVED: Text = text(
    "operator.not.moved",
    "The subscription has moved, or may have: there is only forward, with the people who were part of it.",
);
pub(crate) const NOT_PERSON: Text = text(
    "operator.not.person",
    "It waits for a person's own answer, which nobody can give in their place. Remind them, or put somebody else in their part.",
);
pub(crate) const NOT_AT_WORK: Text =
    text("operator.not.at-work", "It is at work by itself, and tries again by itself where that can help.");
pub(crate) const NOT_DONE: Text = text("operator.not.done", "It is done: there is nothing to try again.");
pub(crate) const NOT_RUNS: Text = text("operator.not.runs", "The same request runs already as another onboarding.");
pub(crate) const NOT_CANCELLING: Text = text("operator.not.cancelling", "Cancelling was asked for already.");
pub(crate) const DID_REMIND: Text = text("operator.did.remind", "The reminder is on its way.");
pub(crate) const DID_EXTEND: Text = text("operator.did.extend", "The deadline is later now.");
pub(crate) const DID_REASSIGN: Text = text("operator.did.reassign", "The part belongs to the new person now.");
pub(crate) const DID_RETRY: Text = text("operator.did.retry", "It is tried again.");
pub(crate) const DID_CANCEL: Text = text("operator.did.cancel", "The onboarding is being cancelled.");
pub(crate) const DID_NOTHING: Text =
    text("operator.did.nothing", "Something changed meanwhile, so nothing was done. Look at what it says now.");
