//! What people read about the preflight, the report, the review, the restore and the proof.

use access::mapping::Confidence;
use access::plan::RowOutcome;
use impact::catalogue::Recoverable;
use impact::preflight::{CheckId, Fixer, Group as CheckGroup, State};
use impact::report::Group;

use super::{Text, text};

// Tables and pages of many rows
pub(crate) const PAGES: Text = text("pages.label", "Pages of this list");
pub(crate) const PAGES_AT: Text = text("pages.at", "Page {page} of {pages}, {total} {total|row|rows} in all.");
pub(crate) const PAGES_NEXT: Text = text("pages.next", "Next page");
pub(crate) const PAGES_BEFORE: Text = text("pages.before", "Page before");
pub(crate) const COUNTS_ONLY: Text = text(
    "pages.counts-only",
    "This link is for looking only, so it shows numbers and no names. The owner and the Partner Center administrator see the rows.",
);
pub(crate) const COL_WHO: Text = text("column.who", "Who");
pub(crate) const COL_ROLE: Text = text("column.role", "Role");
pub(crate) const COL_SCOPE: Text = text("column.scope", "Where");
pub(crate) const COL_AFTER: Text = text("column.after", "After the move");
pub(crate) const COL_RESULT: Text = text("column.result", "Result");
pub(crate) const COL_NUMBER: Text = text("column.number", "How many");
pub(crate) const NOT_YET_TITLE: Text = text("not-yet.title", "Not there yet");
pub(crate) const NOT_YET: Text =
    text("not-yet.said", "This has not been made yet. The progress page shows where the onboarding stands.");

pub(crate) const KIND_GUEST: Text = text("kind.guest", "guest");
pub(crate) const KIND_GROUP: Text = text("kind.group", "group");
pub(crate) const KIND_APPLICATION: Text = text("kind.application", "application");
pub(crate) const KIND_MANAGED: Text = text("kind.managed", "managed identity");

// Preflight
pub(crate) const PREFLIGHT_TITLE: Text = text("preflight.title", "Can it be moved?");
pub(crate) const PREFLIGHT_LEAD: Text = text(
    "preflight.lead",
    "Each row comes from a question to Microsoft, asked with the sign-in of one of the two people. Nothing was changed to find out.",
);
pub(crate) const PREFLIGHT_EMPTY: Text =
    text("preflight.empty", "Nothing has been checked yet. The checks begin with the first sign-in.");
pub(crate) const PREFLIGHT_COL_CHECK: Text = text("preflight.column.check", "Condition");
pub(crate) const PREFLIGHT_COL_STATE: Text = text("preflight.column.state", "State");
pub(crate) const PREFLIGHT_COL_SEEN: Text = text("preflight.column.seen", "What was seen");
pub(crate) const PREFLIGHT_COL_FIX: Text = text("preflight.column.fix", "What to do, and who");
pub(crate) const PREFLIGHT_SAID: Text = text(
    "preflight.said",
    "{holds} hold, {warnings} with something to know, {fails} don't hold, {unknown} can't be told.",
);
pub(crate) const PREFLIGHT_CHECKED: Text = text("preflight.checked", "Checked {ago}, with the sign-in of {who}");
pub(crate) const PREFLIGHT_AGAIN_SAID: Text = text(
    "preflight.again.said",
    "Something here waits for a change. Check again once it is made; we also look by ourselves.",
);
pub(crate) const PREFLIGHT_PACK: Text = text("preflight.pack", "A request to forward: {check}");
pub(crate) const PREFLIGHT_WHO: Text = text("preflight.who", "Who can change it: {who}.");
pub(crate) const AGO_NOW: Text = text("ago.now", "just now");
pub(crate) const AGO_SECONDS: Text = text("ago.seconds", "{n} {n|second|seconds} ago");
pub(crate) const AGO_MINUTES: Text = text("ago.minutes", "{n} {n|minute|minutes} ago");
pub(crate) const AGO_HOURS: Text = text("ago.hours", "{n} {n|hour|hours} ago");
pub(crate) const AGO_DAYS: Text = text("ago.days", "{n} {n|day|days} ago");

/// The sign and the words of a row's state: neither colour nor sign alone says it.
pub(crate) fn state(state: State) -> (&'static str, Text) {
    match state {
        State::Holds => ("✓", text("preflight.state.holds", "Holds")),
        State::Warning => ("✓", text("preflight.state.warning", "Holds, with something to know")),
        State::Fails => ("✗", text("preflight.state.fails", "Does not hold")),
        State::Unknown => ("?", text("preflight.state.unknown", "Can't be told from here")),
    }
}

/// The groups of the checklist, in order.
pub(crate) const CHECK_GROUPS: [(CheckGroup, Text); 6] = [
    (CheckGroup::Account, text("preflight.group.account", "Accounts")),
    (CheckGroup::Subscription, text("preflight.group.subscription", "Subscription")),
    (CheckGroup::SourceDirectory, text("preflight.group.source", "The directory it is in")),
    (CheckGroup::PartnerDirectory, text("preflight.group.partner", "The partner directory")),
    (CheckGroup::PartnerCenter, text("preflight.group.partner-center", "Partner Center")),
    (CheckGroup::OurSide, text("preflight.group.our-side", "This service")),
];

/// Who can fix a row.
pub(crate) fn fixer(fixer: Fixer) -> Text {
    match fixer {
        Fixer::Owner => super::OWNER,
        Fixer::PartnerAdmin => super::PARTNER_ADMIN,
        Fixer::SourceGlobalAdministrator => {
            text("fixer.source-global", "a Global Administrator of the directory it is in")
        }
        Fixer::PartnerGlobalAdministrator => {
            text("fixer.partner-global", "a Global Administrator of the partner directory")
        }
        Fixer::BillingAdministrator => text("fixer.billing", "the administrator of the billing account"),
        Fixer::Operator => text("fixer.operator", "the operator of this service"),
        Fixer::Nobody => text("fixer.nobody", "nobody: this can't be changed for this subscription"),
    }
}

