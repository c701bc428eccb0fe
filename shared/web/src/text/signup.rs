//! What people read while they prove their mailbox.

use texts::{Text, text};

pub(crate) const WHO: Text = text("signup.who", "Who are you?");
pub(crate) const WHO_PARTNER: Text = text("signup.who-partner", "the Partner Center administrator");
pub(crate) const WHO_OWNER: Text = text("signup.who-owner", "the subscription's owner");
pub(crate) const WHO_OTHER: Text = text("signup.who-other", "somebody else");
pub(crate) const OTHER_EMAIL: Text = text("signup.other-email", "Your own e-mail address, if you are somebody else");
pub(crate) const OTHER_EMAIL_HINT: Text =
    text("signup.other-email-hint", "We mail you a code first. Nobody else gets a mail before you have typed it here.");
pub(crate) const OTHER_EMAIL_WRONG: Text =
    text("signup.other-email-wrong", "Your own e-mail address must be one address such as jo@contoso.com.");
pub(crate) const SOURCE: Text = text("signup.source", "Directory that the subscription is in");
pub(crate) const SOURCE_HINT: Text = text(
    "signup.source-hint",
    "Only without a subscription id: a domain such as fabrikam.onmicrosoft.com, or its tenant id. For a work account we take the domain of the owner's address.",
);
pub(crate) const ZONE: Text = text("signup.zone", "Your time zone, optional");
pub(crate) const ZONE_HINT: Text = text(
    "signup.zone-hint",
    "A name such as Europe/Berlin. Mails tell times in it, and reminders keep quiet at night.",
);
pub(crate) const ZONE_WRONG: Text = text(
    "signup.zone-wrong",
    "Your time zone is not one that we know. Write a name such as Europe/Berlin, or leave it empty.",
);
pub(crate) const TITLE: Text = text("check-mail.title", "Check your mail");
pub(crate) const SENT: Text =
    text("check-mail.sent", "We mailed a code of six digits to {email}. It is good for half an hour.");
pub(crate) const NOTHING_YET: Text = text(
    "check-mail.nothing-yet",
    "Nothing has been started and nobody else was written to. Both begin with the code.",
);
pub(crate) const CODE: Text = text("check-mail.code", "The code");
pub(crate) const CODE_HINT: Text = text("check-mail.code-hint", "Six digits; blanks don't matter.");
pub(crate) const BUTTON: Text = text("check-mail.button", "Prove my mailbox and start");
pub(crate) const RESEND: Text = text("check-mail.resend", "Send a new code");
pub(crate) const RESEND_SAID: Text =
    text("check-mail.resend-said", "Look into the spam folder first. A new code makes the one before it void.");
pub(crate) const OTHER_ADDRESS: Text = text("check-mail.other-address", "Begin again with another address");
pub(crate) const WRONG: Text = text(
    "check-mail.wrong",
    "The code is not the one in our newest mail to you. Look again; after five tries it is void.",
);
pub(crate) const VOID: Text =
    text("check-mail.void", "This code was tried too often and is void. Have a new one sent.");
pub(crate) const TOO_SOON: Text = text(
    "check-mail.too-soon",
    "No new code was sent: one can be had a minute after the one before, three times in all. Look for the last one, or begin again.",
);
pub(crate) const TOO_MANY: Text = text(
    "check-mail.too-many",
    "No more can be taken here for the moment: too much came from your connection, for the same organisation or for the same partner directory. Nothing was started, nobody was written to, and what you typed is kept on this page. Try again after {when}. Whoever runs this service can start an onboarding at any time.",
);
pub(crate) const AGAIN: Text = text("check-mail.again", "A new code is on its way.");
pub(crate) const GONE_TITLE: Text = text("check-mail.gone-title", "This sign-up is over");
pub(crate) const GONE: Text = text(
    "check-mail.gone",
    "The code was good for half an hour. Nothing was started and nobody else was written to. Fill in the form once more.",
);
pub(crate) const RUNNING_TITLE: Text = text("check-mail.running-title", "This is already running");
pub(crate) const RUNNING: Text = text(
    "check-mail.running",
    "An onboarding of this subscription is already running, and no second one was started. Its two people have its link by mail: ask them, or cancel it there first.",
);
pub(crate) const NEW_LINK_TITLE: Text = text("new-link.title", "I have lost my link");
pub(crate) const NEW_LINK_SAID: Text = text(
    "new-link.said",
    "If you are one of the two people of an onboarding, we mail your link again, to the address that we have written to before.",
);
pub(crate) const NEW_LINK_REFERENCE: Text = text("new-link.reference", "The reference");
pub(crate) const NEW_LINK_REFERENCE_HINT: Text = text(
    "new-link.reference-hint",
    "Eight letters and digits such as ABCD-1234. It stands in the subject of every mail and at the foot of every page.",
);
pub(crate) const NEW_LINK_EMAIL: Text = text("new-link.email", "Your e-mail address");
pub(crate) const NEW_LINK_EMAIL_HINT: Text = text("new-link.email-hint", "The one that the mails came to.");
pub(crate) const NEW_LINK_BUTTON: Text = text("new-link.button", "Mail me my link");
pub(crate) const NEW_LINK_NOT_ONE: Text =
    text("new-link.not-one", "Your e-mail address must be one address such as kim@contoso.com.");
