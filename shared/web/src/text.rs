//! Everything that people read on our own pages, in English, each under a stable id; the other languages are files of the crate
//! `texts`. What is said about errors of the steps is in `onboarding::errors`.

pub(crate) mod impact;
pub(crate) mod operator;
pub(crate) mod people;
pub(crate) mod signup;

use onboarding::Outcome;
pub(crate) use texts::{Text, text};

// The frame
pub(crate) const PRODUCT: Text = text("frame.product", "Mooring");
pub(crate) const SKIP: Text = text("frame.skip", "Skip to the content");
pub(crate) const REFERENCE: Text = text("frame.reference", "Reference");
pub(crate) const FOOTER: Text = text(
    "frame.footer",
    "We never ask for a password or a code by mail or phone. You sign in on Microsoft's own pages only.",
);
pub(crate) const LANGUAGES: Text = text("frame.languages", "Language");
pub(crate) const BACK_TO_PROGRESS: Text = text("frame.back-to-progress", "Back to the progress page");
pub(crate) const ERROR_ID: Text = text("frame.error-id", "Id for support");
pub(crate) const CAUSE: Text = text("frame.cause", "Why");
pub(crate) const EFFECT: Text = text("frame.effect", "What it means");
pub(crate) const NEXT: Text = text("frame.next", "What to do");

// Start
pub(crate) const START_TITLE: Text =
    text("start.title", "Connect an Azure subscription to your Partner Center directory");
pub(crate) const START_LEAD: Text = text(
    "start.lead",
    "Two people sign in, each with their own account. We do the rest, and ask before anything changes that can't be undone.",
);
pub(crate) const START_TABLE: Text = text("start.table", "The five steps");
pub(crate) const START_COL_STEP: Text = text("start.column.step", "Step");
pub(crate) const START_COL_WHO: Text = text("start.column.who", "Who");
pub(crate) const START_COL_TIME: Text = text("start.column.time", "Their time");
pub(crate) const START_COL_WHAT: Text = text("start.column.what", "What happens");
pub(crate) const START_COL_UNDO: Text = text("start.column.undo", "Can we undo it?");
pub(crate) const START_ROWS: [[Text; 5]; 5] = [
    [
        text("start.1.step", "1 Use existing directory"),
        text("start.1.who", "The subscription's owner"),
        text("start.1.time", "3 minutes"),
        text(
            "start.1.what",
            "They sign in. We look, and change nothing: their role, the subscription, the directory's policy.",
        ),
        text("start.1.undo", "Yes, nothing changes"),
    ],
    [
        text("start.2.step", "2 Associate the Partner Center credentials"),
        text("start.2.who", "The Partner Center administrator"),
        text("start.2.time", "2 minutes"),
        text(
            "start.2.what",
            "They sign in with multi-factor authentication. We check their rights and the partner directory's policy.",
        ),
        text("start.2.undo", "Yes, by itself"),
    ],
    [
        text("start.3.step", "3 Map the directory"),
        text("start.3.who", "The owner confirms"),
        text("start.3.time", "5 minutes"),
        text(
            "start.3.what",
            "The subscription changes its directory. Azure deletes all its role assignments and custom roles; you see each one before you confirm.",
        ),
        text("start.3.undo", "No. The only way back is to move it again"),
    ],
    [
        text("start.4.step", "4 Add the administrator"),
        text("start.4.who", "Nobody, it is automatic"),
        text("start.4.time", "None"),
        text("start.4.what", "The Partner Center administrator becomes Owner of the subscription."),
        text("start.4.undo", "Yes"),
    ],
    [
        text("start.5.step", "5 Confirm your changes"),
        text("start.5.who", "Nobody, it is automatic"),
        text("start.5.time", "None"),
        text(
            "start.5.what",
            "We look, as the Partner Center administrator, whether the subscription is there and can be used.",
        ),
        text("start.5.undo", "Nothing to undo"),
    ],
];
pub(crate) const START_BILLING: Text = text("start.billing", "Billing does not move.");
pub(crate) const START_PASSWORD: Text = text("start.password", "We never see your password. You sign in at Microsoft.");
pub(crate) const START_NEEDS_TITLE: Text = text("start.needs.title", "Who needs what");
pub(crate) const START_NEEDS: [Text; 3] = [
    text(
        "start.needs.owner",
        "The owner: the Owner role on the subscription itself, without conditions and not through a group.",
    ),
    text("start.needs.partner", "The partner: a Partner Center account, and an administrator of its directory."),
    text(
        "start.needs.global",
        "A Global Administrator, only if a directory blocks subscriptions from leaving or entering. Since May 2026 most do by default; we prepare the request for you.",
    ),
];
pub(crate) const START_BUTTON: Text = text("start.button", "Start");