/// What a row is about, and what to do where it does not hold.
pub(crate) fn check(id: CheckId) -> (Text, Text) {
    match id {
        CheckId::OwnerRole => (
            text("check.owner-role", "The owner has the Owner role on the subscription itself"),
            text(
                "check.owner-role.fix",
                "Assign the Owner role to the account directly on the subscription: without a condition, not through a group, not inherited and not only eligible. An eligible role can be activated for the time of the move.",
            ),
        ),
        CheckId::SubscriptionVisible => (
            text("check.subscription-visible", "The owner's account sees the subscription in the directory it is in"),
            text(
                "check.subscription-visible.fix",
                "Give the account the Owner role on the subscription, or choose another subscription or another account on the page of the open wait.",
            ),
        ),
        CheckId::OwnerMfa => (
            text("check.owner-mfa", "The owner signed in with multi-factor authentication"),
            text(
                "check.owner-mfa.fix",
                "Sign in again and complete the second factor. A personal account doesn't tell us; Azure asks for it by itself where it is needed.",
            ),
        ),
        CheckId::Offer => (
            text("check.offer", "This kind of subscription may change its directory"),
            text(
                "check.offer.fix",
                "Microsoft lets subscriptions of Cloud Solution Providers, of Microsoft itself and of Azure for Students Starter not move. Change the billing first, or make the resources again in another subscription.",
            ),
        ),
        CheckId::SubscriptionState => (
            text("check.subscription-state", "The subscription is active"),
            text("check.subscription-state.fix", "Reactivate the subscription in the Azure portal, then check again."),
        ),
        CheckId::SpendingLimit => (
            text("check.spending-limit", "The spending limit is off"),
            text(
                "check.spending-limit.fix",
                "Remove the spending limit in the Azure portal (Cost Management), or expect that the subscription is switched off when its credit is used up.",
            ),
        ),
        CheckId::Lighthouse => (
            text("check.lighthouse", "No other tenant manages it"),
            text(
                "check.lighthouse.fix",
                "Delegations of Azure Lighthouse end with the move. Tell the managing company, or remove the delegation beforehand.",
            ),
        ),
        CheckId::PendingRequest => (
            text("check.pending-request", "Nobody else has started a change of directory"),
            text(
                "check.pending-request.fix",
                "Another request is open in Azure. Withdraw it in the portal (Change directory), or wait until it expires after 24 hours.",
            ),
        ),
        CheckId::LeavingPolicy => (
            text("check.leaving-policy", "The directory lets this subscription leave"),
            text(
                "check.leaving-policy.fix",
                "A Global Administrator exempts this one account, or permits leaving until the move is done. The request below can be forwarded as it is.",
            ),
        ),
        CheckId::EnteringPolicy => (
            text("check.entering-policy", "The partner directory lets this subscription enter"),
            text(
                "check.entering-policy.fix",
                "A Global Administrator exempts this one account, or permits entering until the move is done. The request below can be forwarded as it is.",
            ),
        ),
        CheckId::PartnerAdminRole => (
            text("check.partner-admin-role", "The partner admin administers the partner directory"),
            text(
                "check.partner-admin-role.fix",
                "Give the account an administrator role in the partner directory, or let another administrator sign in.",
            ),
        ),
        CheckId::PartnerMfa => (
            text("check.partner-mfa", "The partner admin signed in with multi-factor authentication"),
            text(
                "check.partner-mfa.fix",
                "Sign in again and complete the second factor: Partner Center refuses sign-ins without it.",
            ),
        ),
        CheckId::PartnerAccount => (
            text("check.partner-account", "Partner Center knows the partner directory"),
            text(
                "check.partner-account.fix",
                "Check in Partner Center (Account settings) that the account is active and belongs to this directory.",
            ),
        ),
        CheckId::Invitations => (
            text("check.invitations", "The partner directory lets its administrator invite guests"),
            text(
                "check.invitations.fix",
                "Allow guest invitations for administrators in the partner directory, or choose the other way to accept the move.",
            ),
        ),
        CheckId::SourceConsent => (
            text("check.source-consent", "Names can be read in the directory it is in"),
            text(
                "check.source-consent.fix",
                "Not needed for the move. An administrator of that directory can consent to Directory.Read.All, so that people are shown by name and more of them can be matched.",
            ),
        ),
        CheckId::PartnerConsent => (
            text("check.partner-consent", "Names can be read in the partner directory"),
            text(
                "check.partner-consent.fix",
                "Not needed for the move. An administrator can consent to reading users, groups and applications, so that more people can be matched.",
            ),
        ),
        CheckId::Locks => (
            text("check.locks", "No lock is in the way"),
            text(
                "check.locks.fix",
                "Locks stay and do not stop the move. They stop what has to be done again afterwards; remove those that are named when you get to it.",
            ),
        ),
        CheckId::HardStops => (
            text("check.hard-stops", "Nothing would be lost for ever"),
            text(
                "check.hard-stops.fix",
                "Take the resources that the report marks as hard stops out of the subscription, or let both people accept each of them in writing in the review.",
            ),
        ),
        CheckId::Mail => (
            text("check.mail", "Our mails to both people were accepted"),
            text("check.mail.fix", "Correct the address with a new onboarding, or tell the operator of this service."),
        ),
    }
}