pub(crate) const NEW_LINK_NO_REFERENCE: Text =
    text("new-link.no-reference", "The reference must be eight letters and digits such as ABCD-1234.");
pub(crate) const NEW_LINK_SENT_TITLE: Text = text("new-link.sent-title", "Look into your mailbox");
pub(crate) const NEW_LINK_SENT: Text = text(
    "new-link.sent",
    "If there is an onboarding with this reference and address, its link is on its way. If nothing comes within some minutes, look into the spam folder, or ask the person who started it. We don't say here whether there is one.",
);
pub(crate) const NEW_LINK_AGAIN: Text = text("new-link.again", "I mistyped something");
pub(crate) const CHECK: Text = text("signup.check", "Only look what is known");
pub(crate) const FOUND_TITLE: Text = text("signup.found-title", "What Microsoft tells anybody");
pub(crate) const FOUND_DIRECTORY: Text =
    text("signup.found-directory", "The partner directory exists in this cloud. Its tenant id:");
pub(crate) const FOUND_SUBSCRIPTION: Text =
    text("signup.found-subscription", "The subscription exists in this cloud. It is in the directory:");
pub(crate) const FOUND_SOURCE: Text = text(
    "signup.found-source",
    "The directory that the subscription is in exists in this cloud. After their sign-in there the owner chooses the subscription. Its tenant id:",
);
pub(crate) const FOUND_NOTHING: Text =
    text("signup.found-nothing", "Type a directory or a subscription id, and look again.");
pub(crate) const FOUND_SAME_ADDRESS: Text = text(
    "signup.found-same-address",
    "Both people have the same address. Microsoft may know it twice, as a personal and as a work account: before each sign-in we say which of the two is needed.",
);
pub(crate) const FOUND_NOTHING_SENT: Text =
    text("signup.found-nothing-sent", "Nothing was kept and nobody got a mail. What you typed is below.");
pub(crate) const OTHER_DEVICE: Text =
    text("signup.other-device", "Going on on another device? Open the address of this page there:");
/// What can be wrong with a field, after its label. The domain and the form say it in English; here is what it is called elsewhere.
pub(crate) const MISTAKES: &[Text] = &[
    text(
        "mistake.guid",
        "must be a GUID such as 6c3c85bc-5366-4eaa-8055-a10529eafd03; copy it from the subscription's overview page in the Azure portal",
    ),
    text("mistake.directory", "must be a domain such as contoso.com or contoso.onmicrosoft.com, or a tenant id"),
    text(
        "mistake.source-directory",
        "must be a domain such as fabrikam.com or fabrikam.onmicrosoft.com, or a tenant id",
    ),
    text(
        "mistake.which-subscription",
        "is missing. Give it, or the directory that the subscription is in (sourceDirectory): the owner then chooses the subscription after their sign-in",
    ),
    text(
        "mistake.other-directory",
        "is not the directory that this subscription is in. Leave it empty, or correct the subscription id.",
    ),
    text("mistake.account", "must be personal, work or unknown"),
    text("mistake.cloud", "must be public, us-government, us-government-dod, china or germany"),
    text("mistake.route", "must be two-party or single-account; leave it out to let it be two-party"),
    text("mistake.reference", "must be text of at most 120 characters without line breaks"),
    text("mistake.language", "must be a language tag such as en or de"),
    text("mistake.zone", "must be the name of a time zone such as Europe/Berlin or UTC"),
    text("mistake.email", "must be one e-mail address such as kim@contoso.com"),
    text("mistake.missing", "is missing"),
    text(
        "mistake.plus",
        "has a character that Microsoft refuses in guest invitations; choose the two-party route, which needs no invitation",
    ),
    text(
        "mistake.directory-unknown",
        "is not known to Microsoft in this cloud. Use a domain that the directory has verified, its onmicrosoft.com name, or its tenant id.",
    ),
    text("mistake.other-cloud", "is in another Microsoft cloud. Choose that cloud below, or another directory."),
    text(
        "mistake.tenant-id",
        "must be a subscription id: this is a tenant id. Copy the subscription id from the subscription's overview page in the Azure portal.",
    ),
    text(
        "mistake.subscription-unknown",
        "is not known to Azure in this cloud. Copy the id from the subscription's overview page in the Azure portal, and check the cloud.",
    ),
    text(
        "mistake.same",
        "is the directory that the subscription is already in. If both are right, nothing needs to move; otherwise correct one of them.",
    ),
    text("mistake.not-chosen", "can't be chosen."),
    text("mistake.too-old", "This form was open for more than an hour. Look at it once more and send it again."),
    text("mistake.kept", "Nothing was created, and what you typed is kept."),
];
