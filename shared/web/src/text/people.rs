//! What people read when they need more time, hand their part on, or look at a page that keeps itself up to date.

use texts::{Text, text};

pub(crate) const UNREACHABLE: Text = text(
    "people.unreachable",
    "Mails to this address come back. If it is wrong, tell whoever runs this service the right one and the reference below, or cancel and start again with the right one.",
);
pub(crate) const FEEDBACK_TITLE: Text = text("feedback.title", "How did this go?");
pub(crate) const FEEDBACK_ASKED: Text = text("feedback.asked", "All in all, for you");
pub(crate) const FELT_WELL: Text = text("feedback.felt-well", "Well: no trouble");
pub(crate) const FELT_MOSTLY: Text = text("feedback.felt-mostly", "Mostly well: something was unclear or took long");
pub(crate) const FELT_HARD: Text = text("feedback.felt-hard", "With trouble: I needed help");
pub(crate) const FELT_BADLY: Text = text("feedback.felt-badly", "Badly: something broke, or I would not do it again");
pub(crate) const FEEDBACK_TEXT: Text = text("feedback.text", "What should we know? (optional)");
pub(crate) const FEEDBACK_HINT: Text = text(
    "feedback.hint",
    "Up to {n} characters. Only whoever runs this service reads it. No passwords or codes, please.",
);
pub(crate) const FEEDBACK_BUTTON: Text = text("feedback.button", "Send this answer");
pub(crate) const FEEDBACK_GIVEN: Text =
    text("feedback.given", "Thank you. You can change your answer at any time. We have it since ");
pub(crate) const FEEDBACK_NONE: Text = text("feedback.none", "Choose one of the answers.");
pub(crate) const FEEDBACK_TOO_LONG: Text =
    text("feedback.too-long", "The text can be {n} characters long. Shorten it, and send it again.");
pub(crate) const CHOOSE_NOT_YET: Text = text("choose.not-yet", "not chosen yet: its owner does, after signing in");
pub(crate) const CHOOSE_LOOKED_FOR: Text = text("choose.looked-for", "We looked for the subscription");
pub(crate) const CHOOSE_LOOKED: Text = text("choose.looked", "Where we looked, and what we saw");
pub(crate) const CHOOSE_DIRECTORY: Text = text("choose.directory", "The directory that we asked: {directory}.");
pub(crate) const CHOOSE_OTHERS: Text = text(
    "choose.others",
    "Your account also belongs to these directories. We did not ask there: that takes an onboarding that names the directory, or a subscription id from there.",
);
pub(crate) const CHOOSE_NO_OTHERS: Text =
    text("choose.no-others", "Azure tells of no other directory that your account belongs to.");
pub(crate) const CHOOSE_LEGEND: Text = text("choose.legend", "Your account sees these subscriptions");
pub(crate) const CHOOSE_STUCK: Text = text("choose.stuck", "It can't change its directory.");
pub(crate) const CHOOSE_MORE: Text = text(
    "choose.more",
    "There {n|is|are} {n} more that we don't list. Ask whoever started this to name the subscription.",
);
pub(crate) const CHOOSE_ID: Text = text("choose.id", "Another subscription's id");
pub(crate) const CHOOSE_ID_HINT: Text = text(
    "choose.id-hint",
    "Of the same directory. On its overview page in the Azure portal, such as 6c3c85bc-5366-4eaa-8055-a10529eafd03.",
);
pub(crate) const CHOOSE_NO_ID: Text = text(
    "choose.no-id",
    "The id must be a GUID such as 6c3c85bc-5366-4eaa-8055-a10529eafd03: copy it from the subscription's overview page in the Azure portal.",
);
pub(crate) const CHOOSE_NONE: Text =
    text("choose.none", "Choose one of the subscriptions that can change their directory.");
pub(crate) const CHOOSE_NOTHING_YET: Text = text(
    "choose.nothing-yet",
    "Choosing changes nothing in Azure. You see everything that the move would do, and are asked again, before anything moves.",
);
pub(crate) const CHOOSE_BUTTON: Text = text("choose.button", "Use this subscription");
pub(crate) const CHOOSE_OTHER_ACCOUNT: Text = text("choose.other-account", "Another account should do this");
pub(crate) const MORE_TIME: Text = text("people.more-time", "I need more time");
pub(crate) const MORE_TIME_SAID: Text = text(
    "people.more-time-said",
    "Gives you as long again as you had, once. Nothing else changes, and reminders go on.",
);
pub(crate) const MAILED: Text = text("people.mailed", "Last mail to them: ");
pub(crate) const NEXT_REMINDER: Text = text("people.next-reminder", "Next reminder: ");
pub(crate) const REMIND: Text = text("people.remind", "Remind them now");
pub(crate) const REMIND_SAID: Text =
    text("people.remind-said", "Sends one more mail with their own link, once a day at most. It changes nothing else.");
pub(crate) const SOMEBODY_ELSE: Text = text("people.somebody-else", "Somebody else should do this");
pub(crate) const ROUTE_TITLE: Text = text("people.route-title", "Go on without an invitation");
pub(crate) const ROUTE_WHAT: Text = text(
    "people.route-what",
    "So far the owner is to be invited into the partner directory as a guest and to accept the move for themself. On the other route nobody is invited: {partner} accepts.",
);
pub(crate) const ROUTE_CHANGES: Text = text("people.route-changes", "What that changes");
pub(crate) const ROUTE_PARTNER: Text =
    text("people.route-partner", "{partner} accepts the move and becomes Owner of the subscription by it.");