/// What a case of a row is called, where it has words of its own.
pub(crate) const CASES: &[(&str, Text)] = &[
    ("direct", text("case.direct", "assigned directly, without a condition")),
    ("group", text("case.group", "only through a group")),
    ("inherited", text("case.inherited", "only from above the subscription")),
    ("eligible", text("case.eligible", "only eligible, not active")),
    ("conditional", text("case.conditional", "with a condition")),
    ("none", text("case.none", "there is none")),
    ("seen", text("case.seen", "it is there")),
    ("found", text("case.found", "it is the only one that the account sees there")),
    ("several", text("case.several", "the account sees several there, and none is chosen")),
    ("allowed", text("case.allowed", "allowed for everyone")),
    ("exempted", text("case.exempted", "blocked, and this account is exempted")),
    ("blocked", text("case.blocked", "blocked, and this account is not exempted")),
    ("blocked-list-hidden", text("case.blocked-list-hidden", "blocked; the list of exempted accounts can't be read")),
    ("unknown", text("case.unknown", "could not be read")),
    ("accepted", text("case.accepted", "accepted by the mail service")),
    ("not-accepted", text("case.not-accepted", "not accepted by the mail service")),
    ("not-sent-yet", text("case.not-sent-yet", "no mail has been sent yet")),
    ("some-not-sent-yet", text("case.some-not-sent-yet", "not every mail has been sent yet")),
    ("administrator", text("case.administrator", "has an administrator role")),
    ("global-administrator", text("case.global-administrator", "is Global Administrator")),
    ("administrators", text("case.administrators", "administrators may invite")),
    ("everyone", text("case.everyone", "everyone may invite")),
    ("members", text("case.members", "members may invite")),
    ("nobody", text("case.nobody", "nobody may invite")),
    ("invitation-refused", text("case.invitation-refused", "Microsoft refused the invitation")),
    ("not-needed", text("case.not-needed", "not needed: nobody is invited")),
    ("guest-is-there", text("case.guest-is-there", "the guest is there already")),
    ("against-deletion", text("case.against-deletion", "locks against deletion only")),
    ("read-only", text("case.read-only", "read-only locks")),
    ("by-directory", text("case.by-directory", "decided by the directory's policy")),
    ("compliant", text("case.compliant", "the sign-in satisfies the rule")),
    ("not-compliant", text("case.not-compliant", "the sign-in does not satisfy the rule")),
    ("demanded-at-sign-in", text("case.demanded-at-sign-in", "Microsoft was asked to demand it")),
    ("enabled", text("case.enabled", "enabled")),
    ("not-enabled", text("case.not-enabled", "not enabled")),
    ("granted", text("case.granted", "consent was given")),
    ("missing", text("case.missing", "consent is missing")),
    ("names-readable", text("case.names-readable", "names can be read")),
    ("names-hidden", text("case.names-hidden", "names can't be read")),
    ("off", text("case.off", "off")),
    ("off-this-period", text("case.off-this-period", "off for this period")),
    ("on", text("case.on", "on")),
    ("profile", text("case.profile", "Partner Center knows it")),
    ("no-access-to-partner-center", text("case.no-access-to-partner-center", "Partner Center does not let us look")),
    ("another-directory", text("case.another-directory", "Partner Center knows another directory")),
    ("no-role", text("case.no-role", "the account has no role in Partner Center")),
    ("foreign", text("case.foreign", "a request of somebody else is open")),
    ("to-the-partner", text("case.to-the-partner", "a request to the partner directory is open")),
    ("accepted-by-both", text("case.accepted-by-both", "accepted by both people")),
    ("managed-by-others", text("case.managed-by-others", "another tenant manages it")),
    ("not-read", text("case.not-read", "not read yet")),
    ("not-readable", text("case.not-readable", "could not be read")),
    ("not-said", text("case.not-said", "Microsoft does not say")),
    ("not-visible", text("case.not-visible", "not visible with this sign-in")),
    ("offer-csp", text("case.offer-csp", "of a Cloud Solution Provider")),
    ("offer-students-starter", text("case.offer-students-starter", "Azure for Students Starter")),
    ("offer-internal", text("case.offer-internal", "Microsoft's own")),
    ("offer-support-plan", text("case.offer-support-plan", "a support plan, no Azure subscription")),
    ("offer-pay-as-you-go", text("case.offer-pay-as-you-go", "pay-as-you-go")),
    ("offer-partner-benefit", text("case.offer-partner-benefit", "a partner benefit")),
    ("offer-dev-test", text("case.offer-dev-test", "dev/test")),
    ("offer-open", text("case.offer-open", "Azure in Open")),
    ("offer-sponsored", text("case.offer-sponsored", "sponsored")),
    ("offer-agreement", text("case.offer-agreement", "an agreement: billing stays where it is")),
    ("offer-personal-benefit", text("case.offer-personal-benefit", "a personal benefit, which may end")),
    ("offer-free-trial", text("case.offer-free-trial", "a free trial, which may end")),
    ("offer-students", text("case.offer-students", "Azure for Students, which may end")),
    ("offer-pass", text("case.offer-pass", "an Azure pass, which may end")),
    ("offer-legacy", text("case.offer-legacy", "an old offer")),
    ("offer-unknown", text("case.offer-unknown", "an offer that we don't know")),
    ("offer-not-said", text("case.offer-not-said", "Microsoft does not say which")),
];

// Report
pub(crate) const REPORT_TITLE: Text = text("report.title", "What the move does to this subscription");
pub(crate) const REPORT_STOP: Text =
    text("report.verdict.stop", "Don't move it yet: {n} {n|resource|resources} would be lost.");
pub(crate) const REPORT_PREPARE: Text = text(
    "report.verdict.prepare",
    "It can be moved. {n} {n|thing stops working or has|things stop working or have} to be done again.",
);
pub(crate) const REPORT_ACCEPTED: Text = text(
    "report.verdict.accepted",
    "It can be moved. Both people accepted that {n} {n|resource is|resources are} lost.",
);
pub(crate) const REPORT_FINE: Text = text("report.verdict.fine", "Nothing was found that the move would break.");
pub(crate) const REPORT_FINE_PARTLY: Text =
    text("report.verdict.fine-partly", "Nothing was found in what could be read. Not everything could be read.");
