//! The form: empty, wrong, or sent.

use http::StatusCode;
use jiff::Timestamp;
use onboarding::links::LinkRole;
use onboarding::request::{FieldError, OnboardingRequest};
use onboarding::{Actor, Cloud, ErrorName, OnboardingId, SubscriptionId, TenantId};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use store::Draft;
use web::pages::{
    FIELD_INITIATOR, FIELD_INITIATOR_EMAIL, FIELD_ONBOARDING, FormView, Found, field_label, initiator_wrong,
    mistake_said, too_many, zone_wrong,
};
use web::{Answer, Fields, Problem, answer, pages, paths};

use crate::world::{Looked, World};
use crate::{limits, mailbox};

/// How long a form may be open before it is sent, in seconds. The progress page counts on it: see its `CREATING_SECONDS`.
const FORM_SECONDS: i64 = 3600;

/// `GET /new`.
pub(crate) fn empty<W: World>(world: &W) -> Result<Answer, ErrorName> {
    let id = world.new_id()?;
    Ok(shown(world, StatusCode::OK, &id, &Fields::default(), &[], None))
}

fn shown<W: World>(
    world: &W,
    status: StatusCode,
    id: &OnboardingId,
    values: &Fields,
    problems: &[Problem],
    found: Option<&Found>,
) -> Answer {
    let clouds: Vec<Cloud> = Cloud::ALL.into_iter().filter(|cloud| world.closed(*cloud).is_none()).collect();
    answer::page(status, pages::signup_form(&FormView { onboarding: id, values, problems, clouds: &clouds, found }))
}

/// What is wrong with a form.
struct Wrong {
    status: StatusCode,
    problems: Vec<Problem>,
    /// When it may be sent again, where it came too often.
    again: Option<Timestamp>,
}

impl Wrong {
    fn fields(problems: Vec<Problem>) -> Self {
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, problems, again: None }
    }

    /// The form came too often: what was typed stays.
    fn too_many(again: Timestamp) -> Self {
        Self { status: StatusCode::TOO_MANY_REQUESTS, problems: vec![too_many(again)], again: Some(again) }
    }

    fn field(field: &str, name: ErrorName, message: &str) -> Self {
        Self::fields(vec![Problem::new(
            field,
            name.as_str(),
            format!("{} {}", field_label(field), mistake_said(message)),
        )])
    }
}

/// `POST /new`.
pub(crate) async fn send<W: World>(
    world: &W,
    posted: Fields,
    wants_json: bool,
    source: &str,
) -> Result<Answer, ErrorName> {
    let (form, wrong) = match form_id(&posted, world.now()) {
        Some(form) => (form, keep(world, &posted, source).await),
        None => {
            let problem = Problem::new(
                "",
                "Form.TooOld",
                mistake_said("This form was open for more than an hour. Look at it once more and send it again."),
            );
            (world.new_id()?, Err(Wrong::fields(vec![problem])))
        }
    };
    let wrong = match wrong {
        Ok(link) => return Ok(answer::see_other(&paths::check_mail(&link))),
        Err(wrong) => wrong,
    };
    if wants_json {
        let errors: Vec<Value> = wrong
            .problems
            .iter()
            .map(|problem| json!({"field": problem.field, "error": problem.id, "message": problem.message}))
            .collect();
        return Ok(limits::with_again(answer::json(wrong.status, &json!({"errors": errors})), world, wrong.again));
    }
    let page = shown(world, wrong.status, &form, &posted, &wrong.problems, None);
    Ok(limits::with_again(page, world, wrong.again))
}

/// The form's own id, if it is one and not too old.
fn form_id(posted: &Fields, now: Timestamp) -> Option<OnboardingId> {
    let id = OnboardingId::parse(posted.get(FIELD_ONBOARDING)).ok()?;
    let age = now.as_second() - i64::try_from(made_at(&id) / 1000).ok()?;
    // A minute ahead: two of our own machines may disagree by as much.
    (-60..FORM_SECONDS).contains(&age).then_some(id)
}

/// Milliseconds since 1970.
fn made_at(id: &OnboardingId) -> u64 {
    ulid::Ulid::from_string(id.as_str()).map(|ulid| ulid.timestamp_ms()).unwrap_or_default()
}

/// The id of the onboarding that this form, filled in like this, starts.
fn onboarding_id(form: &OnboardingId, request: &OnboardingRequest, initiator: &str) -> OnboardingId {
    let said = json!(["onboarding", form, request, initiator]).to_string();
    let digest: [u8; 32] = Sha256::digest(said.as_bytes()).into();
    let random = digest.iter().take(10).fold(0_u128, |random, byte| random << 8 | u128::from(*byte));
    OnboardingId::from_parts(made_at(form), random)
}

