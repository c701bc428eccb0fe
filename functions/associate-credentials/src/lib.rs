//! Step 2, associate the Partner Center credentials: proves the partner admin, the Partner Center account and the entering policy; on
//! the single-account route invites the owner as a guest.
//!
//! Who: the partner admin, with tokens of the partner directory. Microsoft calls: refresh (three resources), organization, directory
//! roles, Partner Center's organization profile, the directory's policy; on the single-account route also the invitation policy,
//! the look-up of the guest, and the invitation if there is none yet.

use std::borrow::Cow;

use microsoft::arm::Arm;
use microsoft::graph::{DirectoryRole, Graph, MayInvite, NewInvitation, Organization, User};
use microsoft::partner_center::PartnerCenter;
use microsoft::{Error, ErrorKind};
use onboarding::{Actor, Directory, ErrorName, Route, Step};
use ops::{Event, StepError};
use serde::{Deserialize, Serialize};
use serde_json::json;
use step::{Deps, Input, Job, Reached, Stop, perform, policy};

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
    let token = match route {
        Route::TwoParty => job.token::<Graph>(Actor::PartnerAdmin, Directory::Partner).await?,
        Route::SingleAccount => job.token_to_invite().await?,
    };
    let graph = job.cloud()?.graph(&token);
    let organization = graph.organization().await.map_err(|error| refused(&error))?;
    let roles = graph.my_directory_roles().await.map_err(|error| refused(&error))?;
    if !roles.iter().any(administers) {
        return Err(Stop::new(
            ErrorName::PartnerAdminNotAdmin,
            "the account has no administrator role in the partner directory",
        ));
    }
    let partner = prove_partner(job, organization.as_ref()).await?;

    let token = job.token::<Arm>(Actor::PartnerAdmin, Directory::Partner).await?;
    let rules = job.cloud()?.arm(&token).subscription_policy().await.map_err(|error| refused(&error))?;
    let accepts = job.loaded.meta.object_id(route.acceptor(), Directory::Partner).cloned();
    let entering = policy::judge(&rules, rules.entering, accepts.as_ref(), ErrorName::EnteringBlocked, &job.loaded)?;

    job.change.meta.partner_directory_name = organization.and_then(|organization| organization.display_name);
    let guest = match route {
        Route::TwoParty => None,
        Route::SingleAccount => Some(invite(job, &graph, portal).await?),
    };
    let facts = json!({
        "partnerCenter": partner, "enteringPolicy": entering.as_str(), "guest": guest,
        "roles": roles.iter().filter_map(|role| role.display_name.clone()).collect::<Vec<_>>(),
    });
    Ok((Reached::Done(facts), Output { verdict: "ready".into(), route }))
}

fn refused(error: &Error) -> Stop {
    Stop::from_call(error, Actor::PartnerAdmin, Directory::Partner)
}

/// Microsoft says that the acceptor must be "an Entra admin" and not which one, so every role that administers something counts;
/// readers and inviters don't.
fn administers(role: &DirectoryRole) -> bool {
    role.is(microsoft::graph::GLOBAL_ADMINISTRATOR)
        || role.display_name.as_deref().is_some_and(|name| name.ends_with("Administrator"))
}

/// Partner Center's own word where it gives one; what the directory says of itself where it doesn't (indirect resellers have no
/// access to the API). Answers which of the two it was.
async fn prove_partner(job: &mut Job<'_>, organization: Option<&Organization>) -> Result<&'static str, Stop> {
    let tenant = job.loaded.meta.partner_tenant_id.clone();
    let not_a_partner = |text: &str| Stop::new(ErrorName::PartnerCenterNotAPartner, text);
    let by_directory = || {
        let kind = organization.and_then(|organization| organization.partner_tenant_type.as_deref());
        kind.is_some_and(|kind| !kind.is_empty()).then_some("by-directory")
    };
    let token = match job.token::<PartnerCenter>(Actor::PartnerAdmin, Directory::Partner).await {
        Ok(token) => token,
        // The tenant doesn't offer the API, or nobody may consent to it there.
        Err(stop) if stop.name == ErrorName::CloudUnsupported => {
            return by_directory().ok_or_else(|| not_a_partner("the directory has no access to Partner Center"));
        }
        Err(stop) => return Err(stop),
    };
    match job.cloud()?.partner_center(&token).account().await {
        Ok(account) if account.mfa_compliant == Some(false) => {
            Err(Stop::sign_in(Actor::PartnerAdmin, Directory::Partner, "mfa", None))
        }
        Ok(account) if account.organization.is_of(&tenant) => {
            job.change.meta.partner_company = Some(account.organization.company_name);
            Ok("profile")
        }
        Ok(_) => Err(not_a_partner("the Partner Center account of this sign-in belongs to another directory")),
        Err(error) if error.kind() == ErrorKind::Forbidden => Err(Stop::new(
            ErrorName::PartnerAdminNotAdmin,
            format!("the account has no role in Partner Center that may read the profile: {error}"),
        )),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            by_directory().ok_or_else(|| not_a_partner("Partner Center has no account for this directory"))
        }
        Err(error) => Err(refused(&error)),
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
    if graph.may_invite().await.map_err(|error| refused(&error))? == MayInvite::Nobody {
        return Err(Stop::new(ErrorName::InvitationRefused, "the directory lets nobody invite guests"));
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
                Err(Stop::new(ErrorName::InvitationRefused, error.to_string()))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn role(name: &str, template: &str) -> DirectoryRole {
        DirectoryRole { display_name: Some(name.into()), role_template_id: Some(template.into()) }
    }

    #[test]
    fn readers_and_inviters_do_not_administer_a_directory() {
        assert!(administers(&role("Globaler Administrator", microsoft::graph::GLOBAL_ADMINISTRATOR)));
        assert!(administers(&role("Global Administrator", "")));
        assert!(administers(&role("Privileged Role Administrator", "")));
        for name in ["Guest Inviter", "Directory Readers", "Global Reader"] {
            assert!(!administers(&role(name, "")), "{name}");
        }
    }
}