pub(crate) const REPORT_NOT_READ: Text = text("report.not-read", "What could not be read");
pub(crate) const REPORT_NOT_READ_SAID: Text = text(
    "report.not-read.said",
    "This report is not complete. Each line says what is missing, what Microsoft answered, and the smallest permission that would help.",
);
pub(crate) const REPORT_COL_WHAT: Text = text("report.column.what", "What");
pub(crate) const REPORT_COL_ANSWER: Text = text("report.column.answer", "Microsoft's answer");
pub(crate) const REPORT_COL_NEEDS: Text = text("report.column.needs", "What would help");
pub(crate) const REPORT_MADE: Text = text("report.made", "Found to be so");
pub(crate) const REPORT_AGAIN: Text = text(
    "report.again",
    "Everything is read again right before the move. If the report differs by then, nothing moves until the owner has confirmed the new one.",
);
pub(crate) const REPORT_CODE: Text = text("report.code", "Code of this report");
pub(crate) const REPORT_RESOURCES: Text = text("report.resources", "Resources in the subscription");
pub(crate) const REPORT_ROLES: Text = text("report.roles", "Role assignments and custom roles");
pub(crate) const REPORT_ROLES_SAID: Text = text("report.roles.said", "{roles} and {custom}; Azure deletes all of them");
pub(crate) const REPORT_EMPTY: Text = text(
    "report.empty",
    "There are no resources in this subscription. Only its access is rebuilt: {roles} role assignments.",
);
pub(crate) const REPORT_GROUPS: Text = text("report.groups", "Overview");
pub(crate) const REPORT_COL_GROUP: Text = text("report.column.group", "Group");
pub(crate) const REPORT_ALL_GROUPS: Text = text("report.all-groups", "Show all groups");
pub(crate) const REPORT_COL_RESOURCE: Text = text("report.column.resource", "Resource");
pub(crate) const REPORT_COL_WHY: Text = text("report.column.why", "Why, and when it breaks");
pub(crate) const REPORT_COL_BACK: Text = text("report.column.back", "Comes back?");
pub(crate) const REPORT_COL_DO: Text = text("report.column.do", "What to do");
pub(crate) const REPORT_HARD_STOP: Text = text("report.hard-stop", "⛔ Hard stop");
pub(crate) const REPORT_OVERRIDE_PATH: Text = text(
    "report.override-path",
    "The move is refused until this is taken out of the subscription, or one person gives a reason in the review and the other agrees.",
);
pub(crate) const REPORT_OVERRIDDEN: Text = text("report.overridden", "Accepted by {who}: “{reason}”.");
pub(crate) const REPORT_OVERRIDE_OPEN: Text = text("report.override-open", "The other person has not agreed yet.");
pub(crate) const REPORT_OVERRIDE_AGREED: Text = text("report.override-agreed", "{who} agreed.");
pub(crate) const REPORT_PEOPLE: Text = text("report.people", "People, groups and applications that lose access");
pub(crate) const REPORT_PEOPLE_NONE: Text = text("report.people.none", "Nobody has a role on this subscription.");
pub(crate) const REPORT_ALTERNATIVES: Text = text("report.alternatives", "Other ways");
pub(crate) const REPORT_CHANGED: Text = text("report.changed", "What changed since the report before");
pub(crate) const REPORT_ADDED: Text = text("report.changed.added", "New: {name}");
pub(crate) const REPORT_GONE: Text = text("report.changed.gone", "Gone: {name}");
pub(crate) const REPORT_DIFFERENT: Text = text("report.changed.different", "Different: {name}");
pub(crate) const REPORT_CSV: Text = text("report.csv", "As CSV");
pub(crate) const REPORT_JSON: Text = text("report.json", "As JSON");
pub(crate) const REPORT_GUIDE: Text = text("report.guide", "Microsoft's guide");
pub(crate) const REPORT_PRINT: Text =
    text("report.print", "Your browser prints this page, or keeps it as PDF, without the buttons.");

/// The groups of the report, in order: their name and what they mean.
pub(crate) const GROUPS: [(Group, &str, Text, Text); 5] = [
    (
        Group::StopsNow,
        "stops-now",
        text("report.group.stops-now", "Stops the moment it moves"),
        text("report.group.stops-now.said", "These work until the move and fail right after it."),
    ),
    (
        Group::Redo,
        "redo",
        text("report.group.redo", "Must be done again"),
        text("report.group.redo.said", "These are gone or point to the old directory after the move."),
    ),
    (
        Group::CannotComeBack,
        "cannot-come-back",
        text("report.group.cannot-come-back", "Can't come back"),
        text("report.group.cannot-come-back.said", "Microsoft has no way to take these to another directory."),
    ),
    (
        Group::CheckIt,
        "check-it",
        text("report.group.check-it", "Keeps working, check it"),
        text("report.group.check-it.said", "Nothing breaks; people of the old directory may still hold keys."),
    ),
    (
        Group::LosesAccess,
        "loses-access",
        text("report.group.loses-access", "Loses access"),
        text("report.group.loses-access.said", "Role assignments that end with the move."),
    ),
];

/// Whether a finding can be made good.
pub(crate) fn recoverable(recoverable: Recoverable) -> Text {
    match recoverable {
        Recoverable::Yes => text("report.back.yes", "Yes, with this work"),
        Recoverable::No => text("report.back.no", "No"),
        Recoverable::Unknown => text("report.back.unknown", "Microsoft does not say"),
    }
}

// Review
pub(crate) const MAPPING_TITLE: Text = text("mapping.title", "Who gets access again");
pub(crate) const MAPPING_LEAD: Text = text(
    "mapping.lead",
    "Azure deletes every role assignment when the subscription moves. Here you decide which of them are made again, and for whom in the partner directory. What nobody decides is not given again.",
);
pub(crate) const MAPPING_TABLE: Text = text("mapping.table", "Role assignments today and after the move");
pub(crate) const MAPPING_SAID: Text = text(
    "mapping.said",
    "{total} {total|role assignment|role assignments} can be made again; {decided} {decided|is|are} decided. {left} can't be made again and {left|is|are} listed in the report.",
);
pub(crate) const MAPPING_COL_TODAY: Text = text("mapping.column.today", "Today");
pub(crate) const MAPPING_COL_SURE: Text = text("mapping.column.sure", "How sure");
pub(crate) const MAPPING_COL_DECISION: Text = text("mapping.column.decision", "Decision");
pub(crate) const MAPPING_COL_BY: Text = text("mapping.column.by", "Decided by");
pub(crate) const MAPPING_EMPTY: Text = text("mapping.empty", "There is no role assignment that could be made again.");
pub(crate) const MAPPING_OPEN: Text = text("mapping.decide.open", "Not decided: not given");
pub(crate) const MAPPING_RESTORE: Text = text("mapping.decide.restore", "Restore");
pub(crate) const MAPPING_SKIP: Text = text("mapping.decide.skip", "Skip");
pub(crate) const MAPPING_TARGET: Text = text("mapping.target", "Object id in the partner directory");
pub(crate) const MAPPING_NOBODY: Text = text("mapping.nobody", "Nobody was found");
pub(crate) const MAPPING_DECIDE_FOR: Text = text("mapping.decide-for", "Decision about {who}, {role}");
pub(crate) const MAPPING_AGREE: Text = text("mapping.agree", "I agree that {who} gets {role}");
pub(crate) const MAPPING_PRIVILEGED: Text =
    text("mapping.privileged", "Gives access to others: both people have to agree");