// The form
pub(crate) const FORM_TITLE: Text = text("form.title", "Start an onboarding");
pub(crate) const FORM_ERRORS: Text = text("form.errors", "Please look at this again");
pub(crate) const FORM_ERROR_PREFIX: Text = text("form.error-prefix", "Error: ");
pub(crate) const FORM_SUBSCRIPTION: Text = text("form.subscription.label", "Azure subscription id");
pub(crate) const FORM_SUBSCRIPTION_HINT: Text = text(
    "form.subscription.hint",
    "On the subscription's overview page in the Azure portal, such as 6c3c85bc-5366-4eaa-8055-a10529eafd03. Not at hand? Leave it empty: the owner chooses after their sign-in.",
);
pub(crate) const FORM_DIRECTORY: Text = text("form.directory.label", "Partner directory");
pub(crate) const FORM_DIRECTORY_HINT: Text = text(
    "form.directory.hint",
    "The directory of the Partner Center account: a domain such as contoso.com, or its tenant id.",
);
pub(crate) const FORM_PARTNER: Text = text("form.partner.label", "E-mail address of the Partner Center administrator");
pub(crate) const FORM_PARTNER_HINT: Text =
    text("form.partner.hint", "The address they sign in with. We mail them when it is their turn.");
pub(crate) const FORM_OWNER: Text = text("form.owner.label", "E-mail address of the subscription's owner");
pub(crate) const FORM_OWNER_HINT: Text = text(
    "form.owner.hint",
    "The address they sign in to Azure with. The same address can exist twice at Microsoft, as a personal and as a work account.",
);
pub(crate) const FORM_ACCOUNT: Text = text("form.account.legend", "The owner's account is");
pub(crate) const FORM_ACCOUNT_PERSONAL: Text = text("form.account.personal", "a personal Microsoft account");
pub(crate) const FORM_ACCOUNT_WORK: Text = text("form.account.work", "a work or school account");
pub(crate) const FORM_ACCOUNT_UNKNOWN: Text = text("form.account.unknown", "I am not sure");
pub(crate) const FORM_CLOUD: Text = text("form.cloud.label", "Microsoft cloud");
pub(crate) const FORM_ROUTE: Text = text("form.route.legend", "How the move is accepted");
pub(crate) const FORM_ROUTE_TWO: Text = text(
    "form.route.two-party",
    "The owner starts it and the partner's administrator accepts (Microsoft's way since March 2026)",
);
pub(crate) const FORM_ROUTE_SINGLE: Text =
    text("form.route.single-account", "The owner is invited into the partner directory and accepts for themself");
pub(crate) const FORM_REFERENCE: Text = text("form.reference.label", "Your reference (optional)");
pub(crate) const FORM_REFERENCE_HINT: Text =
    text("form.reference.hint", "Such as a ticket number. Both people see it.");
pub(crate) const FORM_SUBMIT: Text = text("form.submit", "Start the onboarding");
pub(crate) const FORM_AFTER: Text = text(
    "form.after",
    "Next, we mail the owner a link to sign in with. Nothing changes in Azure until the owner confirms.",
);

// People, directories, clouds
pub(crate) const OWNER: Text = text("person.owner", "the subscription's owner");
pub(crate) const PARTNER_ADMIN: Text = text("person.partner-admin", "the Partner Center administrator");
pub(crate) const ACCOUNT_PERSONAL: Text = text("account.personal", "a personal Microsoft account");
pub(crate) const ACCOUNT_WORK: Text = text("account.work", "a work or school account");
pub(crate) const DIRECTORY_SOURCE: Text = text("directory.source", "the directory that the subscription is in now");
pub(crate) const DIRECTORY_PARTNER: Text = text("directory.partner", "the partner directory");

/// The source directory, where its name is not known: Microsoft tells only its id without a token.
pub(crate) const CURRENT_DIRECTORY: Text = text("directory.current", "The directory it is in now");

// Your turn
pub(crate) const TURN_TITLE_SIGN_IN: Text = text("turn.title.sign-in", "Your turn: sign in");
pub(crate) const TURN_TITLE_CONFIRM: Text = text("turn.title.confirm", "Your turn: sign in again and confirm");
pub(crate) const TURN_WHO: Text = text("turn.who", "Sign in as");
pub(crate) const TURN_WHERE: Text = text("turn.where", "In this directory");
pub(crate) const TURN_WHAT: Text = text("turn.what", "What is asked of you");
pub(crate) const TURN_CHANGES: Text = text("turn.changes", "What changes in Azure");
pub(crate) const TURN_UNTIL: Text = text("turn.until", "Until");
pub(crate) const TURN_ABOUT: Text = text("turn.about", "What this is about");
pub(crate) const TURN_ABOUT_SAID: Text = text(
    "turn.about.said",
    "Subscription {subscription} is to be moved from {from} to {to}. Both people have to agree.",
);
pub(crate) const TURN_OWNER_FIRST: Text = text(
    "turn.what.owner",
    "About 2 minutes. Microsoft asks for your sign-in and for multi-factor authentication, and whether we may work with Azure as you. Until you confirm the move, we only read: your role, the subscription, its access, the directory's policy.",
);
pub(crate) const TURN_PARTNER: Text = text(
    "turn.what.partner-admin",
    "About 2 minutes. Microsoft asks for your sign-in and for multi-factor authentication, and whether we may work with Azure, the directory and Partner Center as you. We check your rights and the directory's policy, and later accept the subscription.",
);
pub(crate) const TURN_PARTNER_AGAIN: Text = text(
    "turn.what.partner-admin-again",
    "About 1 minute. Microsoft asks for your sign-in and for multi-factor authentication. Then we go on where we were.",
);
pub(crate) const TURN_OWNER_CONFIRM: Text = text(
    "turn.what.confirm",
    "About 5 minutes. After the sign-in you see everything that Azure will delete when the subscription moves, and you decide.",
);
pub(crate) const TURN_NOTHING_YET: Text =
    text("turn.changes.nothing", "Nothing has been changed in Azure so far, and signing in changes nothing.");
