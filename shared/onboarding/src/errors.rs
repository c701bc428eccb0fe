//! The error names that the state machine branches on, pages explain, and logs and alarms count: one small, stable set.
//!
//! The names live in the domain rather than in `ops`, because pages explain them and pages don't link the Lambda
//! runtime; `ops` maps them, once, to Lambda's `errorType`. A lint walks this list and the state machine both ways.

use std::fmt;

use serde::Serialize;

use crate::steps::Actor;

/// What the state machine does about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// Try the same step again, later.
    Retry,
    /// Someone has to sign in; then the same step goes on.
    SignIn,
    /// A person has to change something outside; then the same step looks again.
    Fix,
    /// The person's confirmation is missing or no longer fits.
    Confirm,
    /// The onboarding ends.
    End,
}

/// What a person is told about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// One line.
    pub title: &'static str,
    /// Why it happens.
    pub cause: &'static str,
    /// What it means for this onboarding.
    pub effect: &'static str,
    /// What to do now.
    pub next_step: &'static str,
}

macro_rules! errors {
    ($($(#[$doc:meta])* $variant:ident = $text:literal, $class:ident, $who:expr,
        $title:literal, $cause:literal, $effect:literal, $next:literal;)+) => {
        /// A stable, dotted error name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ErrorName { $($(#[$doc])* $variant),+ }

        impl ErrorName {
            /// Every name.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// What the state machine does about it.
            #[must_use]
            pub fn class(self) -> ErrorClass {
                match self { $(Self::$variant => ErrorClass::$class),+ }
            }

            /// Who can do something about it, where it is one of the two people.
            #[must_use]
            pub fn whose_turn(self) -> Option<Actor> {
                match self { $(Self::$variant => $who),+ }
            }

            /// What a person is told.
            #[must_use]
            pub fn explanation(self) -> Explanation {
                match self { $(Self::$variant => Explanation { title: $title, cause: $cause, effect: $effect, next_step: $next }),+ }
            }
        }
    };
}

const OWNER: Option<Actor> = Some(Actor::Owner);
const PARTNER: Option<Actor> = Some(Actor::PartnerAdmin);

errors! {
    /// A field of the request is missing, unknown or malformed.
    InputInvalid = "Input.Invalid", End, None,
        "A field needs another value",
        "A field of the request is missing, unknown, or not in the form it must have.",
        "Nothing was created.",
        "Correct the field that the message names and send the request again.";
    /// No such onboarding.
    OnboardingNotFound = "Onboarding.NotFound", End, None,
        "No such onboarding",
        "The onboarding doesn't exist, or its record was deleted at the end of its retention.",
        "Nothing happens.",
        "Check the link; the newest mail about the onboarding carries the right one.";
    /// The same request is already running.
    AlreadyRunning = "Onboarding.AlreadyRunning", End, None,
        "This onboarding is already running",
        "The same subscription, directory and people are already in an onboarding that has not ended.",
        "No second one was started.",
        "Go on with the running one: its id is in the message, and its people have its link by mail.";
    /// The execution was ended from outside.
    Stopped = "Onboarding.Stopped", End, None,
        "The run was stopped",
        "Somebody stopped the state machine's execution, or it ran out of its thirty days.",
        "What had been prepared is undone as far as that was possible, and said item by item.",
        "Start a new onboarding if the move is still wanted.";
    /// Another execution has taken the onboarding over.
    Superseded = "Onboarding.Superseded", End, None,
        "Another run took over",
        "A newer run of the state machine works on this onboarding.",
        "This run stops; the newer one goes on.",
        "Nothing to do.";
    /// Someone cancelled while a step was at work.
    Cancelled = "Onboarding.Cancelled", End, None,
        "The onboarding was cancelled",
        "One of the two people, or whoever runs this service, cancelled it.",
        "What had been prepared is undone, and said item by item.",
        "Start a new onboarding if the move is wanted after all.";
    /// It has ended.
    Closed = "Onboarding.Closed", End, None,
        "This onboarding has ended",
        "It was finished, cancelled, or ran out of time.",
        "Nothing more happens in it.",
        "Start a new onboarding if one is needed.";
    /// The cloud was closed.
    CloudRetired = "Cloud.Retired", End, None,
        "This Microsoft cloud no longer exists",
        "Microsoft closed Microsoft Cloud Germany on 29 October 2021.",
        "Nothing was created.",
        "Choose the cloud that the subscription lives in today; resources of the German cloud were moved to the public cloud's German regions.";
    /// The cloud can't do this.
    CloudUnsupported = "Cloud.Unsupported", End, None,
        "This cloud is not set up here",
        "The operator has not registered the app in this cloud, or Partner Center offers no Azure subscriptions there (China).",
        "Nothing was created.",
        "Ask the operator of this service to add the app credential of the cloud.";
    /// No such directory in this cloud.
    DirectoryUnknown = "Directory.Unknown", End, None,
        "No such directory",
        "Microsoft knows no directory by this domain or id in the chosen cloud.",
        "Nothing was created.",
        "Use a domain that the partner directory has verified, its onmicrosoft.com name, or its tenant id.";
    /// Source and partner directory are the same.
    DirectorySame = "Directory.Same", End, None,
        "The subscription is already in this directory",
        "The subscription already trusts the directory that it should move to.",
        "Nothing was created.",
        "Check the subscription id and the partner directory; if both are right, nothing needs to move.";
    /// No such subscription in this cloud.
    SubscriptionUnknown = "Subscription.Unknown", End, None,
        "No such subscription",
        "Azure knows no subscription by this id in the chosen cloud.",
        "Nothing was created.",
        "Copy the id from the subscription's overview page in the Azure portal.";
    /// The offer can't change directory.
    SubscriptionNotMovable = "Subscription.NotMovable", End, None,
        "This kind of subscription can't change directory",
        "Azure doesn't let subscriptions of this offer (CSP, Microsoft internal, student starter) change their directory.",
        "Nothing was changed in Azure. This onboarding ends.",
        "Create a subscription in the partner directory and move the resources, or delegate access with Azure Lighthouse.";
    /// Disabled, past due or deleted.
    SubscriptionNotEnabled = "Subscription.NotEnabled", Fix, OWNER,
        "The subscription is not active",
        "The subscription is disabled, past due, or deleted; Azure moves active subscriptions only.",
        "Nothing was changed in Azure. The onboarding waits.",
        "Reactivate the subscription in the Azure portal, then choose Check again.";
    /// Neither in the source nor in the partner directory.
    SubscriptionElsewhere = "Subscription.Elsewhere", End, None,
        "The subscription is in another directory now",
        "Someone moved the subscription to a third directory while the onboarding ran.",
        "This onboarding stops without touching the subscription again.",
        "Find out who moved it, then start a new onboarding from the directory it is in.";
    /// Another onboarding has this subscription.
    SubscriptionAlreadyOnboarding = "Subscription.AlreadyOnboarding", End, None,
        "Another onboarding has this subscription",
        "The subscription's owner has already taken another onboarding of it up.",
        "This onboarding ends; the other goes on.",
        "Go on with the other onboarding: its people have its link by mail.";
    /// The request named no subscription, and the owner sees several.
    SubscriptionNotChosen = "Subscription.NotChosen", Fix, OWNER,
        "Which subscription shall move?",
        "The request named no subscription, and your account sees more than one in the directory.",
        "Nothing was changed in Azure. The onboarding waits.",
        "Choose the subscription on this onboarding's page.";
    /// The owner's account sees no such subscription in the source directory.
    SubscriptionNotVisible = "Subscription.NotVisible", Fix, OWNER,
        "We can't see the subscription with this account",
        "In the directory that it should be in, Azure shows your account no such subscription: the account has no role on it, or it belongs to another account or directory.",
        "Nothing was changed in Azure. The onboarding waits.",
        "Have an Owner of the subscription assign you the Owner role, or choose another subscription or account on this onboarding's page, then choose Check again.";
    /// The signed-in owner lacks a direct, unconditional Owner role.
    OwnerNotOwner = "Owner.NotOwner", Fix, OWNER,
        "You need the Owner role without conditions",
        "Azure lets only someone move a subscription who has the Owner role on the subscription itself: not through a group, not inherited, not with conditions.",
        "Nothing was changed in Azure. The onboarding waits.",
        "Have another Owner assign you the Owner role on the subscription itself without conditions, then choose Check again.";
    /// The partner admin can't administer the partner directory.
    PartnerAdminNotAdmin = "PartnerAdmin.NotAdmin", Fix, PARTNER,
        "You need to be an administrator of the partner directory",
        "Microsoft asks that the person who accepts a subscription administers the directory it comes to.",
        "Nothing was changed in Azure. The onboarding waits.",
        "Have a Global Administrator of the partner directory assign you the role, then choose Check again.";
    /// The directory has no Partner Center account, or another one.
    PartnerCenterNotAPartner = "PartnerCenter.NotAPartner", End, None,
        "This directory has no Partner Center account",
        "Partner Center knows no partner account for this directory and this sign-in.",
        "Nothing was changed in Azure. This onboarding ends.",
        "Start again with the directory of the Partner Center account: Partner Center shows it under Account settings, Organization profile.";
    /// The source tenant's policy forbids leaving.
    LeavingBlocked = "Policy.LeavingBlocked", Fix, OWNER,
        "The current directory doesn't let subscriptions leave",
        "The directory that the subscription is in blocks subscriptions from leaving. Since May 2026 that is the default.",
        "Nothing was changed in Azure. The onboarding waits and looks again by itself.",
        "Ask a Global Administrator of that directory to allow it, or to exempt the subscription's owner.";
    /// The partner tenant's policy forbids entering.
    EnteringBlocked = "Policy.EnteringBlocked", Fix, PARTNER,
        "The partner directory doesn't let subscriptions enter",
        "The partner directory blocks subscriptions from entering. Since May 2026 that is the default.",
        "Nothing was changed in Azure. The onboarding waits and looks again by itself.",
        "Ask a Global Administrator of the partner directory to allow it, or to exempt the account that accepts.";
    /// Somebody else has started a change of directory.
    RequestForeignPending = "Request.ForeignPending", Fix, OWNER,
        "Another change of directory is pending",
        "Someone asked Azure to move this subscription to another directory, and that request is still open.",
        "Nothing was changed by us. The onboarding waits.",
        "Cancel the other request in the Azure portal or let it expire (24 hours), then choose Check again.";
    /// Azure refused the change of directory.
    RequestRefused = "Request.Refused", End, None,
        "Azure refused the change of directory",
        "Azure answered the request with a refusal that we don't know a remedy for; its words are in the activity.",
        "The subscription was not moved. What had been prepared is undone.",
        "Read Azure's answer in the activity, and give its request id to Microsoft support.";
    /// Someone must sign in (again).
    SignInRequired = "SignIn.Required", SignIn, None,
        "A fresh sign-in is needed",
        "Microsoft asks for a new sign-in: the last one expired, was revoked, or lacked multi-factor authentication.",
        "Nothing is lost. The same step goes on after the sign-in.",
        "Sign in again through your link.";
    /// Nobody came.
    WaitExpired = "Wait.Expired", End, None,
        "Time ran out",
        "The person whose turn it was did not act before the deadline.",
        "What had been prepared is undone. Nothing was moved.",
        "Start a new onboarding when both people have time.";
    /// No confirmation is recorded.
    ConfirmationMissing = "Confirmation.Missing", Confirm, OWNER,
        "The owner's confirmation is missing",
        "The move needs the owner's confirmation, and none is recorded.",
        "Nothing was changed in Azure.",
        "Read what Azure will delete, and confirm the move.";
    /// What was confirmed is not what is there now.
    ConfirmationStale = "Confirmation.Stale", Confirm, OWNER,
        "Something changed since you confirmed",
        "The access on the subscription is no longer what the confirmation was given for.",
        "Nothing was changed in Azure.",
        "Read the new list and confirm again.";
    /// Something would be lost for ever, and nobody has accepted that.
    ImpactNotAccepted = "Impact.NotAccepted", Confirm, PARTNER,
        "Something would be lost for ever",
        "The report names resources that can't come back after the move, and not every one of them has a written override that both people agreed to.",
        "Nothing was changed in Azure.",
        "Read the report, take those resources out of the subscription, or accept each of them in the review.";
    /// What was kept of the access can't be used.
    SnapshotDamaged = "Access.SnapshotDamaged", End, None,
        "The kept list of access can't be used",
        "What was kept of the access before the move is missing or no longer has its recorded hash.",
        "The subscription is moved; no access was restored from a list that can't be trusted.",
        "Give access again by hand from the report that both people received, and tell the operator of this service.";
    /// The guest invitation was refused.
    InvitationRefused = "Invitation.Refused", Fix, PARTNER,
        "Microsoft can't finish the invitation for this address",
        "The owner's address can't be invited into the partner directory: invitations are switched off or restricted there, or the organisation that the address belongs to doesn't allow it, or has no such account at Microsoft.",
        "Nothing was changed in Azure. The onboarding waits and looks again by itself.",
        "Have an administrator of the partner directory allow the invitation (External collaboration settings, cross-tenant access), or one of the owner's organisation if the address is theirs; then choose Check again, which sends the invitation again. Or go on without an invitation.";
    /// Giving access was refused.
    AccessRefused = "Access.Refused", End, None,
        "Azure refused to assign the Owner role",
        "The account that accepted the subscription could not make the partner admin Owner.",
        "The subscription has moved; the account that accepted it is its Owner.",
        "Let that account assign the Owner role in the Azure portal, under Access control.";
    /// The result could not be proved.
    VerificationFailed = "Verification.Failed", End, None,
        "The result could not be proved",
        "The partner admin doesn't see the subscription as active in the partner directory with the right to deploy.",
        "The subscription has moved, but we don't call it done.",
        "Open the activity: it says which check failed.";
    /// Throttled.
    UpstreamThrottled = "Upstream.Throttled", Retry, None,
        "Microsoft asks us to slow down",
        "Too many calls were made in a short time.",
        "Nothing is lost. We go on in a moment.",
        "Nothing to do.";
    /// 5xx or no connection.
    UpstreamUnavailable = "Upstream.Unavailable", Retry, None,
        "Microsoft is having trouble",
        "Microsoft's service answered with an error of its own, or not at all.",
        "Nothing is lost. We try again.",
        "Nothing to do; if it lasts, look at Microsoft's service health page.";
    /// No answer in time.
    UpstreamTimeout = "Upstream.Timeout", Retry, None,
        "Microsoft took too long",
        "Microsoft's service did not answer in time.",
        "Nothing is lost. We look what happened, then go on.",
        "Nothing to do.";
    /// An answer that nobody expected.
    UpstreamRejected = "Upstream.Rejected", End, None,
        "Microsoft answered in a way we don't know",
        "Microsoft refused a call, or answered in a form that we don't understand.",
        "The onboarding stops where it is. What can be undone is undone.",
        "Give the operator the error's id and Microsoft's request id from the activity.";
    /// DynamoDB can't be reached or throttles.
    StoreUnavailable = "Store.Unavailable", Retry, None,
        "Our storage is not answering",
        "The database did not answer.",
        "Nothing is lost. We try again.",
        "Try again in a minute.";
    /// Two writers met.
    StoreConflict = "Store.Conflict", Retry, None,
        "Two things happened at once",
        "Something else wrote to the onboarding at the same moment.",
        "Nothing is lost. We look again and go on.",
        "Try again.";
    /// KMS or Secrets Manager can't be reached.
    VaultUnavailable = "Vault.Unavailable", Retry, None,
        "Our key store is not answering",
        "The service that keeps keys and credentials did not answer or refused.",
        "Nothing is lost. We try again.",
        "Try again in a minute; the operator is told if it lasts.";
    /// Our own mistake.
    InternalBug = "Internal.Bug", End, None,
        "Something we did not expect",
        "This is a mistake of ours.",
        "The onboarding stops where it is. What can be undone is undone.",
        "Give the operator the error's id and the time.";
}

impl ErrorName {
    /// Reads a name; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|name| name.as_str() == text)
    }
}

impl fmt::Display for ErrorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ErrorName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_dotted_and_read_back() {
        let mut seen = std::collections::BTreeSet::new();
        for name in ErrorName::ALL {
            assert!(seen.insert(name.as_str()));
            assert_eq!(name.as_str().split('.').count(), 2, "{name}");
            assert_eq!(ErrorName::parse(name.as_str()), Some(*name));
        }
    }

    #[test]
    fn every_error_has_a_cause_an_effect_and_a_next_step() {
        for name in ErrorName::ALL {
            let Explanation { title, cause, effect, next_step } = name.explanation();
            for sentence in [cause, effect, next_step] {
                assert!(sentence.ends_with('.'), "{name}: {sentence}");
            }
            assert!(!title.is_empty() && !title.ends_with('.'), "{name}");
        }
    }

    #[test]
    fn what_a_person_can_fix_says_whose_turn_it_is() {
        for name in ErrorName::ALL.iter().filter(|name| name.class() == ErrorClass::Fix) {
            assert!(name.whose_turn().is_some(), "{name}");
        }
    }
}