pub(crate) const MAPPING_CONDITION: Text = text("mapping.condition", "Condition: ");
pub(crate) const MAPPING_AGREED: Text = text("mapping.agreed", "agreed: {who}");
pub(crate) const MAPPING_NOT_AGREED: Text = text("mapping.not-agreed", "waits for {who} to agree");
pub(crate) const MAPPING_SAVE: Text = text("mapping.save", "Save the decisions on this page");
pub(crate) const MAPPING_EXACT: Text = text("mapping.exact", "Accept all exact ({n})");
pub(crate) const MAPPING_EXACT_SAID: Text = text(
    "mapping.exact.said",
    "Restores every undecided assignment whose person, group or application is certainly the same in both directories.",
);
pub(crate) const MAPPING_STOPS: Text = text("mapping.stops", "Hard stops: {n}");
pub(crate) const MAPPING_STOPS_SAID: Text = text(
    "mapping.stops.said",
    "The move is refused while any of these has no reason in writing that both people agreed to. Taking the resource out of the subscription is the other way.",
);
pub(crate) const MAPPING_REASON: Text = text("mapping.reason", "Why may {name} be lost?");
pub(crate) const MAPPING_REASON_AGREE: Text = text("mapping.reason.agree", "I agree that {name} may be lost");
pub(crate) const MAPPING_OVERRIDE: Text = text("mapping.override", "Save the reasons");
pub(crate) const MAPPING_CSV: Text = text("mapping.csv", "Decide in a spreadsheet");
pub(crate) const MAPPING_CSV_SAID: Text = text(
    "mapping.csv.said",
    "Download the list, fill in the columns “decision” (restore or skip) and “target”, and paste it back here. You see every difference before anything is kept.",
);
pub(crate) const MAPPING_CSV_GET: Text = text("mapping.csv.get", "Download the list as CSV");
pub(crate) const MAPPING_CSV_FIELD: Text = text("mapping.csv.field", "The filled-in list");
pub(crate) const MAPPING_CSV_PREVIEW: Text = text("mapping.csv.preview", "Show the differences");
pub(crate) const MAPPING_CSV_APPLY: Text = text("mapping.csv.apply", "Apply {n} {n|difference|differences}");
pub(crate) const MAPPING_CSV_SAME: Text =
    text("mapping.csv.same", "The list says the same as what is decided. There is nothing to apply.");
pub(crate) const MAPPING_CSV_DIFFERENCES: Text = text("mapping.csv.differences", "What the list changes");
pub(crate) const MAPPING_CSV_LINE: Text = text("mapping.csv.line", "Line {line}, {column}: {message}");
pub(crate) const MAPPING_COL_BEFORE: Text = text("mapping.column.before", "Decided so far");
pub(crate) const MAPPING_COL_NEW: Text = text("mapping.column.new", "The list says");
pub(crate) const MAPPING_DONE: Text = text("mapping.done", "Done: the owner may decide now");
pub(crate) const MAPPING_DONE_SAID: Text = text(
    "mapping.done.said",
    "The owner gets a mail, sees these decisions, agrees to those that need it, and confirms the move or sends it back to you.",
);
pub(crate) const MAPPING_DONE_OPEN: Text = text(
    "mapping.done.open",
    "{n} {n|hard stop has|hard stops have} no reason yet. The owner can't confirm the move as long as that is so.",
);
pub(crate) const MAPPING_BACK: Text = text("mapping.back", "Back to the confirmation");
pub(crate) const MAPPING_SAVED: Text = text("mapping.saved", "Saved: {n} {n|change|changes}.");
pub(crate) const MAPPING_STALE: Text = text(
    "mapping.error.stale",
    "The decisions changed since you opened this page. Look at them as they are now, and decide again.",
);
pub(crate) const MAPPING_TARGET_WRONG: Text = text(
    "mapping.error.target",
    "To restore the access of {who}, give an object id of the partner directory, such as b11a05c8-6acc-435e-9a51-2140dea093a5.",
);
pub(crate) const MAPPING_OWN: Text =
    text("mapping.error.own", "You decided that yourself. Only the other person can agree to it.");
pub(crate) const MAPPING_REASON_SHORT: Text =
    text("mapping.error.reason", "Say in a sentence why {name} may be lost: at least 10 and at most 1000 characters.");
pub(crate) const MAPPING_NOTHING: Text = text("mapping.error.nothing", "Nothing was changed on the page.");
pub(crate) const MAPPING_CSV_EMPTY: Text = text("mapping.error.csv-empty", "Paste the list first.");
pub(crate) const MAPPING_CSV_WRONG: Text = text(
    "mapping.error.csv",
    "The list has {n} {n|line|lines} that can't be used. Nothing was kept; what you pasted is still below.",
);

/// How sure a suggestion is.
pub(crate) fn confidence(confidence: Confidence) -> (&'static str, Text) {
    match confidence {
        Confidence::Exact => ("●", text("confidence.exact", "Exact")),
        Confidence::SamePerson => ("◐", text("confidence.same-person", "Same person, as guest and member")),
        Confidence::None => ("○", text("confidence.none", "No match")),
    }
}

/// Why a suggestion is what it is.
pub(crate) const REASONS: &[(&str, Text)] = &[
    ("signed-in", text("suggestion.signed-in", "signed in to both directories in this onboarding")),
    ("application-id", text("suggestion.application-id", "the same application id")),
    ("on-premises-sid", text("suggestion.on-premises-sid", "the same object of the same local directory")),
    ("guest-of-member", text("suggestion.guest-of-member", "a guest here whose home is the partner directory")),
    ("member-of-guest", text("suggestion.member-of-guest", "a guest of the partner directory whose home is here")),
    ("same-guest", text("suggestion.same-guest", "a guest of both directories with the same home")),
    ("no-key", text("suggestion.no-key", "nothing certain to find them by")),
    ("ambiguous", text("suggestion.ambiguous", "more than one could be meant")),
    ("disabled", text("suggestion.disabled", "the account in the partner directory is disabled")),
    ("invitation-open", text("suggestion.invitation-open", "the invitation has not been accepted")),
    ("managed-identity", text("suggestion.managed-identity", "a managed identity: made again with its resource")),
    ("not-read", text("suggestion.not-read", "the directory could not be read")),
];

