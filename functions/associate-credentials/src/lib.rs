//! Step 2, associate the Partner Center credentials: proves the partner admin, the Partner Center account and the entering policy; on
//! the single-account route invites the owner as a guest; where the route was changed since, takes that back.
//!
//! Who: the partner admin, with tokens of the partner directory. Microsoft calls: those of the partner's side of the preflight
//! ([`assess::preflight::partners_side`]); on the single-account route also the look-up of the guest, and the invitation if there is
//! none yet.

use std::borrow::Cow;

use assess::preflight;
use microsoft::graph::{Graph, NewInvitation, User};
use microsoft::{Error, ErrorKind};
use onboarding::{Actor, Directory, ErrorName, Route, Step};
use ops::{Event, StepError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use step::{Deps, Input, Job, Reached, Stop, perform};

/// What the state machine gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// Always `ready`.
    pub verdict: Cow<'static, str>,
    /// Who accepts the move.
    pub route: Route,
}

/// Handles one event. `portal` is where an invited owner is led to.
///
/// # Errors
/// [`ErrorName::PartnerAdminNotAdmin`], [`ErrorName::PartnerCenterNotAPartner`], [`ErrorName::EnteringBlocked`],
/// [`ErrorName::InvitationRefused`], and those of every step.
pub async fn handle(deps: &Deps, portal: &str, event: Event<Input>) -> Result<Output, StepError> {
    perform(deps, event, Step::AssociateCredentials, async |job: &mut Job<'_>| work(job, portal).await).await
}

async fn work(job: &mut Job<'_>, portal: &str) -> Result<(Reached, Output), Stop> {
    let route = job.loaded.meta.route;
    let cloud = job.cloud()?;
    let side = Box::pin(preflight::partners_side(job, &cloud)).await?;
    let name = side.organization.and_then(|organization| organization.display_name);
    job.change.meta.partner_directory_name = name.as_deref().map(onboarding::plain::one_line);
    if let Some(company) = side.company.as_deref() {
        job.change.meta.partner_company = Some(onboarding::plain::one_line(company));
    }
    let guest = match route {
        Route::TwoParty => withdraw(job).await?,
        Route::SingleAccount => Some(invite(job, &side.graph, portal).await?),
    };
    let facts = json!({
        "partnerCenter": side.partner, "enteringPolicy": side.entering, "guest": guest, "roles": side.roles,
    });
    Ok((Reached::Done(facts), Output { verdict: "ready".into(), route }))
}

fn refused(error: &Error) -> Stop {
    Stop::from_call(error, Actor::PartnerAdmin, Directory::Partner)
}

/// Where the route was changed after the invitation, the guest whom we invited is needed no more. One that the administrator may not
/// delete stays, and the trail says so.
async fn withdraw(job: &mut Job<'_>) -> Result<Option<&'static str>, Stop> {
    if !job.loaded.meta.guest_invited {
        return Ok(None);
    }
    let guest = job.loaded.meta.owner_partner_oid.clone();
    match job.remove_guest().await {
        Ok(_) => {
            job.change.meta.guest_invited = false;
            job.change.meta.owner_partner_oid = None;
            job.note("guest.removed", json!({"guest": guest}));
            Ok(Some("removed"))
        }
        Err(stop) if stop.name == ErrorName::UpstreamRejected => {
            job.note("guest.kept", json!({"guest": guest, "why": stop.message}));
            Ok(Some("kept"))
        }
        Err(stop) => Err(stop),
    }
}

/// Makes sure that the owner is a guest of the partner directory. Whether the guest is ours is recorded before the invitation is
/// sent, so that a crash in between leaves nobody behind.
async fn invite(job: &mut Job<'_>, graph: &Graph, portal: &str) -> Result<&'static str, Stop> {
    let address = job.loaded.meta.owner_email.clone();
    let there = graph.users_by_mail(&address).await.map_err(|error| refused(&error))?;
    // A guest before a member: whoever administers the directory can write any address into a member's further addresses.
    let is_address = |user: &User| user.mail.as_deref().is_some_and(|mail| mail.eq_ignore_ascii_case(&address));
    let found = there.iter().find(|user| user.is_guest()).or_else(|| there.iter().find(|user| is_address(user)));
    if let Some(user) = found.cloned() {
        job.change.meta.owner_partner_oid = Some(user.id);
        return Ok(if job.loaded.meta.guest_invited { "invited" } else { "was there" });
    }
    job.change.meta.guest_invited = true;
    job.record().await?;
    let invitation = NewInvitation { address: &address, redirect_to: portal, display_name: None, send_mail: false };
    match graph.invite(&invitation).await {
        Ok(invitation) => {
            job.change.meta.owner_partner_oid = Some(invitation.invited_user.id.clone());
            job.note("guest.invited", json!({"guest": invitation.invited_user.id}));
            Ok("invited")
        }
        Err(error) => match error.kind() {
            ErrorKind::Invalid | ErrorKind::Forbidden => {
                job.change.meta.guest_invited = false;
                job.record().await?;
                preflight::saw_invitation_refused(job, &error);
                Err(Stop::new(ErrorName::InvitationRefused, error.to_string()).quoting(&error))
            }
            // An unknown outcome among them: the next attempt looks for the guest first.
            ErrorKind::Unavailable
            | ErrorKind::Throttled
            | ErrorKind::UnknownOutcome
            | ErrorKind::ClaimsChallenge
            | ErrorKind::WrongTenant
            | ErrorKind::Unauthenticated
            | ErrorKind::NotFound
            | ErrorKind::Conflict
            | ErrorKind::NotRegistered
            | ErrorKind::UnsupportedVersion
            | ErrorKind::Unexpected
            | ErrorKind::ForeignAddress
            | ErrorKind::Entra(_)
            | ErrorKind::IdToken(_)
            | ErrorKind::Credential => Err(refused(&error)),
        },
    }
}