pub(crate) const TURN_GUEST: Text = text(
    "turn.changes.guest",
    "You have been invited as a guest into the partner directory; signing in accepts that invitation. The subscription has not been touched.",
);
pub(crate) const TURN_MOVED: Text = text(
    "turn.changes.moved",
    "The subscription has moved to the partner directory. What is left is to give access and to prove it.",
);
pub(crate) const TURN_CONTINUE: Text = text("turn.continue", "Continue to Microsoft");
pub(crate) const TURN_DECLINE: Text = text("turn.decline", "Decline");
pub(crate) const TURN_DECLINE_SAID: Text = text(
    "turn.decline.said",
    "Declining ends this onboarding and undoes what had been prepared. If you don't know what this is about, decline.",
);
pub(crate) const TURN_HOST: Text = text("turn.host", "The next page must be {host}. You come back here by yourself.");
pub(crate) const TURN_TIP: Text = text(
    "turn.tip",
    "If you are signed in to several Microsoft accounts, choose the one above, or open your link in a private window.",
);
pub(crate) const PICKER_TITLE: Text = text("picker.title", "Pick an account");
pub(crate) const PICKER_OTHER: Text = text("picker.other", "any other account");
pub(crate) const PICKER_SAID: Text =
    text("picker.said", "On Microsoft's page, choose {account}, or type it if it isn't in the list.");
pub(crate) const PICKER_PERSONAL: Text =
    text("picker.personal", "If Microsoft asks which of two accounts with this address, choose the personal one.");
pub(crate) const PICKER_WORK: Text =
    text("picker.work", "If Microsoft asks which of two accounts with this address, choose the work or school one.");
pub(crate) const TURN_NOT_YOURS_TITLE: Text = text("turn.not-yours.title", "It is not your turn");
pub(crate) const TURN_NOT_YOURS: Text = text(
    "turn.not-yours.said",
    "Right now it is the turn of {who}. There is nothing for you to do; we mail you when there is.",
);
pub(crate) const TURN_NOBODY: Text =
    text("turn.nobody.said", "Nobody has to do anything at the moment. There is nothing for you to do.");

// After a sign-in
pub(crate) const RESULT_NEEDED: Text = text("result.needed", "This step needs");
pub(crate) const RESULT_USED: Text = text("result.used", "You signed in as");
pub(crate) const RESULT_NEEDED_DIRECTORY: Text =
    text("result.needed-directory", "This step needs a sign-in at the directory");
pub(crate) const RESULT_USED_DIRECTORY: Text = text("result.used-directory", "You signed in at the directory");
pub(crate) const RESULT_LAST: Text = text("result.last", "What was done last:");
pub(crate) const RESULT_FORWARD: Text = text("result.forward", "A text to forward to an administrator");
pub(crate) const RESULT_REQUEST_APPROVAL: Text = text(
    "result.request.approval",
    "Subject: Please approve an app for {directory}\n\nHello,\n\n{account} has to sign in to Mooring, which moves an Azure subscription to another directory. The directory {directory} ({tenant}) lets people use the app only after an administrator has approved it.\n\nApp: Mooring, application id {app}. Microsoft's page shows who publishes it and whether that is verified.\nPermissions, all delegated (the app acts only as the person who signed in): {permissions}.\n\nTo approve it, open this address as an administrator of the directory:\n{address}\n\nTo take the approval back, delete the app under Enterprise applications in the Microsoft Entra admin center. Reference: {reference}.",
);
pub(crate) const RESULT_REQUEST_RULE: Text = text(
    "result.request.rule",
    "Subject: A sign-in rule of {directory} stops a sign-in\n\nHello,\n\n{account} has to sign in to Mooring, which moves an Azure subscription to another directory. A sign-in rule of the directory {directory} ({tenant}) stopped it.\n\nTime: {at}\nCorrelation id: {correlation}\nError codes: {codes}\n\nIn the Microsoft Entra admin center, under Sign-in logs, look for this correlation id: the tab Conditional Access shows which policy it was and what it asks for. Reference: {reference}.",
);
pub(crate) const RESULT_NOT_SAID: Text = text("result.not-said", "not said");
pub(crate) const RESULT_AGAIN: Text = text("result.again", "Try again");
pub(crate) const RESULT_CORRELATION: Text = text("result.correlation", "Microsoft's correlation id");
pub(crate) const RESULT_AT: Text = text("result.at", "Time");

