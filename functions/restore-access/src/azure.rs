//! Azure as the restore sees it: which of its answers are made, there, not yet, or no.

use std::collections::HashSet;

use access::plan::{Plan, PlannedAssignment, PlannedRole};
use microsoft::arm::{Arm, Assigned};
use microsoft::{Error, ErrorKind};
use onboarding::{Actor, Directory, SubscriptionId};
use step::Stop;

use crate::restore::{Azure, Present, Said};

/// How much of Azure's words is kept with a row.
const LONGEST: usize = 300;

/// Azure, as the account that accepted the move.
#[derive(Debug)]
pub struct Real {
    arm: Arm,
    subscription: SubscriptionId,
    actor: Actor,
    /// The GUIDs of the custom roles that are made again: Azure may need a while to know these.
    ours: HashSet<String>,
}

impl Real {
    /// With a token of the partner directory.
    #[must_use]
    pub fn new(arm: Arm, subscription: SubscriptionId, actor: Actor, plan: &Plan) -> Self {
        let ours = plan.roles.iter().map(|role| role.guid.clone()).collect();
        Self { arm, subscription, actor, ours }
    }

    /// What an error means to one row. Only what is named here may pass by itself: everything else Azure means as it says it.
    fn said(&self, error: &Error) -> Said {
        // The two people read these words, and no log does.
        let words = || match error.message() {
            Some(message) => format!("{error}: {}", message.chars().take(LONGEST).collect::<String>()),
            None => error.to_string(),
        };
        let not_yet = |caller| Said::NotYet { words: words(), caller };
        match error.kind() {
            _ if error.has_code("RoleAssignmentExists") => Said::There,
            _ if error.has_code("RoleAssignmentUpdateNotPermitted") => Said::NameTaken,
            _ if error.has_code("RoleDefinitionWithSameNameExists") => Said::NameTaken,
            _ if error.has_code("PrincipalNotFound") => not_yet(false),
            _ if error.has_code("SubscriptionNotFound") => not_yet(true),
            ErrorKind::Forbidden
                if error.has_code("AuthorizationFailed") || error.has_code("LinkedAuthorizationFailed") =>
            {
                not_yet(true)
            }
            ErrorKind::WrongTenant => not_yet(true),
            ErrorKind::Throttled => Said::Busy(error.retry_after()),
            ErrorKind::Unavailable | ErrorKind::UnknownOutcome | ErrorKind::Unexpected => Said::Unclear(words()),
            ErrorKind::ClaimsChallenge
            | ErrorKind::Unauthenticated
            | ErrorKind::Entra(_)
            | ErrorKind::IdToken(_)
            | ErrorKind::Credential => Said::Stop(Box::new(Stop::from_call(error, self.actor, Directory::Partner))),
            ErrorKind::Forbidden
            | ErrorKind::NotFound
            | ErrorKind::Conflict
            | ErrorKind::NotRegistered
            | ErrorKind::UnsupportedVersion
            | ErrorKind::Invalid
            | ErrorKind::ForeignAddress => Said::Refused(words()),
        }
    }
}