/// The fields that the form has; whatever else was posted is ignored.
fn request(posted: &Fields) -> Value {
    let mut request = Map::new();
    request.insert("schema".into(), json!(onboarding::request::SCHEMA));
    for name in OnboardingRequest::FIELDS {
        if name != "schema"
            && !["startedBy", FIELD_ONBOARDING].contains(&name)
            && let Some(value) = posted.filled(name)
        {
            request.insert(name.into(), json!(value));
        }
    }
    Value::Object(request)
}

/// What is wrong with a field, in words.
fn told(error: &FieldError) -> Problem {
    let message = format!("{} {}", field_label(&error.field), mistake_said(&error.message));
    Problem::new(&error.field, ErrorName::InputInvalid.as_str(), message)
}

/// Keeps what was asked for until the mailbox is proved; answers the link of what will be.
async fn keep<W: World>(world: &W, posted: &Fields, source: &str) -> Result<String, Wrong> {
    let mut request = OnboardingRequest::parse(&request(posted))
        .map_err(|errors| Wrong::fields(errors.iter().map(told).collect()))?;
    if let Some(name) = world.closed(request.cloud) {
        let said = texts::explanation(name);
        return Err(Wrong::field(
            "cloud",
            name,
            &format!("{} {} {}", mistake_said("can't be chosen."), said.cause, said.next_step),
        ));
    }
    let Some((who, email)) = initiator(posted, &request) else { return Err(Wrong::fields(vec![initiator_wrong()])) };
    if request.time_zone.as_deref().is_some_and(|zone| texts::known_zone(zone).is_none()) {
        return Err(Wrong::fields(vec![zone_wrong()]));
    }
    // Before anything is asked of Microsoft. Whether an address or a directory is known here makes no difference.
    if let Some(again) = limits::of_source(world, &limits::FORMS, source).await.map_err(ours)? {
        return Err(Wrong::too_many(again));
    }
    let (source, partner) = look_up(world, &request).await?;
    if let Some(again) = limits::of_code(world, &email).await.map_err(ours)? {
        return Err(Wrong::too_many(again));
    }
    let Some(form) = form_id(posted, world.now()) else { return Err(ours(ErrorName::InternalBug)) };
    let id = onboarding_id(&form, &request, &email);
    let key = world.link_key().await.map_err(ours)?;
    let link = key.link(&id, LinkRole::Draft);

    request.onboarding_id = Some(id.clone());
    if request.language.is_none() {
        request.language = Some(texts::language().tag().to_owned());
    }
    let draft = Draft {
        request: serde_json::to_string(&request).map_err(|_| ours(ErrorName::InternalBug))?,
        partner_tenant: partner.to_string(),
        source_tenant: source.to_string(),
        email,
        who,
        number: 1,
        tries: 0,
        sent_at: world.now().as_second(),
        ends_at: world.now().as_second() + mailbox::DRAFT_SECONDS,
    };
    mailbox::begin(world, &id, draft).await.map_err(ours)?;
    Ok(link)
}

/// Whose mailbox must be proved: one of the two people's, or that of whoever says to be somebody else.
fn initiator(posted: &Fields, request: &OnboardingRequest) -> Option<(Option<Actor>, String)> {
    match posted.get(FIELD_INITIATOR) {
        "other" => {
            let email = onboarding::request::email(posted.get(FIELD_INITIATOR_EMAIL))?;
            let known = [(Actor::Owner, &request.owner_email), (Actor::PartnerAdmin, &request.partner_admin_email)];
            let who = known.into_iter().find(|(_, theirs)| **theirs == email).map(|(actor, _)| actor);
            Some((who, email))
        }
        "owner" => Some((Some(Actor::Owner), request.owner_email.clone())),
        _ => Some((Some(Actor::PartnerAdmin), request.partner_admin_email.clone())),
    }
}

/// Something of ours or of Microsoft's failed: the form stays as it was typed.
fn ours(name: ErrorName) -> Wrong {
    let said = texts::explanation(name);
    let message = format!(
        "{}. {} {}",
        said.title,
        mistake_said("Nothing was created, and what you typed is kept."),
        said.next_step
    );
    Wrong {
        status: StatusCode::SERVICE_UNAVAILABLE,
        problems: vec![Problem::new("", name.as_str(), message)],
        again: None,
    }
}

/// Finds both directories, and every reason to create nothing. Answers the source and the partner directory's ids.
async fn look_up<W: World>(world: &W, request: &OnboardingRequest) -> Result<(TenantId, TenantId), Wrong> {
    let wanted = Wanted {
        partner: Some(&request.partner_directory),
        source: request.source_directory.as_deref(),
        subscription: request.subscription_id.as_ref(),
    };
    let (found, problems) = look(world, request.cloud, &wanted).await.map_err(ours)?;
    match (found.subscription_in.or(found.source), found.directory) {
        (Some(source), Some(partner)) if problems.is_empty() => Ok((source, partner)),
        _ => Err(Wrong::fields(problems)),
    }
}