/// Why an assignment is not made again.
pub(crate) const LEFT_OUT: &[(&str, Text)] = &[
    ("undecided", text("left-out.undecided", "nobody decided")),
    ("skipped", text("left-out.skipped", "skipped on purpose")),
    ("not-seconded", text("left-out.not-seconded", "the other person did not agree")),
    ("inherited", text("left-out.inherited", "came from above the subscription")),
    ("managed-identity", text("left-out.managed-identity", "a managed identity: made again with its resource")),
    ("condition", text("left-out.condition", "its condition names something that is not there any more")),
    ("no-target", text("left-out.no-target", "there is nobody to give it to")),
];

// Confirmation
pub(crate) const CONFIRM_LEAD: Text = text("confirm.lead", "This can't be undone. Check what happens, then decide.");
pub(crate) const CONFIRM_MOVING: Text = text("confirm.moving", "You are moving");
pub(crate) const CONFIRM_REMOVED: Text = text("confirm.removed", "Will be removed");
pub(crate) const CONFIRM_REMOVED_SAID: Text =
    text("confirm.removed.said", "{roles} role assignments and {custom} custom roles: all there are");
pub(crate) const CONFIRM_RESTORED: Text = text("confirm.restored", "Will be restored");
pub(crate) const CONFIRM_RESTORED_SAID: Text = text(
    "confirm.restored.said",
    "{roles} role assignments and {custom} custom roles, and up to {agree} more if you agree below",
);
pub(crate) const CONFIRM_NOT_RESTORED: Text = text("confirm.not-restored", "Will not be restored");
pub(crate) const CONFIRM_NOT_RESTORED_SAID: Text =
    text("confirm.not-restored.said", "{n} {n|role assignment|role assignments}");
pub(crate) const CONFIRM_LOST: Text = text("confirm.lost", "Won't come back");
pub(crate) const CONFIRM_LOST_SAID: Text =
    text("confirm.lost.said", "{n} {n|thing|things}; {stops} of them {stops|is a hard stop|are hard stops}");
pub(crate) const CONFIRM_LOST_NONE: Text = text("confirm.lost.none", "Nothing that was found");
pub(crate) const CONFIRM_ACCEPTS: Text = text("confirm.accepts", "Who accepts");
pub(crate) const CONFIRM_OWNS: Text = text("confirm.owns", "Who is Owner afterwards");
pub(crate) const CONFIRM_BILLING: Text = text("confirm.billing", "Billing");
pub(crate) const CONFIRM_BILLING_SAID: Text = text("confirm.billing.said", "Stays where it is");
pub(crate) const CONFIRM_NOT_READ: Text = text(
    "confirm.not-read",
    "{n} {n|list|lists} could not be read: the report says which. There may be more than is shown.",
);
pub(crate) const CONFIRM_READ_REPORT: Text = text("confirm.read-report", "Read the report");
pub(crate) const CONFIRM_READ_MAPPING: Text = text("confirm.read-mapping", "See and change who gets access again");
pub(crate) const CONFIRM_AGREE: Text = text("confirm.agree", "What needs your agreement: {n}");
pub(crate) const CONFIRM_AGREE_SAID: Text = text(
    "confirm.agree.said",
    "These roles let somebody give access to others. Each needs your tick; without it, it is not restored.",
);
pub(crate) const CONFIRM_AGREE_STOPS_SAID: Text = text(
    "confirm.agree.stops",
    "The Partner Center administrator gave these reasons. The move is refused unless you agree to every one.",
);
pub(crate) const CONFIRM_REFUSED: Text = text("confirm.refused", "The move can't be confirmed yet");
pub(crate) const CONFIRM_REFUSED_SAID: Text = text(
    "confirm.refused.said",
    "{n} {n|hard stop has|hard stops have} no reason that the other person can agree to. Send the review back to the partner, or take these resources out of the subscription.",
);
pub(crate) const CONFIRM_TICK_BACK: Text = text(
    "confirm.tick.back",
    "I have read the report. I know that {lost} things can't come back and that the way back is another move.",
);
pub(crate) const CONFIRM_SEND_BACK: Text = text("confirm.send-back", "Send back to the partner");
pub(crate) const CONFIRM_SEND_BACK_SAID: Text = text(
    "confirm.send-back.said",
    "The Partner Center administrator is asked to look at the decisions again. Nothing is changed in Azure.",
);
pub(crate) const CONFIRM_STOP_OPEN: Text = text(
    "confirm.error.stop",
    "{name} would be lost for ever. Tick that you agree, or send the review back to the partner.",
);
pub(crate) const CONFIRM_DECISIONS_CHANGED: Text = text(
    "confirm.error.decisions",
    "The decisions about access changed since you opened this page. Read them and confirm again.",
);

// Access
pub(crate) const ACCESS_TITLE: Text = text("access.title", "Access before and after");
pub(crate) const ACCESS_TABLE: Text = text("access.table", "Every role assignment that there was");
pub(crate) const ACCESS_SAID: Text = text(
    "access.said",
    "{restored} restored, {present} there already, {refused} refused by Azure, {left} left out, {pending} still to come.",
);
pub(crate) const ACCESS_COL_BEFORE: Text = text("access.column.before", "Before");
pub(crate) const ACCESS_PENDING: Text = text("access.pending", "◔ Still to come");
pub(crate) const ACCESS_LEFT_OUT: Text = text("access.left-out", "○ Left out: ");
pub(crate) const ACCESS_AZURE_SAID: Text = text("access.azure-said", "Azure said: ");

