//! The first state of every execution, whichever way it was started: validates the request and creates the onboarding, or
//! finds the one that the same request started before.
//!
//! Microsoft calls: two, both without a token (the partner directory's metadata, and the subscription's tenant or, where no
//! subscription is given, the metadata of the directory it is in); a third when the subscription is unknown, to tell a tenant id from a
//! subscription id. AWS calls: one transaction; one read if it existed.

use microsoft::{CloudClient, Microsoft};
use onboarding::request::{FieldError, OnboardingRequest};
use onboarding::{Actor, Cloud, ErrorName, OnboardingId, Route, Status, Step, SubscriptionId, TenantId};
use ops::{Clock, Event, StepError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Contact, Created, Meta, NewOnboarding, Note, Store, StoreError};

/// What the function works with.
#[derive(Debug)]
pub struct Deps {
    /// The tables.
    pub store: Store,
    /// Microsoft's APIs.
    pub microsoft: Microsoft,
    /// What time it is.
    pub clock: Clock,
}

/// What the state machine sends.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    /// Version of this form: 1.
    pub schema: u32,
    /// The execution.
    pub execution: String,
    /// The execution's input: the request, as the form, the event or a person in the console gave it.
    pub request: Value,
}

/// What later states need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// The onboarding.
    pub onboarding_id: OnboardingId,
    /// The cloud.
    pub cloud: Cloud,
    /// Who accepts the move.
    pub route: Route,
}

/// Handles one event.
///
/// # Errors
/// [`ErrorName::InputInvalid`] and the names of what the request points to and is not there; [`ErrorName::AlreadyRunning`] with the
/// running onboarding's id.
pub async fn handle(deps: &Deps, event: Event<Input>) -> Result<Output, StepError> {
    let Input { execution, request, .. } = event.payload;
    let request = OnboardingRequest::parse(&request).map_err(|errors| invalid(&errors))?;
    let (source, partner) = resolve(&deps.microsoft, &request).await?;
    let now = deps.clock.now();
    let id = match &request.onboarding_id {
        Some(id) => id.clone(),
        None => new_id(now)?,
    };
    let id_was_given = request.onboarding_id.is_some();
    let route = request.route.unwrap_or(Route::TwoParty);
    let contact = Contact {
        language: request.language.clone().unwrap_or_else(|| "en".into()),
        time_zone: request.time_zone.clone().unwrap_or_else(|| "UTC".into()),
        ..Contact::default()
    };
    let started_by = request.started_by.clone().map(|by| store::StartedBy {
        who: by.who,
        email: by.email,
        verified_at: by.verified_at,
    });
    let meta = Meta {
        onboarding_id: id.clone(),
        schema: 1,
        ver: 1,
        audit_seq: 0,
        last_hash: String::new(),
        status: Status::Running,
        current_step: Step::UseExistingDirectory,
        cloud: request.cloud,
        route,
        subscription_id: request.subscription_id.clone().unwrap_or_else(SubscriptionId::not_chosen),
        subscription_chosen: false,
        subscription_name: None,
        request_key: request.key(&source, &partner),
        source_tenant_id: source,
        partner_tenant_id: partner,
        partner_directory: request.partner_directory,
        partner_directory_name: None,
        partner_company: None,
        owner_email: request.owner_email,
        owner_account: request.owner_account,
        owner_oid: None,
        owner_partner_oid: None,
        partner_admin_email: request.partner_admin_email,
        partner_admin_oid: None,
        guest_invited: false,
        request_sent: false,
        accept_intended_at: None,
        moved: false,
        open_wait: None,
        ask: None,
        fixing_since: None,
        fix_looks: 0,
        report: None,
        report_before: None,
        decisions_hash: None,
        confirmation: None,
        restore: None,
        receipt_hash: None,
        cancel_requested: false,
        reference: request.reference,
        subscription_locked: false,
        execution: execution.clone(),
        created_at: now.to_string(),
        updated_at: now.to_string(),
        owner_contact: contact.clone(),
        partner_admin_contact: contact,
        started_by: started_by.clone(),
        waiting: None,
        list_pk: None,
        list_sk: None,
        ending: None,
        error: None,
        undone: Vec::new(),
    };
    let output = Output { onboarding_id: id.clone(), cloud: meta.cloud, route };
    let note = Note::mooring(
        "onboarding.created",
        None,
        json!({
            "subscription": request.subscription_id, "source": meta.source_tenant_id, "partner": meta.partner_tenant_id,
            "cloud": meta.cloud, "route": route, "people": [Actor::Owner, Actor::PartnerAdmin], "startedBy": started_by,
        }),
    );
    let created = deps.store.create_onboarding(NewOnboarding { meta, notes: vec![note], mails: Vec::new() }, now).await;
    let created = match created {
        // The given id is another onboarding's, or that of one that has ended: repeating would not help.
        Err(StoreError::Conflict) if id_was_given && deps.store.load_for_page(&id).await.is_ok() => {
            return Err(StepError::new(
                ErrorName::InputInvalid,
                "onboardingId: there is an onboarding of this id already; leave the field out to have one made",
            ));
        }
        created => created?,
    };
    match created {
        Created::New => Ok(output),
        Created::Existing(running) => {
            let loaded = deps.store.load_for_page(&running).await?;
            // A retry of this very state, whose answer was lost.
            if loaded.meta.execution == execution {
                return Ok(Output { onboarding_id: running, cloud: loaded.meta.cloud, route: loaded.meta.route });
            }
            Err(StepError::new(
                ErrorName::AlreadyRunning,
                format!(
                    "onboarding {running} of this subscription is running since {}; go on with it",
                    loaded.meta.created_at
                ),
            ))
        }
    }
}