/// What there is to look up.
struct Wanted<'a> {
    partner: Option<&'a str>,
    source: Option<&'a str>,
    subscription: Option<&'a SubscriptionId>,
}

/// Looks up what can be known without anybody's sign-in, and says what is wrong with it, each thing at its field.
async fn look<W: World>(world: &W, cloud: Cloud, wanted: &Wanted<'_>) -> Result<(Found, Vec<Problem>), ErrorName> {
    let directory = async |name: Option<&str>| match name {
        Some(name) => world.directory(cloud, name).await.map(Some),
        None => Ok(None),
    };
    let (partner, named, source) = tokio::join!(directory(wanted.partner), directory(wanted.source), async {
        match wanted.subscription {
            Some(id) => world.tenant_of_subscription(cloud, id).await.map(Some),
            None => Ok(None),
        }
    });
    let (partner, named, source) = (partner?, named?, source?);
    let mut problems = Vec::new();
    let mut wrong =
        |field: &str, name: ErrorName, message: &str| problems.extend(Wrong::field(field, name, message).problems);
    for (field, looked) in [("partnerDirectory", &partner), ("sourceDirectory", &named)] {
        match looked {
            None | Some(Looked::Found(_)) => {}
            Some(Looked::Unknown) => wrong(
                field,
                ErrorName::DirectoryUnknown,
                "is not known to Microsoft in this cloud. Use a domain that the directory has verified, its onmicrosoft.com name, or its tenant id.",
            ),
            Some(Looked::OtherCloud) => wrong(
                field,
                ErrorName::DirectoryUnknown,
                "is in another Microsoft cloud. Choose that cloud below, or another directory.",
            ),
        }
    }
    if let (Some(Looked::Unknown), Some(id)) = (&source, wanted.subscription) {
        let is_tenant = world.directory(cloud, id.as_str()).await? != Looked::Unknown;
        let message = if is_tenant {
            "must be a subscription id: this is a tenant id. Copy the subscription id from the subscription's overview page in the Azure portal."
        } else {
            "is not known to Azure in this cloud. Copy the id from the subscription's overview page in the Azure portal, and check the cloud."
        };
        wrong("subscriptionId", ErrorName::SubscriptionUnknown, message);
    }
    let id = |looked: Option<Looked>| match looked {
        Some(Looked::Found(tenant)) => Some(tenant),
        Some(Looked::Unknown | Looked::OtherCloud) | None => None,
    };
    let (source, named) = (id(source), id(named));
    if source.is_some() && named.is_some() && source != named {
        wrong(
            "sourceDirectory",
            ErrorName::InputInvalid,
            "is not the directory that this subscription is in. Leave it empty, or correct the subscription id.",
        );
    }
    let found = Found { directory: id(partner), subscription_in: source, source: named, same_address: false };
    if found.directory.is_some() && [&found.subscription_in, &found.source].contains(&&found.directory) {
        wrong(
            "partnerDirectory",
            ErrorName::DirectorySame,
            "is the directory that the subscription is already in. If both are right, nothing needs to move; otherwise correct one of them.",
        );
    }
    Ok((found, problems))
}

/// `POST /new` with the button that only looks: says what is known of what was typed so far, and what is wrong with it. What is still
/// empty is no mistake yet. Nothing is kept, nobody gets a mail.
pub(crate) async fn check<W: World>(world: &W, posted: &Fields, source: &str) -> Result<Answer, ErrorName> {
    let form = match form_id(posted, world.now()) {
        Some(form) => form,
        None => world.new_id()?,
    };
    if let Some(again) = limits::of_source(world, &limits::LOOKS, source).await? {
        let wrong = Wrong::too_many(again);
        return Ok(limits::with_again(
            shown(world, wrong.status, &form, posted, &wrong.problems, None),
            world,
            wrong.again,
        ));
    }
    let mut problems = match OnboardingRequest::parse(&request(posted)) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().filter(|error| posted.filled(&error.field).is_some()).map(told).collect(),
    };
    let fine = |field: &str| posted.filled(field).filter(|_| !problems.iter().any(|problem| problem.field == field));
    let cloud = fine("cloud").and_then(Cloud::parse).unwrap_or_default();
    let subscription = fine("subscriptionId").and_then(|id| SubscriptionId::parse(id).ok());
    let wanted = Wanted {
        partner: fine("partnerDirectory"),
        source: fine("sourceDirectory"),
        subscription: subscription.as_ref(),
    };
    let (mut found, wrong) = look(world, cloud, &wanted).await?;
    let email = |field: &str| onboarding::request::email(posted.get(field));
    found.same_address = email("ownerEmail").is_some() && email("ownerEmail") == email("partnerAdminEmail");
    problems.extend(wrong);
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(shown(world, status, &form, posted, &problems, Some(&found)))
}