pub(crate) const ACCESS_MISSING: Text = text("access.missing", "! Made, and not in the list when we looked again");
pub(crate) const ACCESS_NEW: Text = text("access.new", "Access that was not there before");
pub(crate) const ACCESS_NEW_SAID: Text = text(
    "access.new.said",
    "The role of whoever accepted and that of the Partner Center administrator, and whatever others have assigned since.",
);

/// How a row of the restore ended.
pub(crate) fn outcome(outcome: RowOutcome) -> Text {
    match outcome {
        RowOutcome::Restored => text("access.restored", "✓ Restored"),
        RowOutcome::Present => text("access.present", "✓ There already"),
        RowOutcome::Refused => text("access.refused", "✗ Refused"),
    }
}

// Proof
pub(crate) const PROOF_TITLE: Text = text("proof.title", "Proof that it is done");
pub(crate) const PROOF_ALL: Text =
    text("proof.all", "Asked Microsoft as the Partner Center administrator: everything holds.");
pub(crate) const PROOF_SOME: Text = text("proof.some", "{n} of {all} questions to Microsoft do not hold yet.");
pub(crate) const PROOF_TABLE: Text = text("proof.table", "What was asked, and what was seen");
pub(crate) const PROOF_COL_CHECK: Text = text("proof.column.check", "Question");
pub(crate) const PROOF_COL_CALL: Text = text("proof.column.call", "Call");
pub(crate) const PROOF_YES: Text = text("proof.yes", "✓ Yes");
pub(crate) const PROOF_NO: Text = text("proof.no", "✗ No");
pub(crate) const PROOF_CAUSES: Text = text("proof.causes", "If you don't see the subscription");
pub(crate) const PROOF_CAUSE: Text = text("proof.cause", "Cause");
pub(crate) const PROOF_CAUSE_YES: Text = text("proof.cause.yes", "✗ This is why");
pub(crate) const PROOF_CAUSE_NO: Text = text("proof.cause.no", "✓ Ruled out");
pub(crate) const PROOF_CAUSE_UNKNOWN: Text = text("proof.cause.unknown", "? Can't be told from here");
pub(crate) const PROOF_TIPS: Text = text("proof.tips", "Programs that remember the old directory");
pub(crate) const PROOF_TIP_ROWS: [Text; 4] = [
    text(
        "proof.tip.portal",
        "Azure portal: Settings, Directories + subscriptions. Switch to the partner directory, and select all subscriptions in the filter.",
    ),
    text(
        "proof.tip.sign-out",
        "Sign out and in again, or open a private window: the portal keeps the old list for a while.",
    ),
    text("proof.tip.cli", "Azure CLI: az account clear, then az login --tenant {tenant}."),
    text("proof.tip.powershell", "Azure PowerShell: Clear-AzContext, then Connect-AzAccount -Tenant {tenant}."),
];
pub(crate) const PROOF_RECEIPT: Text = text("proof.receipt", "The receipt of this onboarding");

/// The questions of the proof.
pub(crate) const PROOFS: &[(&str, Text)] = &[
    ("listed", text("proof.listed", "Is the subscription in the partner admin's list?")),
    ("in-partner-directory", text("proof.in-partner-directory", "Does it trust the partner directory?")),
    ("active", text("proof.active", "Is it active?")),
    ("may-deploy", text("proof.may-deploy", "May the partner admin deploy into it?")),
    ("what-if", text("proof.what-if", "Does a trial deployment, which makes nothing, pass?")),
    ("partner-center", text("proof.partner-center", "Does Partner Center still answer the partner admin?")),
];

/// The five causes of a subscription that is not seen: what it is and what helps.
pub(crate) const CAUSES: &[(&str, Text, Text)] = &[
    (
        "wrong-directory",
        text("cause.wrong-directory", "Signed in to another directory"),
        text("cause.wrong-directory.tip", "Switch to the partner directory in the portal's settings."),
    ),
    (
        "filter",
        text("cause.filter", "The portal's filter hides it"),
        text("cause.filter.tip", "Select all subscriptions in the portal's global filter."),
    ),
    (
        "role",
        text("cause.role", "No role on the subscription"),
        text("cause.role.tip", "Ask an Owner of the subscription for a role. Only those with a role see it."),
    ),
    (
        "propagation",
        text("cause.propagation", "Azure has not told everybody yet"),
        text("cause.propagation.tip", "Wait. Microsoft speaks of several hours in rare cases."),
    ),
    (
        "disabled",
        text("cause.disabled", "The subscription is disabled"),
        text("cause.disabled.tip", "Reactivate it in the Azure portal."),
    ),
];

// Receipt
pub(crate) const RECEIPT_TITLE: Text = text("receipt.title", "Receipt");
pub(crate) const RECEIPT_LEAD: Text = text(
    "receipt.lead",
    "What happened, who agreed, and how it was proved. The receipt is tied to the audit trail by its hashes: a change anywhere would show.",
);
pub(crate) const RECEIPT_HASH: Text = text("receipt.hash", "Hash of this receipt (SHA-256)");
pub(crate) const RECEIPT_JSON: Text = text("receipt.json", "As JSON");

pub(crate) const EVIDENCE_TITLE: Text = text("evidence.title", "Evidence");
pub(crate) const EVIDENCE_LEAD: Text = text(
    "evidence.lead",
    "Everything that was done in this onboarding, by whom and when. Each entry's hash covers the entry before, so that a change anywhere changes the last one.",
);
pub(crate) const EVIDENCE_HOLDS: Text = text("evidence.holds", "Complete and unchanged: {n} {n|entry|entries}.");
pub(crate) const EVIDENCE_BROKEN: Text = text(
    "evidence.broken",
    "The trail does not hold: something was changed or is missing. Tell whoever runs this service, and keep what you downloaded before.",
);
pub(crate) const EVIDENCE_HEAD: Text = text("evidence.head", "Hash of the last entry (SHA-256)");
pub(crate) const EVIDENCE_COMPARE: Text = text(
    "evidence.compare",
    "Compare it with what the other person sees, or with a pack that you downloaded before: whoever rewrites everything could make a chain that fits in itself, but not this hash again.",
);
pub(crate) const EVIDENCE_HTML: Text = text("evidence.html", "Download as a page (HTML)");
pub(crate) const EVIDENCE_JSON: Text = text("evidence.json", "Download the pack (JSON)");
pub(crate) const EVIDENCE_CHECK: Text = text("evidence.check", "To check a pack without this service:");
pub(crate) const EVIDENCE_WHEN: Text = text("evidence.when", "When");
pub(crate) const EVIDENCE_WHAT: Text = text("evidence.what", "What, by whom");
pub(crate) const EVIDENCE_HASH: Text = text("evidence.hash", "Hash");

