//! Partner Center's profiles.

use serde_json::{Value, json};

use crate::http::{Answer, Call};
use crate::random;
use crate::scenario::PartnerAccount;
use crate::world::{AccessToken, Ctx, GLOBAL_ADMINISTRATOR, Resource};

/// Directory roles and Partner Center roles that may read profiles.
const READERS: &[&str] = &[GLOBAL_ADMINISTRATOR, "Admin agent", "Account admin"];

/// Answers a call.
pub(crate) fn answer(ctx: &mut Ctx<'_>, call: &Call) -> Answer {
    let (answer, mfa) = match authenticate(ctx, call) {
        Ok(token) => {
            let mfa = token.mfa;
            (route(ctx, call, &token).unwrap_or_else(|refused| *refused), Some(mfa))
        }
        Err(refused) => (*refused, None),
    };
    let echo = |name: &str| call.header(name).map_or_else(random::guid, str::to_owned);
    let answer = answer
        .header("ms-requestid", echo("ms-requestid"))
        .header("ms-correlationid", echo("ms-correlationid"))
        .header("ms-cv", format!("{}.0", random::guid().replace('-', "").get(..16).unwrap_or_default()))
        .header("ms-serverid", "030011719");
    match (call.header("validatemfa"), mfa) {
        (Some("true"), Some(mfa)) => answer.header("ismfacompliant", mfa.to_string()),
        _ => answer,
    }
}

type Refused = Box<Answer>;

/// Codes are texts in the documentation and numbers in its examples; ours follow the examples.
fn refuse(status: u16, code: u32, description: &str) -> Refused {
    let answer =
        Answer::json(status, &json!({"code": code, "description": description, "data": [], "source": "PartnerFD"}));
    Box::new(if status == 401 {
        answer.header("www-authenticate", "OAuth realm=\"urn:cpsvc:cpid:simulated\"")
    } else {
        answer
    })
}

fn authenticate(ctx: &Ctx<'_>, call: &Call) -> Result<AccessToken, Refused> {
    let bearer = call.bearer().ok_or_else(|| refuse(401, 800_001, "Partner Token missing in request context"))?;
    let token = ctx.access_token(bearer).map_err(|_| refuse(401, 401, "Access denied"))?;
    if token.resource != Resource::PartnerCenter || !token.scopes.iter().any(|it| it == "user_impersonation") {
        return Err(refuse(401, 401, "Access denied"));
    }
    Ok(token)
}

fn route(ctx: &Ctx<'_>, call: &Call, token: &AccessToken) -> Result<Answer, Refused> {
    if !token.mfa {
        return Err(refuse(401, 900_421, "MFA is required for this request."));
    }
    let tid = &token.caller.tid;
    let Some(account) = ctx.cloud.partner_center.iter().find(|it| it.tenant_id == *tid) else {
        return Err(refuse(404, 60003, &format!("Tenant {tid} not found")));
    };
    if !ctx.cloud.has_role(tid, &token.caller.oid, READERS) {
        return Err(refuse(403, 2032, "Access denied"));
    }
    let parts = call.parts();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match (call.method.as_str(), parts.as_slice()) {
        ("GET", ["v1", "profiles", "organization"]) => Ok(Answer::json(200, &organization(account))),
        ("GET", ["v1", "profiles", "mpn"]) => match call.query("mpnId") {
            Some(asked) if asked != account.mpn_id => {
                Err(refuse(404, 3000, &format!("Partner Organization with partner_id {asked} could not be found")))
            }
            _ => Ok(Answer::json(200, &mpn(account))),
        },
        ("GET", ["v1", "profiles", "legalbusiness"]) => Ok(Answer::json(200, &legal_business(account))),
        _ => Err(refuse(404, 1000, "The resource does not exist.")),
    }
}

fn address() -> Value {
    json!({"country": "US", "city": "Redmond", "state": "WA", "addressLine1": "Two Contoso Way", "addressLine2": "", "postalCode": "98052"})
}

fn links(name: &str) -> Value {
    json!({"self": {"uri": format!("/profiles/{name}"), "method": "GET", "headers": []}})
}

fn organization(account: &PartnerAccount) -> Value {
    json!({
        "id": account.profile_id,
        "companyName": account.company_name,
        "defaultAddress": address(),
        "tenantId": account.tenant_id,
        "domain": account.domain,
        "email": account.email,
        "language": "en",
        "culture": "en-US",
        "profileType": "OrganizationProfile",
        "links": links("organization"),
        "attributes": {"etag": "simulated", "objectType": "OrganizationProfile"},
    })
}

fn mpn(account: &PartnerAccount) -> Value {
    json!({
        "partnerName": account.company_name,
        "mpnId": account.mpn_id,
        "profileType": "MpnProfile",
        "links": links("mpn"),
        "attributes": {"objectType": "MpnProfile"},
    })
}

fn legal_business(account: &PartnerAccount) -> Value {
    json!({
        "companyName": account.company_name,
        "address": address(),
        "primaryContact": {"firstName": "Contoso", "lastName": "Contact", "email": account.email, "phoneNumber": "4255550100"},
        "companyApproverAddress": address(),
        "companyApproverEmail": account.email,
        "vettingStatus": account.vetting_status,
        "vettingSubStatus": "none",
        "profileType": "LegalBusinessProfile",
        "links": links("legalbusiness"),
        "attributes": {"objectType": "LegalBusinessProfile"},
    })
}