/// What came of a wait, as something that somebody did.
pub(crate) fn outcome(outcome: Outcome) -> Text {
    match outcome {
        Outcome::SignedIn => text("outcome.signed-in", "signed in"),
        Outcome::Confirmed => text("outcome.confirmed", "the move was confirmed"),
        Outcome::Reviewed => text("outcome.reviewed", "the review was finished"),
        Outcome::SentBack => text("outcome.sent-back", "the review was sent back"),
        Outcome::Declined => text("outcome.declined", "declined"),
        Outcome::Cancelled => text("outcome.cancelled", "the onboarding was cancelled"),
        Outcome::Recheck => text("outcome.recheck", "we looked again"),
        Outcome::Rerouted => text("outcome.rerouted", "the other route was chosen"),
        Outcome::Expired => text("outcome.expired", "the time ran out"),
    }
}

// Progress
pub(crate) const PROGRESS_TITLE: Text = text("progress.title", "Progress");
pub(crate) const PROGRESS_YOUR_TURN_TITLE: Text = text("progress.title.your-turn", "(Your turn) Progress");
pub(crate) const PROGRESS_HEADING: Text = text("progress.heading", "Moving a subscription to the partner directory");
pub(crate) const BANNER_YOUR_TURN: Text =
    text("progress.banner.your-turn", "Your turn: sign in as {who} with {account}.");
pub(crate) const BANNER_YOUR_CONFIRM: Text = text(
    "progress.banner.your-confirm",
    "Your turn: sign in again with {account}, read what Azure will delete, and decide.",
);
pub(crate) const BANNER_YOUR_FIX: Text = text("progress.banner.your-fix", "Your turn: {title}.");
pub(crate) const BANNER_WAITING: Text =
    text("progress.banner.waiting", "Waiting for {who} ({account}) to sign in. We have mailed them a link.");
pub(crate) const BANNER_WAITING_CONFIRM: Text = text(
    "progress.banner.waiting-confirm",
    "Waiting for {who} ({account}) to confirm the move. We have mailed them a link.",
);
pub(crate) const BANNER_WAITING_FIX: Text =
    text("progress.banner.waiting-fix", "Waiting for {who} ({account}): {title}.");
pub(crate) const BANNER_RUNNING: Text =
    text("progress.banner.running", "We are at work. Nobody has to do anything. You can close this page.");
pub(crate) const BANNER_SETTLING: Text = text(
    "progress.banner.settling",
    "Azure is applying the change. Usually that takes minutes, sometimes hours. You can close this page; we mail you.",
);
pub(crate) const BANNER_CANCELLING: Text = text("progress.banner.cancelling", "The onboarding is being cancelled.");
pub(crate) const BANNER_DONE: Text =
    text("progress.banner.done", "Done. The subscription is in the partner directory, and we have proved it.");
pub(crate) const BANNER_CANCELLED: Text = text("progress.banner.cancelled", "This onboarding was cancelled.");
pub(crate) const BANNER_DECLINED: Text = text("progress.banner.declined", "This onboarding was declined.");
pub(crate) const BANNER_EXPIRED: Text =
    text("progress.banner.expired", "This onboarding ended because nobody acted in time.");
pub(crate) const BANNER_FAILED: Text = text("progress.banner.failed", "This onboarding ended with an error.");
pub(crate) const PROGRESS_NEW_TITLE: Text = text("progress.new.title", "We are creating your onboarding");
pub(crate) const PROGRESS_NEW: Text = text(
    "progress.new.said",
    "It takes a second or two. Load this page again to see it. If it is not there after a minute, it could not be created: send the form again.",
);
pub(crate) const PROGRESS_CONTINUE: Text = text("progress.continue", "Continue");
pub(crate) const PROGRESS_REFRESH: Text = text("progress.refresh", "Load again");
pub(crate) const PROGRESS_CANCEL: Text = text("progress.cancel", "Cancel this onboarding");
pub(crate) const PROGRESS_UNTIL: Text = text("progress.until", "Until ");
pub(crate) const PROGRESS_SINCE: Text = text("progress.since", "Since ");
pub(crate) const PROGRESS_STEPS: Text = text("progress.steps", "Steps");
pub(crate) const PROGRESS_CHANGED: Text = text("progress.changed", "What has changed in Azure");
pub(crate) const CHANGED_NOTHING: Text = text("progress.changed.nothing", "Nothing has been changed in Azure so far.");
pub(crate) const CHANGED_GUEST: Text =
    text("progress.changed.guest", "The owner has been invited as a guest into the partner directory.");
