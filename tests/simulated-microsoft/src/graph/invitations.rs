//! Invitations of guests.

use serde_json::{Value, json};
use url::Url;

use super::{Errors, Refused, context, scope};
use crate::http::{Answer, Call};
use crate::ledger::Kind;
use crate::random;
use crate::scenario::{AccountKind, Membership, Person};
use crate::world::{AccessToken, Ctx, GLOBAL_ADMINISTRATOR, Guest};

/// Letters that the address of an invited person must not have.
const REFUSED_LETTERS: &str = "~!#$%^&*()+=[]{}\\/|;:\"<>?,";

pub(crate) fn create(ctx: &mut Ctx<'_>, call: &Call, token: &AccessToken, errors: &Errors) -> Result<Answer, Refused> {
    scope(token, errors, &["User.Invite.All", "User.ReadWrite.All"])?;
    let tenant_id = token.caller.tid.clone();
    let tenant = ctx.cloud.tenant(&tenant_id).cloned().ok_or_else(|| errors.denied())?;
    let caller = ctx.cloud.user(&tenant_id, &token.caller.oid).map(|(person, it)| (person.kind, it.clone()));
    let Some((kind, caller)) = caller else { return Err(errors.denied()) };
    // A personal account cannot call this, whatever its role.
    if kind == AccountKind::Personal {
        return Err(errors.denied());
    }
    let has = |role: &str| caller.roles.iter().any(|it| it == role);
    let inviter = has(GLOBAL_ADMINISTRATOR) || has("User Administrator") || has("Guest Inviter");
    let allowed =
        match tenant.invites_from.as_str() {
            "none" => return Err(errors.refuse(
                403,
                "Authorization_RequestDenied",
                "Guest invitations not allowed for your company. Contact your company administrator for more details.",
            )),
            "adminsAndGuestInviters" => inviter,
            "adminsGuestInvitersAndAllMembers" => inviter || caller.user_type == "Member",
            _ => true,
        };
    if !allowed {
        return Err(errors.denied());
    }
    let bad = |message: &str| errors.refuse(400, "BadRequest", message);
    let asked = call.json().unwrap_or_default();
    let Some(email) = asked["invitedUserEmailAddress"].as_str().filter(|it| well_formed(it)) else {
        return Err(bad("The invited user email address has an invalid format."));
    };
    let Some(goes_to) = asked["inviteRedirectUrl"].as_str().filter(|it| Url::parse(it).is_ok()) else {
        return Err(bad("The invite redirect URL is missing or no address."));
    };
    if tenant.domains.iter().any(|domain| email.to_ascii_lowercase().ends_with(&format!("@{domain}"))) {
        return Err(bad("The invited user already exists in the directory as a member."));
    }
    if tenant.invites_nobody_of.iter().any(|domain| email.to_ascii_lowercase().ends_with(&format!("@{domain}"))) {
        // The words are Microsoft's: https://learn.microsoft.com/entra/external-id/troubleshoot
        return Err(bad(
            "This invitation is blocked by cross-tenant access settings. Admins in both your organization and the invited user's organization must configure cross-tenant access settings to allow the invitation.",
        ));
    }
    let (existing, repeated) = match ctx.cloud.membership(email, &tenant_id).cloned() {
        Some(existing) => (existing, true),
        None => (add_guest(ctx, &tenant_id, &tenant.domains, email, asked["invitedUserDisplayName"].as_str()), false),
    };
    let pending = existing.external_user_state.as_deref() == Some("PendingAcceptance");
    let kind = if repeated { Kind::InvitationRepeated } else { Kind::InvitationCreated };
    ctx.record(kind, Some(token.caller.clone()), &existing.oid, json!({"tenantId": tenant_id, "account": email}));

    let ticket = random::secret("");
    ctx.shared.secret("invitation-ticket", &ticket);
    if let Some(guest) = ctx.cloud.guests.iter_mut().find(|it| it.oid == existing.oid) {
        guest.tickets.push(ticket.clone());
    }
    let redeem = Url::parse_with_params(
        &format!("{}/redeem", ctx.url("login")),
        &[("rd", goes_to), ("tenant", &tenant_id), ("user", &existing.oid), ("ticket", &ticket), ("ver", "2.0")],
    );
    let mut body = json!({
        "@odata.context": context(ctx, "invitations/$entity"),
        "id": random::guid(),
        "inviteRedeemUrl": redeem.map_or(Value::Null, |it| json!(it.as_str())),
        "invitedUserDisplayName": asked["invitedUserDisplayName"],
        "invitedUserType": asked["invitedUserType"].as_str().unwrap_or("Guest"),
        "invitedUserEmailAddress": email,
        "sendInvitationMessage": asked["sendInvitationMessage"].as_bool().unwrap_or(false),
        "resetRedemption": asked["resetRedemption"].as_bool().unwrap_or(false),
        "inviteRedirectUrl": goes_to,
        "status": if pending { "PendingAcceptance" } else { "Completed" },
        "invitedUser": {"id": existing.oid},
    });
    let info = asked.get("invitedUserMessageInfo").cloned();
    body["invitedUserMessageInfo"] = info.unwrap_or_else(|| {
        json!({
            "messageLanguage": null, "customizedMessageBody": null,
            "ccRecipients": [{"emailAddress": {"name": null, "address": null}}],
        })
    });
    Ok(Answer::json(201, &body))
}