// On the progress page
pub(crate) const PROGRESS_EVIDENCE: Text =
    text("progress.evidence", "Evidence: the whole trail, to check and to download");
pub(crate) const PROGRESS_READ: Text = text("progress.read", "What was found out");
pub(crate) const PROGRESS_PREFLIGHT: Text = text("progress.preflight", "Can it be moved?");
pub(crate) const PROGRESS_REPORT: Text = text("progress.report", "What the move does");
pub(crate) const PROGRESS_REPORT_SAID: Text = text(
    "progress.report.said",
    "{stops} stop at once, {redo} to do again, {lost} can't come back, {check} to check, {access} lose access.",
);
pub(crate) const PROGRESS_RESTORE: Text = text("progress.restore", "Access");
pub(crate) const PROGRESS_RESTORE_SAID: Text = text(
    "progress.restore.said",
    "{done} of {planned} restored, {refused} refused by Azure, {left} left out on purpose.",
);
pub(crate) const PROGRESS_PROOF: Text = text("progress.proof", "Proof");
pub(crate) const PROGRESS_RECEIPT: Text = text("progress.receipt", "Receipt");
pub(crate) const BANNER_COOL_OFF: Text = text(
    "progress.banner.cool-off",
    "The move is confirmed and begins soon. Until it begins, either person can cancel it.",
);
pub(crate) const COOL_OFF_UNTIL: Text = text("progress.cool-off.until", "It begins at ");
pub(crate) const BANNER_YOUR_REVIEW: Text = text(
    "progress.banner.your-review",
    "Your turn: sign in with {account}, read the report, and decide who gets access again.",
);
pub(crate) const BANNER_WAITING_REVIEW: Text = text(
    "progress.banner.waiting-review",
    "Waiting for {who} ({account}) to decide who gets access again. We have mailed them a link.",
);
pub(crate) const MOVING_TITLE: Text = text("moving.title", "How far the move is");
pub(crate) const MOVING_REQUESTED: Text = text("moving.requested", "The change of directory is requested");
pub(crate) const MOVING_ACCEPTED: Text = text("moving.accepted", "It is accepted");
pub(crate) const MOVING_MOVED: Text = text("moving.moved", "The subscription reports the partner directory");
pub(crate) const MOVING_OWNER: Text = text("moving.owner", "The partner admin is Owner");
pub(crate) const MOVING_ACCESS: Text = text("moving.access", "The reviewed access is restored");
pub(crate) const MOVING_PROVED: Text = text("moving.proved", "The partner admin sees it in Azure");
pub(crate) const MOVING_USUAL: Text = text(
    "moving.usual",
    "Azure usually takes 4 to 20 minutes for the change, sometimes hours. We look again and again; you can close this page, and we mail you.",
);
pub(crate) const MOVING_LONG: Text = text(
    "moving.long",
    "This takes longer than usual, and is still within what Microsoft describes (hours). Nothing is wrong with it as far as Azure says. We keep looking, and mail you; there is nothing that you have to do.",
);
pub(crate) const TODO: Text = text("todo.title", "For you to do");
pub(crate) const TODO_LEFT: Text = text("todo.left", "What is left to do");
pub(crate) const TODO_YOURS: Text = text("todo.yours", "For you");
pub(crate) const TODO_ALL_DONE: Text = text("todo.all-done", "Nothing is left to do.");
pub(crate) const TODO_COUNTED: Text = text("todo.counted", "Still open: {n}.");
pub(crate) const TODO_OVERDUE_COUNTED: Text = text("todo.overdue-counted", "Overdue: {n}.");
pub(crate) const TODO_REMINDED: Text = text(
    "todo.reminded",
    "Each person ticks off their own. Who has something due is reminded by mail, up to four times.",
);
pub(crate) const TODO_OPEN: Text = text("todo.open", "Open");
pub(crate) const TODO_OVERDUE: Text = text("todo.overdue", "Overdue");
pub(crate) const TODO_DONE: Text = text("todo.done", "Done");
pub(crate) const TODO_NOT_NEEDED: Text = text("todo.not-needed", "Not needed");
pub(crate) const TODO_DUE: Text = text("todo.due", "Due: ");
pub(crate) const TODO_SINCE: Text = text("todo.since", "Ticked off: ");
pub(crate) const TODO_ABOUT: Text = text("todo.about", "({about}: {n})");
pub(crate) const TODO_DO_DONE: Text = text("todo.do-done", "It is done");
pub(crate) const TODO_DO_NOT_NEEDED: Text = text("todo.do-not-needed", "Not needed here");
pub(crate) const TODO_DO_OPEN: Text = text("todo.do-open", "Open again");
pub(crate) const TODO_ACCESS: Text = text("todo.access", "Row by row: which roles were refused, and why");
pub(crate) const TODO_ROW: Text = text("todo.row", "({about}: {n}; {who}, within {days} {days|day|days})");
pub(crate) const TODO_REPORT: Text = text("todo.report", "Resource by resource: what the move did");
pub(crate) const TODO_REFUSED: Text = text(
    "todo.refused",
    "{n} {n|role was refused by Azure: assign it|roles were refused by Azure: assign them} by hand",
);
pub(crate) const TODO_KEYS: Text = text(
    "todo.keys",
    "Rotate access keys, certificates and passwords: people of the old directory may still hold them",
);
pub(crate) const TODO_POLICY: Text = text("todo.policy", "Close the policy exceptions that were opened for this move");
pub(crate) const TURN_TITLE_REVIEW: Text = text("turn.title.review", "Your turn: sign in and review");
pub(crate) const TURN_REVIEW: Text = text(
    "turn.what.review",
    "About 10 minutes. After the sign-in you see what the move does to the subscription, and decide who gets access again. It changes nothing in Azure.",
);