pub(crate) const CHANGED_REQUEST: Text = text(
    "progress.changed.request",
    "A request to change the directory is open in Azure. It moves nothing until it is accepted.",
);
pub(crate) const CHANGED_MOVED: Text = text(
    "progress.changed.moved",
    "The subscription has moved to the partner directory. Its earlier role assignments and custom roles are gone.",
);
pub(crate) const CHANGED_OWNER: Text =
    text("progress.changed.owner", "The Partner Center administrator is Owner of the subscription.");
pub(crate) const PROGRESS_ABOUT: Text = text("progress.about", "What this is about");
pub(crate) const PROGRESS_SUBSCRIPTION: Text = text("progress.subscription", "Subscription");
pub(crate) const PROGRESS_FROM: Text = text("progress.from", "From directory");
pub(crate) const PROGRESS_TO: Text = text("progress.to", "To directory");
pub(crate) const PROGRESS_OWNER: Text = text("progress.owner", "Owner");
pub(crate) const PROGRESS_PARTNER: Text = text("progress.partner", "Partner Center administrator");
pub(crate) const PROGRESS_YOUR_REFERENCE: Text = text("progress.your-reference", "Your reference");
pub(crate) const PROGRESS_ACTIVITY: Text = text("progress.activity", "Activity");
pub(crate) const PROGRESS_UNDONE: Text = text("progress.undone", "What was undone");
pub(crate) const PROGRESS_JSON: Text =
    text("progress.json", "This address answers with JSON to a program that asks for application/json.");
pub(crate) const STATE_NOT_STARTED: Text = text("state.not-started", "Not started");
pub(crate) const STATE_RUNNING: Text = text("state.running", "In progress");
pub(crate) const STATE_YOUR_TURN: Text = text("state.your-turn", "Your turn");
pub(crate) const STATE_WAITING_OWNER: Text = text("state.waiting-owner", "Waiting for the owner");
pub(crate) const STATE_WAITING_PARTNER: Text =
    text("state.waiting-partner", "Waiting for the Partner Center administrator");
pub(crate) const STATE_SETTLING: Text = text("state.settling", "Waiting for Microsoft");
pub(crate) const STATE_ATTENTION: Text = text("state.attention", "Needs attention");
pub(crate) const STATE_DONE: Text = text("state.done", "Done");
pub(crate) const STATE_STOPPED: Text = text("state.stopped", "Not reached");
pub(crate) const DONE_TITLE: Text = text("done.title", "What is true now");
pub(crate) const DONE_DIRECTORY: Text = text("done.directory", "The subscription trusts {to}.");
pub(crate) const DONE_OWNER: Text = text("done.owner", "{partner} is Owner of the subscription.");
pub(crate) const DONE_PROVED: Text = text(
    "done.proved",
    "Signed in as {partner}, we saw the subscription in the list, enabled, with the right to deploy.",
);
pub(crate) const DONE_TOKENS: Text = text("done.tokens", "Our copies of both sign-ins are deleted.");

// A fix that a person has to make
pub(crate) const FIX_CHECK: Text = text("fix.check", "Check again");
pub(crate) const FIX_CHECK_SAID: Text =
    text("fix.check.said", "We also look again by ourselves, and go on as soon as it is changed.");
pub(crate) const FIX_FORWARD: Text = text("fix.forward", "A request to forward to a Global Administrator");
pub(crate) const FIX_OTHER: Text =
    text("fix.other", "Someone else has to do this? Forward the text, not your link: the link is yours.");
pub(crate) const FIX_OBJECT_UNKNOWN: Text = text("fix.object-unknown", "shown when the account is chosen");
pub(crate) const FIX_INVITATION: Text = text("fix.invitation", "The address that was to be invited");
pub(crate) const FIX_INVITATION_SAID: Text = text("fix.invitation-said", "What Microsoft says about it");
pub(crate) const FIX_INVITATION_ADDRESS: Text = text(
    "fix.invitation-address",
    "Should it be another address? The owner can hand their part to it: “Somebody else should do this” on the page that the owner's link leads to.",
);
pub(crate) const FIX_INVITATION_ROUTE: Text = text("fix.invitation-route", "Go on without an invitation");
pub(crate) const FIX_REQUEST_LEAVE: Text = text(
    "fix.request.leave",
    "Subject: Please allow one subscription to leave {directory}\n\nHello,\n\nthe Azure subscription {subscription} is to be moved from {directory} ({tenant}) to {other}. The directory's policy blocks subscriptions from leaving, which has been Microsoft's default since May 2026.\n\nIn the Azure portal: Subscriptions, Manage policies (Advanced options). You need to be a Global Administrator with elevated access.\nEither exempt only the account {account} (Exempted users; object id: {object}), which is the smaller change,\nor set \"Subscription leaving Microsoft Entra tenant\" to \"Permit everyone\" until the move is done.\n\nTo revert it, remove the account from the list, or set the policy back to \"Block\", in the same place. Please do so afterwards: we tell both people when the move is done. Reference: {reference}.",
);
pub(crate) const FIX_REQUEST_ENTER: Text = text(
    "fix.request.enter",
    "Subject: Please allow one subscription to enter {directory}\n\nHello,\n\nthe Azure subscription {subscription} is to be moved from {other} to {directory} ({tenant}). The directory's policy blocks subscriptions from entering, which has been Microsoft's default since May 2026.\n\nIn the Azure portal: Subscriptions, Manage policies (Advanced options). You need to be a Global Administrator with elevated access.\nEither exempt only the account {account} (Exempted users; object id: {object}), which is the smaller change,\nor set \"Subscription entering Microsoft Entra tenant\" to \"Permit everyone\" until the move is done.\n\nTo revert it, remove the account from the list, or set the policy back to \"Block\", in the same place. Please do so afterwards: we tell both people when the move is done. Reference: {reference}.",
);

