//! The five steps, the two people, the two routes, and how an onboarding ends.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name on the wire and in the tables.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// Reads the name; `None` for any other text.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use names;

names! {
    /// A step of the association, named as Microsoft's procedure names it.
    /// `assess-impact` belongs to step 3: it is what the person confirms.
    Step {
        /// Step 1: the partner directory is found and the owner's right to move the subscription is proved.
        UseExistingDirectory = "use-existing-directory",
        /// Step 2: the partner admin, the Partner Center account and the entering policy are proved.
        AssociateCredentials = "associate-credentials",
        /// Before step 3: what Azure will delete is read and kept, so that a person can confirm it.
        AssessImpact = "assess-impact",
        /// Step 3: the subscription's directory changes. Contains the point of no return.
        MapDirectory = "map-directory",
        /// Step 4: the partner admin becomes Owner.
        AddAdministrator = "add-administrator",
        /// After step 4: custom roles and reviewed role assignments are made again.
        RestoreAccess = "restore-access",
        /// Step 5: the result is proved as the partner admin sees it.
        ConfirmChanges = "confirm-changes",
    }
}

impl Step {
    /// The step's number in Microsoft's procedure.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::UseExistingDirectory => 1,
            Self::AssociateCredentials => 2,
            Self::AssessImpact | Self::MapDirectory => 3,
            Self::AddAdministrator | Self::RestoreAccess => 4,
            Self::ConfirmChanges => 5,
        }
    }

    /// Position among all steps, for the sort key of its record.
    #[must_use]
    pub fn ordinal(self) -> usize {
        Self::ALL.iter().position(|step| *step == self).unwrap_or_default()
    }

    /// What people read.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::UseExistingDirectory => "Use existing directory",
            Self::AssociateCredentials => "Associate the Partner Center credentials",
            Self::AssessImpact => "Assess the impact",
            Self::MapDirectory => "Map the directory",
            Self::AddAdministrator => "Add the administrator",
            Self::RestoreAccess => "Restore the access",
            Self::ConfirmChanges => "Confirm your changes",
        }
    }
}

names! {
    /// One of the two people of an onboarding.
    Actor {
        /// Owns the Azure subscription; often a personal Microsoft account.
        Owner = "owner",
        /// Administers the Partner Center account and its Entra directory.
        PartnerAdmin = "partner-admin",
    }
}

/// What records call those who run the service, where a person's act has the name of an [`Actor`].
pub const OPERATOR: &str = "operator";

impl Actor {
    /// The other of the two people.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Owner => Self::PartnerAdmin,
            Self::PartnerAdmin => Self::Owner,
        }
    }
}

names! {
    /// One of the two directories of an onboarding.
    Directory {
        /// The tenant that the subscription trusts before.
        Source = "source",
        /// The tenant of the Partner Center account.
        Partner = "partner",
    }
}

names! {
    /// Who accepts the move.
    Route {
        /// The owner initiates and the partner admin accepts: Microsoft's documented way since March 2026.
        /// See <https://learn.microsoft.com/azure/cost-management-billing/manage/subscription-change-directory>.
        TwoParty = "two-party",
        /// The owner becomes a guest of the partner directory and accepts for themself: the original procedure's way.
        SingleAccount = "single-account",
    }
}

impl Route {
    /// Who makes the call that can't be undone, and every call after it.
    #[must_use]
    pub fn acceptor(self) -> Actor {
        match self {
            Self::TwoParty => Actor::PartnerAdmin,
            Self::SingleAccount => Actor::Owner,
        }
    }

    /// Where the owner signs in again before confirming. On the single-account route that is the partner directory,
    /// because the sign-in also redeems the invitation.
    #[must_use]
    pub fn owner_returns_to(self) -> Directory {
        match self {
            Self::TwoParty => Directory::Source,
            Self::SingleAccount => Directory::Partner,
        }
    }
}

names! {
    /// How an onboarding ended.
    Ending {
        /// Moved, administered, proved.
        Done = "done",
        /// Stopped by one of the two people.
        Cancelled = "cancelled",
        /// One of the two people said that they don't want this.
        Declined = "declined",
        /// Nobody answered in time.
        Expired = "expired",
        /// Stopped by an error that no person can fix within this onboarding.
        Failed = "failed",
    }
}

names! {
    /// Where an onboarding stands.
    Status {
        /// A function is at work, or about to be.
        Running = "running",
        /// A person's turn.
        Waiting = "waiting",
        /// Microsoft is applying the change.
        Settling = "settling",
        /// Over: moved and proved.
        Done = "done",
        /// Over: cancelled.
        Cancelled = "cancelled",
        /// Over: declined.
        Declined = "declined",
        /// Over: expired.
        Expired = "expired",
        /// Over: failed.
        Failed = "failed",
    }
}

impl Status {
    /// Whether nothing more will happen.
    #[must_use]
    pub fn is_over(self) -> bool {
        match self {
            Self::Running | Self::Waiting | Self::Settling => false,
            Self::Done | Self::Cancelled | Self::Declined | Self::Expired | Self::Failed => true,
        }
    }
}

impl From<Ending> for Status {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Done => Self::Done,
            Ending::Cancelled => Self::Cancelled,
            Ending::Declined => Self::Declined,
            Ending::Expired => Self::Expired,
            Ending::Failed => Self::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back() {
        for step in Step::ALL {
            assert_eq!(Step::parse(step.as_str()), Some(*step));
            assert_eq!(serde_json::to_value(step).unwrap(), step.as_str());
        }
        assert_eq!(Route::parse("three-party"), None);
    }

    #[test]
    fn each_ending_is_over() {
        for ending in Ending::ALL {
            assert!(Status::from(*ending).is_over());
        }
    }
}