fn invalid(errors: &[FieldError]) -> StepError {
    let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
    StepError::new(ErrorName::InputInvalid, said.join("; "))
}

fn new_id(now: jiff::Timestamp) -> Result<OnboardingId, StepError> {
    let random = ops::random::<16>().map_err(|error| StepError::new(ErrorName::InternalBug, error.to_string()))?;
    Ok(OnboardingId::from_parts(now.as_millisecond().unsigned_abs(), u128::from_be_bytes(random)))
}

/// Finds both directories, and every reason to create nothing.
///
/// # Errors
/// The names of what is not there, each message beginning with its field.
pub async fn resolve(microsoft: &Microsoft, request: &OnboardingRequest) -> Result<(TenantId, TenantId), StepError> {
    let field = |name, field: &str, text: String| StepError::new(name, format!("{field}: {text}"));
    let cloud =
        microsoft.cloud(request.cloud).map_err(|error| field(ErrorName::CloudRetired, "cloud", error.to_string()))?;
    if !cloud.endpoints().partner_center_has_azure() {
        let text = "Partner Center offers no Azure subscriptions in this cloud; choose another cloud";
        return Err(field(ErrorName::CloudUnsupported, "cloud", text.into()));
    }
    let found = async |name: &str, at: &str| {
        let directory = cloud.entra().directory(name).await.map_err(|error| upstream(&error, at))?;
        directory.map(|directory| directory.tenant).ok_or_else(|| {
            let text = format!(
                "no directory {name} in {}; use a verified domain or the tenant id",
                request.cloud.display_name()
            );
            field(ErrorName::DirectoryUnknown, at, text)
        })
    };
    let partner = found(&request.partner_directory, "partnerDirectory").await?;
    let named = match &request.source_directory {
        Some(name) => Some(found(name, "sourceDirectory").await?),
        None => None,
    };
    let source = match (&request.subscription_id, named) {
        (Some(subscription), named) => {
            let source = tenant_of(&cloud, subscription).await?;
            if named.is_some_and(|named| named != source) {
                let text =
                    "the subscription is in another directory; leave this field out, or correct the subscription id";
                return Err(field(ErrorName::InputInvalid, "sourceDirectory", text.into()));
            }
            source
        }
        (None, Some(named)) => named,
        // The schema doesn't let a request say neither.
        (None, None) => return Err(field(ErrorName::InputInvalid, "subscriptionId", "is missing".into())),
    };
    if source == partner {
        let text = "the subscription is already in this directory; nothing needs to move";
        return Err(field(ErrorName::DirectorySame, "partnerDirectory", text.into()));
    }
    Ok((source, partner))
}

/// The directory that a subscription is in.
async fn tenant_of(cloud: &CloudClient, subscription: &SubscriptionId) -> Result<TenantId, StepError> {
    let at = "subscriptionId";
    let source = cloud.arm_probe().tenant_of_subscription(subscription).await.map_err(|error| upstream(&error, at))?;
    if let Some(source) = source {
        return Ok(source);
    }
    let tenant = cloud.entra().directory(subscription.as_str()).await.map_err(|error| upstream(&error, at))?;
    let text = if tenant.is_some() {
        "this is a tenant id, not a subscription id; copy the subscription id from the subscription's overview page"
    } else {
        "no such subscription in this cloud; copy the id from the subscription's overview page"
    };
    Err(StepError::new(ErrorName::SubscriptionUnknown, format!("{at}: {text}")))
}

fn upstream(error: &microsoft::Error, field: &str) -> StepError {
    use microsoft::ErrorKind;
    use microsoft::entra::EntraErrorKind;
    if error.kind() == ErrorKind::Entra(EntraErrorKind::WrongCloud) {
        let text = format!("{field}: this directory is in another Microsoft cloud; choose that cloud");
        return StepError::new(ErrorName::DirectoryUnknown, text);
    }
    StepError::new(ops::upstream_name(error), error.to_string())
}