// Confirm
pub(crate) const CONFIRM_TITLE: Text = text("confirm.title", "Confirm the move");
pub(crate) const CONFIRM_OWNER: Text = text("confirm.owner", "{one} is Owner");
pub(crate) const CONFIRM_OWNERS: Text = text("confirm.owners", "{one}, who accepts, and {two} are Owners");
pub(crate) const CONFIRM_TICK_DELETE: Text = text(
    "confirm.tick.delete",
    "I understand that Azure deletes all {roles} role assignments and {custom} custom roles of this subscription.",
);
pub(crate) const CONFIRM_TICK_DIRECTORY: Text =
    text("confirm.tick.directory", "I want this subscription to be controlled by {to} from now on.");
pub(crate) const CONFIRM_NAME: Text = text("confirm.name", "Type the subscription's name to confirm: {name}");
pub(crate) const CONFIRM_MOVE: Text = text("confirm.move", "Move the subscription");
pub(crate) const CONFIRM_NOT_NOW: Text = text("confirm.not-now", "Not now, keep everything as it is");
pub(crate) const CONFIRM_NAME_WRONG: Text =
    text("confirm.error.name", "That is not the subscription's name. Type {name} exactly as it is shown.");
pub(crate) const CONFIRM_TICK_MISSING: Text =
    text("confirm.error.tick", "Tick this box if you agree. Without it, nothing moves.");
pub(crate) const CONFIRM_CHANGED: Text = text(
    "confirm.error.changed",
    "The access on the subscription changed since you opened this page. Read the new lists and confirm again.",
);

// Cancel
pub(crate) const CANCEL_TITLE: Text = text("cancel.title", "Cancel this onboarding?");
pub(crate) const CANCEL_NOTHING: Text =
    text("cancel.nothing", "Nothing has been moved. Cancelling leaves the subscription as it is.");
pub(crate) const CANCEL_UNDO: Text = text("cancel.undo", "This is what we undo:");
pub(crate) const CANCEL_TOKENS: Text = text("cancel.tokens", "our sealed copies of the sign-ins are deleted");
pub(crate) const CANCEL_GUEST: Text =
    text("cancel.guest", "the guest account that we invited into the partner directory is removed");
pub(crate) const CANCEL_REQUEST: Text =
    text("cancel.request", "our open request to change the directory, if there is one, is deleted in Azure");
pub(crate) const CANCEL_BUTTON: Text = text("cancel.button", "Cancel the onboarding");
pub(crate) const CANCEL_KEEP: Text = text("cancel.keep", "Go on with it");
pub(crate) const CANCEL_LATE_TITLE: Text = text("cancel.late.title", "It can't be cancelled any more");
pub(crate) const CANCEL_LATE: Text = text(
    "cancel.late.said",
    "The subscription's move has been accepted, and Azure doesn't take that back. We go on until access works and is proved. Afterwards the subscription can be moved back in a new onboarding.",
);
pub(crate) const CANCEL_OVER_TITLE: Text = text("cancel.over.title", "This onboarding has ended");
pub(crate) const CANCEL_OVER: Text = text("cancel.over.said", "There is nothing left to cancel.");
pub(crate) const CANCEL_VIEW_ONLY: Text = text(
    "cancel.view-only",
    "This link is for looking only. The owner and the Partner Center administrator can cancel through the links in their mails.",
);