fn add_guest(ctx: &mut Ctx<'_>, tenant_id: &str, domains: &[String], email: &str, name: Option<&str>) -> Membership {
    let now = ctx.now();
    let domain =
        domains.iter().find(|it| it.contains(".onmicrosoft.")).or(domains.first()).cloned().unwrap_or_default();
    let membership = Membership {
        tenant_id: tenant_id.to_owned(),
        oid: random::guid(),
        user_principal_name: format!("{}#EXT#@{domain}", email.replace('@', "_")),
        user_type: "Guest".to_owned(),
        roles: Vec::new(),
        external_user_state: Some("PendingAcceptance".to_owned()),
        on_premises_security_identifier: None,
        disabled: false,
    };
    ctx.cloud.guests.push(Guest {
        tenant_id: tenant_id.to_owned(),
        oid: membership.oid.clone(),
        email: email.to_owned(),
        invited_at: now,
        state_changed_at: now,
        tickets: Vec::new(),
    });
    match ctx.cloud.people.iter_mut().find(|it| it.email.eq_ignore_ascii_case(email)) {
        Some(person) => person.memberships.push(membership.clone()),
        // Someone whom this cloud does not know yet can be invited; nobody knows their password.
        None => ctx.cloud.people.push(Person {
            email: email.to_owned(),
            display_name: name.unwrap_or_else(|| email.split('@').next().unwrap_or(email)).to_owned(),
            kind: AccountKind::Personal,
            home_tenant_id: crate::entra::CONSUMERS.to_owned(),
            password: random::secret(""),
            mfa_registered: false,
            mfa_code: random::secret(""),
            signs_in_at: None,
            memberships: vec![membership.clone()],
        }),
    }
    membership
}

/// Whether Microsoft invites such an address.
fn well_formed(email: &str) -> bool {
    let Some((user, domain)) = email.split_once('@') else { return false };
    let edges_fit = |part: &str| !part.starts_with(['.', '-']) && !part.ends_with(['.', '-']);
    !user.is_empty()
        && domain.contains('.')
        && !domain.contains('@')
        && edges_fit(user)
        && edges_fit(domain)
        && !email.chars().any(|letter| REFUSED_LETTERS.contains(letter) || letter.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::well_formed;

    #[test]
    fn addresses_that_microsoft_does_not_invite_are_refused() {
        assert!(well_formed("rosa.diaz_2@outlook.com"));
        for wrong in ["rosa+azure@outlook.com", ".rosa@outlook.com", "rosa@", "rosa", "ro sa@outlook.com", "a@b@c.com"]
        {
            assert!(!well_formed(wrong), "{wrong}");
        }
    }
}