pub(crate) const ROUTE_OWNER: Text = text(
    "people.route-owner",
    "{owner} is made no guest, and after the move has only the access that the review gives back.",
);
pub(crate) const ROUTE_GUEST: Text = text("people.route-guest", "The guest account that we invited is removed again.");
pub(crate) const ROUTE_CONFIRM: Text = text(
    "people.route-confirm",
    "The owner signs in once more as before, reads what Azure will delete, and confirms before anything moves.",
);
pub(crate) const ROUTE_NOTHING: Text = text(
    "people.route-nothing",
    "This changes nothing in Azure yet. This onboarding can't go back to the invitation afterwards; who chose it is kept in the audit trail.",
);
pub(crate) const ROUTE_BUTTON: Text = text("people.route-button", "Use the other route");
pub(crate) const ROUTE_KEEP: Text = text("people.route-keep", "Leave it as it is");
pub(crate) const FORWARD_TITLE: Text = text("people.forward-title", "Hand your part to somebody else");
pub(crate) const FORWARD_WHAT: Text = text(
    "people.forward-what",
    "Your part is that of the {who}. The other person gets a mail with a link of their own and signs in with their own account.",
);
pub(crate) const FORWARD_LINK: Text = text(
    "people.forward-link",
    "Your link stops working at once. If you have signed in already, your sign-in is deleted.",
);
pub(crate) const FORWARD_NOTHING: Text =
    text("people.forward-nothing", "Nothing is changed in Azure. Who handed what to whom is kept in the audit trail.");
pub(crate) const FORWARD_EMAIL: Text = text("people.forward-email", "The other person's e-mail address");
pub(crate) const FORWARD_EMAIL_HINT: Text =
    text("people.forward-email-hint", "The address that they sign in to Microsoft with, such as kim@contoso.com.");
pub(crate) const FORWARD_BUTTON: Text = text("people.forward-button", "Hand it over");
pub(crate) const FORWARD_KEEP: Text = text("people.forward-keep", "Keep it");
pub(crate) const FORWARD_NOT_ONE: Text =
    text("people.forward-not-one", "The other person's e-mail address must be one address such as kim@contoso.com.");
pub(crate) const FORWARD_SAME: Text =
    text("people.forward-same", "This is the address that your part has already. Write another person's.");
pub(crate) const FORWARD_NO_TITLE: Text = text("people.forward-no-title", "Your part can't be handed on now");
pub(crate) const FORWARD_NO_MOVED: Text = text(
    "people.forward-no-moved",
    "The subscription has moved, or is moving: only the people who were part of it can finish it.",
);
pub(crate) const FORWARD_NO_GUEST: Text = text(
    "people.forward-no-guest",
    "You were invited as a guest of the partner directory already. Cancel the onboarding, which takes the invitation back, and start it again with the other person's address.",
);
pub(crate) const SHARE: Text = text("people.share", "A link for looking only");
pub(crate) const SHARE_SAID: Text =
    text("people.share-said", "It shows where this stands, with addresses masked, and nobody can act through it.");
pub(crate) const PHRASE_TITLE: Text = text("people.phrase-title", "Six characters for the owner");
pub(crate) const PHRASE_SAID: Text = text(
    "people.phrase-said",
    "Tell the owner these six characters yourself, by phone or in a meeting, not by mail. They are asked for them before the subscription moves, so that nobody can have it moved with a link that was only passed on.",
);
pub(crate) const PHRASE_LABEL: Text = text("people.phrase-label", "The six characters that {partner} told you");
pub(crate) const PHRASE_HINT: Text = text(
    "people.phrase-hint",
    "They stand on that person's own page. Ask for them by phone or in a meeting. If you don't know who that is, don't move the subscription: cancel.",
);
pub(crate) const PHRASE_WRONG: Text = text(
    "people.phrase-wrong",
    "These are not the six characters of this onboarding. Ask {partner} to read them out from their page. Nothing has moved.",
);
pub(crate) const REPORT: Text = text("people.report", "I don't know this: decline and report it");
pub(crate) const BACK_TITLE: Text = text("people.back-title", "Moving it back");
pub(crate) const BACK_LINK: Text = text("people.back-link", "What moving it back would take");
pub(crate) const BACK_LEAD: Text = text(
    "people.back-lead",
    "Nothing takes the move back. Moving back is a second move like the first, in the other direction.",
);
pub(crate) const BACK_TAKES: Text = text("people.back-takes", "What it takes, and what it costs");
pub(crate) const BACK_PEOPLE: Text = text(
    "people.back-people",
    "Somebody who is Owner of the subscription now asks for it, and somebody of the directory it came from accepts. They need not be the same people as before.",
);
pub(crate) const BACK_POLICIES: Text = text(
    "people.back-policies",
    "Both directories must allow it: the one it is in lets subscriptions leave, the other lets them in.",
);
pub(crate) const BACK_ACCESS: Text = text(
    "people.back-access",
    "Azure deletes every role assignment and custom role once more. What was restored after this move is lost.",
);
pub(crate) const BACK_LOST: Text = text(
    "people.back-lost",
    "What the first move made unusable does not come back by it: identities, keys and policies have to be made again there too.",
);
pub(crate) const BACK_BILLING: Text =
    text("people.back-billing", "Who pays for the subscription does not change by it.");
pub(crate) const BACK_HELPS: Text = text("people.back-helps", "What you have for it");
pub(crate) const BACK_SNAPSHOT: Text = text("people.back-snapshot", "Who had access before the move, row by row:");
pub(crate) const BACK_EVIDENCE: Text = text("people.back-evidence", "Everything that was changed, by whom and when:");
pub(crate) const BACK_NOT_US: Text = text(
    "people.back-not-us",
    "This service does not do it: what it does ends in a Partner Center directory. Microsoft describes how it is done in the Azure portal.",
);