/// What an entry of the audit trail is called. An action that is not in the list is shown by its own name.
pub(crate) const ACTIONS: &[(&str, Text)] = &[
    ("onboarding.created", text("activity.onboarding.created", "The onboarding was created")),
    ("onboarding.cancelled", text("activity.onboarding.cancelled", "The onboarding was cancelled")),
    ("onboarding.cancel-requested", text("activity.onboarding.cancel-requested", "Cancelling was asked for")),
    ("onboarding.declined", text("activity.onboarding.declined", "The onboarding was declined")),
    ("onboarding.ended", text("activity.onboarding.ended", "The onboarding ended")),
    ("onboarding.started-anew", text("activity.onboarding.started-anew", "The onboarding was started anew")),
    ("mail.bounced", text("activity.mail.bounced", "Mails to a person come back")),
    ("retry.asked", text("activity.retry.asked", "Trying again was asked for")),
    ("wait.opened", text("activity.wait.opened", "A person was asked")),
    ("wait.extended", text("activity.wait.extended", "More time was asked for and given")),
    ("wait.last-call", text("activity.wait.last-call", "A person was called for the last time")),
    (
        "move.phrase-wrong",
        text("activity.move.phrase-wrong", "The owner typed other characters than the partner admin's"),
    ),
    (
        "onboarding.reported",
        text("activity.onboarding.reported", "A person reported that they don't know what this is about"),
    ),
    ("person.handed-over", text("activity.person.handed-over", "A part was handed to somebody else")),
    ("wait.reminded", text("activity.wait.reminded", "A person was reminded")),
    (
        "subscription.found",
        text("activity.subscription.found", "The owner's account sees one subscription: that one is taken"),
    ),
    ("subscription.chosen", text("activity.subscription.chosen", "The owner chose the subscription")),
    ("sign-in.done", text("activity.sign-in.done", "Signed in with the right account")),
    ("sign-in.refused", text("activity.sign-in.refused", "A sign-in was refused by Microsoft")),
    (
        "sign-in.wrong-account",
        text("activity.sign-in.wrong-account", "Signed in with another account; nothing was recorded"),
    ),
    ("step.done", text("activity.step.done", "Step finished")),
    ("step.settling", text("activity.step.settling", "Waiting for Microsoft")),
    ("step.stopped", text("activity.step.stopped", "Step stopped")),
    ("preflight.done", text("activity.preflight.done", "The conditions were checked")),
    ("impact.assessed", text("activity.impact.assessed", "What the move does was found out")),
    ("access.decided", text("activity.access.decided", "It was decided who gets access again")),
    ("access.agreed", text("activity.access.agreed", "A decision about access was agreed to")),
    ("override.given", text("activity.override.given", "A hard stop was accepted, with a reason")),
    ("override.agreed", text("activity.override.agreed", "The reason for a hard stop was agreed to")),
    ("review.done", text("activity.review.done", "The review is done")),
    ("review.sent-back", text("activity.review.sent-back", "The review was sent back to the partner")),
    ("access.restored", text("activity.access.restored", "Access was restored")),
    ("move.confirmed", text("activity.move.confirmed", "The move was confirmed")),
    ("guest.invited", text("activity.guest.invited", "The owner was invited into the partner directory")),
    (
        "guest.removed",
        text("activity.guest.removed", "The guest whom we had invited was removed from the partner directory"),
    ),
    ("guest.kept", text("activity.guest.kept", "The guest whom we had invited could not be removed")),
    (
        "route.changed",
        text("activity.route.changed", "The other route was chosen: the partner accepts, and nobody is invited"),
    ),
    ("request.sent", text("activity.request.sent", "The change of directory was requested")),
    ("request.accepted", text("activity.request.accepted", "The change of directory was accepted")),
    (
        "request.ended",
        text("activity.request.ended", "The request for the change of directory ended without moving anything"),
    ),
    ("accept.intended", text("activity.accept.intended", "About to accept the change of directory")),
    ("accept.refused", text("activity.accept.refused", "Azure refused the acceptance")),
    ("subscription.moved", text("activity.subscription.moved", "The subscription trusts the partner directory")),
    ("owner.assigned", text("activity.owner.assigned", "The Owner role was assigned")),
    ("to-do.done", text("activity.to-do.done", "Something that was left to do is done")),
    ("to-do.not-needed", text("activity.to-do.not-needed", "Something that was left to do is not needed")),
    ("to-do.reopened", text("activity.to-do.reopened", "Something that was ticked off is open again")),
    ("to-do.reminded", text("activity.to-do.reminded", "A person was reminded of what is left to do")),
    ("feedback.given", text("activity.feedback.given", "A person said how it went")),
    ("association.proved", text("activity.association.proved", "The result was proved as the partner admin sees it")),
];

/// A role with what is particular about having it.
pub(crate) fn role(name: &str, conditional: bool, inherited: bool) -> String {
    let mut said = name.to_owned();
    for (so, note) in [(conditional, ROLE_CONDITIONAL), (inherited, ROLE_INHERITED)] {
        if so {
            said.push_str(", ");
            said.push_str(note.said());
        }
    }
    said
}

const ROLE_CONDITIONAL: Text = text("role.conditional", "with a condition");
const ROLE_INHERITED: Text = text("role.inherited", "inherited from above the subscription");

