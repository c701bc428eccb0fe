//! Step 4, add the administrator: the partner admin is Owner of the subscription. Today's form of the co-administrator, a role that
//! Microsoft retired in 2024 and equates with Owner.
//!
//! Who: whoever accepted the move, with a token of the partner directory. Microsoft calls: refresh, the partner admin's role
//! assignments, and one assignment if there is none. On the two-party route the acceptor is the partner admin, whom Azure has
//! made Owner already: then nothing is written.
//!
//! Azure may need minutes until it honours what it has just granted. That is waited for, for an hour; then it is a refusal.

use std::borrow::Cow;

use jiff::SignedDuration;
use microsoft::arm::{Arm, Assigned, NewRoleAssignment, OWNER_ROLE};
use microsoft::{Error, ErrorKind};
use onboarding::ids::role_assignment_name;
use onboarding::{Directory, ErrorName, ObjectId, Step};
use ops::{Event, StepError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use step::{Deps, Input, Job, Reached, Stop, perform};

/// What the state machine gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// `ready` or `settling`.
    pub verdict: Cow<'static, str>,
    /// When to look again, in seconds.
    pub wait_seconds: i64,
}

/// Handles one event.
///
/// # Errors
/// [`ErrorName::AccessRefused`], and those of every step.
pub async fn handle(deps: &Deps, event: Event<Input>) -> Result<Output, StepError> {
    perform(deps, event, Step::AddAdministrator, work).await
}

/// How long Azure may take to honour what it has granted. Its guide says ten minutes; after a move it can be more.
const HONOURED_WITHIN: SignedDuration = SignedDuration::from_hours(1);

async fn work(job: &mut Job<'_>) -> Result<(Reached, Output), Stop> {
    let meta = job.loaded.meta.clone();
    let actor = meta.route.acceptor();
    let Some(admin) = meta.partner_admin_oid.clone() else {
        return Err(Stop::sign_in(onboarding::Actor::PartnerAdmin, Directory::Partner, "first", None));
    };
    let token = job.token::<Arm>(actor, Directory::Partner).await?;
    let arm = job.cloud()?.arm(&token);
    let assignments = match arm.role_assignments_of(&meta.subscription_id, &admin).await {
        Ok(assignments) => assignments,
        Err(error) if not_yet(&error) => return settle_or_give_up(job, &error),
        Err(error) => return Err(Stop::from_call(&error, actor, Directory::Partner)),
    };
    if assignments.iter().any(|assignment| assignment.is_direct_owner(&meta.subscription_id, &admin)) {
        return Ok(done(&admin, "was there"));
    }
    let assigned = match assign(&arm, job, &admin, "").await {
        Err(error) if error.has_code("RoleAssignmentUpdateNotPermitted") => assign(&arm, job, &admin, "2").await,
        outcome => outcome,
    };
    match assigned {
        Ok(Assigned::Created(_)) => {
            job.note("owner.assigned", json!({"principal": admin}));
            Ok(done(&admin, "assigned"))
        }
        Ok(Assigned::Unchanged(_) | Assigned::ExistsUnderAnotherName) => Ok(done(&admin, "was there")),
        Err(error) if not_yet(&error) => settle_or_give_up(job, &error),
        Err(error) => Err(Stop::from_call(&error, actor, Directory::Partner)),
    }
}

async fn assign(arm: &Arm, job: &Job<'_>, admin: &ObjectId, salt: &str) -> Result<Assigned, Error> {
    let subscription = &job.loaded.meta.subscription_id;
    let name = role_assignment_name(&format!("/subscriptions/{subscription}"), admin, OWNER_ROLE, salt);
    let assignment = NewRoleAssignment {
        role: OWNER_ROLE,
        principal: admin,
        principal_type: "User",
        description: Some("Partner Center administrator, added when the subscription joined this directory"),
        condition: None,
    };
    arm.assign_role(subscription, &name, &assignment).await
}

fn done(admin: &ObjectId, how: &str) -> (Reached, Output) {
    (Reached::Done(json!({"owner": admin, "how": how})), Output { verdict: "ready".into(), wait_seconds: 0 })
}

/// The answers that a grant which has not spread yet gives: the subscription or the person is not known here, or has no right.
fn not_yet(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Forbidden | ErrorKind::NotFound | ErrorKind::WrongTenant => true,
        ErrorKind::Invalid => error.has_code("PrincipalNotFound"),
        ErrorKind::Unavailable
        | ErrorKind::Throttled
        | ErrorKind::UnknownOutcome
        | ErrorKind::ClaimsChallenge
        | ErrorKind::Unauthenticated
        | ErrorKind::Conflict
        | ErrorKind::NotRegistered
        | ErrorKind::UnsupportedVersion
        | ErrorKind::Unexpected
        | ErrorKind::ForeignAddress
        | ErrorKind::Entra(_)
        | ErrorKind::IdToken(_)
        | ErrorKind::Credential => false,
    }
}

fn settle_or_give_up(job: &Job<'_>, error: &Error) -> Result<(Reached, Output), Stop> {
    let since = job.since_last_done();
    if since > HONOURED_WITHIN {
        return Err(Stop::new(ErrorName::AccessRefused, error.to_string()).quoting(error));
    }
    let wait_seconds = if since.as_secs() < 120 { 5 } else { 60 };
    Ok((
        Reached::Settling(json!({"waitingFor": error.to_string()})),
        Output { verdict: "settling".into(), wait_seconds },
    ))
}
