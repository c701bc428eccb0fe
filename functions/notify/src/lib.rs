//! Turns queued mails into sent ones. Fed by the table's stream, so that what was recorded together with a change is
//! sent, and nothing else.
//!
//! Microsoft calls: none. AWS calls a mail: one read, one query, one mail, one update.
//!
//! The stream delivers at least once. A mail that was marked as sent is not sent again; one that a crash left between sending
//! and marking is sent twice, which is better than not at all.

mod words;

use aws_sdk_sesv2::error::ProvideErrorMetadata as _;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageTag};
use onboarding::links::LinkKey;
use onboarding::{Actor, ErrorName, OnboardingId};
use ops::batch::{Again, Changes};
use ops::{Clock, StepError};
use store::{Loaded, OutboxMail, Store, StoreError};
use vault::Secrets;

/// What the function works with.
#[derive(Debug)]
pub struct Deps {
    /// The tables.
    pub store: Store,
    /// The link key.
    pub secrets: Secrets,
    /// The mail service.
    pub mail: aws_sdk_sesv2::Client,
    /// The sender.
    pub from: String,
    /// The configuration set, which has the mail service say what became of a mail.
    pub events: String,
    /// Where people reach the pages.
    pub portal: String,
    /// What time it is.
    pub clock: Clock,
}

/// Handles one batch, in order; stops at the first that fails.
///
/// # Errors
/// None of its own: a failure is reported in the answer.
pub async fn handle(deps: &Deps, changes: Changes) -> Result<Again, StepError> {
    for change in changes.in_order() {
        let (pk, sk) = change.keys();
        // The stream's filter lets only mails through; where a filter is not applied, the rest is passed over here.
        let Some((kind, id)) = pk.split_once('#').filter(|_| sk.starts_with(store::keys::OUTBOX_PREFIX)) else {
            continue;
        };
        let sent = match (OnboardingId::parse(id), kind) {
            (Ok(id), "ONB") => send(deps, &id, sk).await,
            (Ok(id), "DRAFT") => send_code(deps, &id, sk).await,
            (Ok(_), _) => continue,
            (Err(error), _) => Err(StepError::new(ErrorName::InternalBug, error.to_string())),
        };
        if let Err(error) = sent {
            tracing::error!(
                onboarding_id = id,
                error_name = error.name.as_str(),
                error = error.message,
                "a mail could not be sent"
            );
            return Ok(Again::from_here(change.sequence_number()));
        }
    }
    Ok(Again::default())
}

async fn send(deps: &Deps, id: &OnboardingId, sk: &str) -> Result<(), StepError> {
    let Some(mail) = deps.store.mail(id, sk).await?.filter(|mail| mail.sent_at.is_none()) else {
        return Ok(());
    };
    let loaded = deps.store.load_for_page(id).await?;
    let key = deps.secrets.link_key().await.map_err(|error| StepError::new(error.name(), error.to_string()))?;
    let Some(text) = compose(&deps.portal, &key, &loaded, &mail, deps.clock.now()) else {
        tracing::info!(onboarding_id = %id, template = mail.template, "a mail was passed over: what it asks for is done");
        return Ok(());
    };
    let message_id = deliver(deps, loaded.meta.email(mail.actor), text, Some((id, mail.actor))).await?;
    match deps.store.mail_sent(id, sk, &message_id, deps.clock.now()).await {
        // Another delivery of the same change was as fast.
        Ok(()) | Err(StoreError::Conflict) => {}
        Err(error) => return Err(error.into()),
    }
    tracing::info!(onboarding_id = %id, template = mail.template, to = mail.actor.as_str(), message_id, "a mail was sent");
    Ok(())
}

/// Sends the code of a sign-up to the one who signs up. A code that is too old is of no use to anybody.
async fn send_code(deps: &Deps, id: &OnboardingId, sk: &str) -> Result<(), StepError> {
    let now = deps.clock.now();
    let Some(mail) = deps.store.draft_mail(id, sk).await? else { return Ok(()) };
    if now.as_second() >= mail.expires_at {
        return Ok(deps.store.forget_draft_mail(id, sk).await?);
    }
    let key = deps.secrets.link_key().await.map_err(|error| StepError::new(error.name(), error.to_string()))?;
    let code = key.mailbox_code(id.as_str(), mail.number);
    let text = texts::within(texts::Locale::named(&mail.language, "UTC"), || words::code(&code, &deps.portal));
    let message_id = deliver(deps, &mail.to, text, None).await?;
    deps.store.forget_draft_mail(id, sk).await?;
    tracing::info!(onboarding_id = %id, template = "verify-address", message_id, "a mail was sent");
    Ok(())
}

/// Hands a mail to the mail service; answers its id there. `about` is what the service says again when the mail comes back.
async fn deliver(
    deps: &Deps,
    to: &str,
    text: words::Text,
    about: Option<(&OnboardingId, Actor)>,
) -> Result<String, StepError> {
    // Names in it come from strangers: they begin no header, and nothing reads backwards.
    let content = |text: &str| Content::builder().data(onboarding::plain::without_marks(text)).charset("UTF-8").build();
    let subject = onboarding::plain::one_line(&text.subject);
    let built = |error: aws_sdk_sesv2::error::BuildError| StepError::new(ErrorName::InternalBug, error.to_string());
    let message = Message::builder()
        .subject(content(&subject).map_err(built)?)
        .body(Body::builder().text(content(&text.body).map_err(built)?).build())
        .build();
    let tag = |name: &str, value: &str| MessageTag::builder().name(name).value(value).build().map_err(built);
    let tags = match about {
        Some((id, part)) => Some(vec![tag("onboarding", id.as_str())?, tag("part", part.as_str())?]),
        None => None,
    };
    let answer = deps
        .mail
        .send_email()
        .configuration_set_name(&deps.events)
        .set_email_tags(tags)
        .from_email_address(&deps.from)
        .destination(Destination::builder().to_addresses(to).build())
        .content(EmailContent::builder().simple(message).build())
        .send()
        .await
        .map_err(|error| {
            // The service's message can name the address; its code can't. Of a refused permission the part before the resource is
            // told, which names the permission: the resource can be the recipient's identity.
            let service = error.as_service_error();
            let code = service.and_then(|error| error.code()).unwrap_or("no answer");
            let said = service.and_then(|error| error.message()).filter(|_| code.starts_with("AccessDenied"));
            let said = said.and_then(|said| said.split(" on resource").next());
            StepError::new(
                ErrorName::UpstreamUnavailable,
                format!("the mail service refused: {code} {}", said.unwrap_or_default()),
            )
        })?;
    Ok(answer.message_id.unwrap_or_default())
}

/// The mail's words; none if what it asks for has been done since.
fn compose(
    portal: &str,
    key: &LinkKey,
    loaded: &Loaded,
    mail: &OutboxMail,
    now: jiff::Timestamp,
) -> Option<words::Text> {
    let link = key.link(&loaded.meta.onboarding_id, loaded.meta.link_role(mail.actor));
    let link = format!("{portal}/o/{link}");
    let contact = loaded.meta.contact(mail.actor);
    texts::within(texts::Locale::named(&contact.language, &contact.time_zone), || match mail.template.as_str() {
        "to-do" => words::to_do(&loaded.meta, loaded.to_do(mail.actor)?, now, &link),
        _ => words::text(&loaded.meta, mail, loaded.open_wait(), &link),
    })
}