#[cfg(test)]
mod tests {
    /// The words that pages share with mails.
    fn undone_words() -> &'static str {
        include_str!("../../texts/src/undone.rs").split("#[cfg(test)]").next().unwrap()
    }

    #[test]
    fn every_id_is_used_once() {
        let source = include_str!("text.rs");
        let before_tests = source.split("#[cfg(test)]").next().unwrap().to_owned()
            + include_str!("text/impact.rs")
            + include_str!("text/operator.rs")
            + include_str!("text/people.rs")
            + include_str!("text/signup.rs")
            + undone_words();
        let mut seen = std::collections::BTreeSet::new();
        let flat = before_tests.replace('\n', " ");
        let mut count = 0;
        for call in flat.split("text(").skip(1) {
            let Some(id) = call.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next()) else {
                continue;
            };
            count += 1;
            assert!(seen.insert(id.to_owned()), "{id} is used twice");
            assert!(id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-'), "{id}");
        }
        assert!(count > 100, "the test reads its own source: {count}");
    }

    /// The ids and English words of everything that the pages say, as this crate's own sources and the domain have them.
    fn english() -> std::collections::BTreeMap<String, String> {
        let sources = include_str!("text.rs").split("#[cfg(test)]").next().unwrap().to_owned()
            + include_str!("text/impact.rs")
            + include_str!("text/operator.rs")
            + include_str!("text/people.rs")
            + include_str!("text/signup.rs")
            + undone_words();
        let sources = sources.replace("\\\"", "”");
        let mut english = std::collections::BTreeMap::new();
        for call in sources.split("text(").skip(1) {
            let mut strings = call.split('"').enumerate().filter(|(index, _)| index % 2 == 1).map(|(_, string)| string);
            if call.trim_start().starts_with('"')
                && let (Some(id), Some(words)) = (strings.next(), strings.next())
            {
                english.insert(id.to_owned(), words.to_owned());
            }
        }
        let mut told = |prefix: &str, name: &str, said: [&str; 4]| {
            for (part, words) in ["title", "cause", "effect", "next-step"].into_iter().zip(said) {
                english.insert(format!("{prefix}.{name}.{part}"), words.to_owned());
            }
        };
        for name in onboarding::ErrorName::ALL {
            let said = name.explanation();
            told("error", name.as_str(), [said.title, said.cause, said.effect, said.next_step]);
        }
        for result in crate::SignInResult::ALL {
            let [cause, effect, next] = result.said();
            told("result", result.as_str(), [result.title(), cause, effect, next]);
        }
        for problem in crate::WebProblem::ALL {
            let said = problem.explanation();
            told("problem", problem.id(), [said.title, said.cause, said.effect, said.next_step]);
        }
        for rule in impact::catalogue::RULES {
            let after = rule.after.map(|after| after.what);
            let always = [rule.title, rule.why, rule.when, rule.todo].map(Some);
            let parts = ["title", "why", "when", "todo", "before", "after"];
            for (part, words) in parts.into_iter().zip(always.into_iter().chain([rule.before, after])) {
                if let Some(words) = words {
                    english.insert(format!("rule.{}.{part}", rule.id), words.to_owned());
                }
            }
        }
        for (id, title, words, _) in impact::report::INSTEAD {
            english.insert(format!("instead.{id}.title"), title.to_owned());
            english.insert(format!("instead.{id}.said"), words.to_owned());
        }
        for step in onboarding::Step::ALL {
            english.insert(format!("step.{step}"), step.title().to_owned());
        }
        english
    }

    fn values(words: &str) -> std::collections::BTreeSet<&str> {
        words.split('{').skip(1).filter_map(|rest| rest.split(['}', '|']).next()).collect()
    }

    #[test]
    fn every_language_says_all_that_the_pages_say_with_the_same_values_and_nothing_else() {
        let english = english();
        assert!(english.len() > 800, "{}", english.len());
        for language in texts::Language::all().filter(|language| *language != texts::Language::ENGLISH) {
            let said: std::collections::BTreeMap<_, _> = language.ids().collect();
            for (id, words) in &english {
                let Some(translated) = said.get(id.as_str()) else { panic!("{language:?} lacks {id}") };
                assert_eq!(values(words), values(translated), "{language:?} {id}");
            }
            let elsewhere = ["mail.", "time.", "language."];
            for id in said.keys().filter(|id| !elsewhere.iter().any(|prefix| id.starts_with(prefix))) {
                assert!(english.contains_key(*id), "{language:?} has {id}, which nothing says");
            }
        }
    }

    #[test]
    fn a_page_is_in_the_readers_language_all_through() {
        let page = texts::within(texts::Locale::named("de", "Europe/Berlin"), || crate::pages::start().into_string());
        assert!(page.contains("<html lang=\"de\"") && page.contains("Die fünf Schritte"), "{page}");
        assert!(!page.contains("The five steps") && page.contains("href=\"?lang=en\""));
    }
}
