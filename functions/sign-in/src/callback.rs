//! The way back from Microsoft.
//!
//! Order matters. The browser is checked before the session is used up, so that a stolen address can't end somebody's
//! sign-in. The session is used up before the code is redeemed, so that two arrivals can't both go on. The token is sealed
//! and recorded before the wait ends, so that the step which goes on finds it. Whatever happens, the answer is a redirect to
//! an address without code and state.

use http::Request;
use microsoft::ErrorKind;
use microsoft::entra::EntraErrorKind;
use onboarding::links::{LinkKey, LinkRole, fingerprint};
use onboarding::{Outcome, TenantId, WaitKind};
use secrecy::SecretString;
use serde_json::json;
use store::records::Blob;
use store::{Browser, Change, Loaded, Note, Recorded, SealedCredential, Session, Started, StoreError, Write};
use web::{Answer, SignInResult, answer, asked, paths};

use crate::begin::{SIGN_IN_SECONDS, TRIES, note, verifier};
use crate::world::Refused;
use crate::{Opened, SignedIn, World, logged, person};

/// How old a sign-in may be for a confirmation, in seconds.
pub(crate) const FRESH_SECONDS: i64 = 600;

/// How long a sign-in opens the review, in seconds: reading a long report takes hours, and nothing that is decided there moves
/// anything without the owner's own fresh sign-in.
const REVIEW_SECONDS: i64 = 4 * 3600;

/// What the browser brought.
#[derive(Default)]
struct Brought {
    state: String,
    code: Option<SecretString>,
    error: Option<String>,
    description: Option<String>,
    subcode: Option<String>,
}

impl Brought {
    fn read(query: &str) -> Self {
        let mut brought = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            // The first of each counts: nothing that was appended can override it.
            match name.as_ref() {
                "state" if brought.state.is_empty() => brought.state = value.into_owned(),
                "code" if brought.code.is_none() && !value.is_empty() => {
                    brought.code = Some(SecretString::from(value.into_owned()));
                }
                "error" if brought.error.is_none() => brought.error = Some(value.into_owned()),
                "error_description" if brought.description.is_none() => brought.description = Some(value.into_owned()),
                "error_subcode" if brought.subcode.is_none() => brought.subcode = Some(value.into_owned()),
                _ => {}
            }
        }
        brought
    }
}

/// How it ended, and what the result page may tell this browser beyond that.
struct Ended {
    result: SignInResult,
    used: Option<String>,
    /// The directory that they signed in at, where it is another than the one that was asked for.
    elsewhere: Option<TenantId>,
    correlation: Option<String>,
    /// Entra's numbers for a refusal.
    codes: Vec<u32>,
}

impl From<SignInResult> for Ended {
    fn from(result: SignInResult) -> Self {
        Self { result, used: None, elsewhere: None, correlation: None, codes: Vec::new() }
    }
}

/// `GET /callback`.
pub(crate) async fn callback<W: World, B>(world: &W, request: &Request<B>) -> Answer {
    let brought = Brought::read(request.uri().query().unwrap_or_default());
    // A state of ours has 43 characters: anything else costs no look into the table.
    if brought.state.len() != 43 {
        return answer::see_other(&paths::problem(SignInResult::Unknown));
    }
    let state = fingerprint(&brought.state);
    let session = match world.session(&state).await {
        Ok(Some(session)) => session,
        Ok(None) => return answer::see_other(&paths::problem(SignInResult::Unknown)),
        Err(error) => {
            tracing::error!(target: "mooring::sign_in", error_name = error.name().as_str(), "a session could not be read: {error}");
            return answer::see_other(&paths::problem(SignInResult::TryLater));
        }
    };
    let Some(browser) = asked::browser(request.headers()).filter(|browser| fingerprint(browser) == session.browser)
    else {
        // Without the cookie this browser has no claim to the link either.
        tracing::warn!(target: "mooring::sign_in", onboarding_id = %session.onboarding_id, "a sign-in came back in another browser");
        return answer::see_other(&paths::problem(SignInResult::OtherBrowser));
    };
    let Ok(key) = world.link_key().await else { return answer::see_other(&paths::problem(SignInResult::TryLater)) };
    let link = key.link(&session.onboarding_id, LinkRole::Person(session.actor, session.links));
    let id = session.onboarding_id.clone();

    match world.consume_session(&state).await {
        Ok(Started::Now(_)) => {}
        Ok(Started::Before(before)) => return answer::see_other(&paths::result(&link, repeated(&before))),
        Ok(Started::Unknown) => return answer::see_other(&paths::problem(SignInResult::Unknown)),
        Err(error) => {
            logged(&id, &error);
            return answer::see_other(&paths::result(&link, SignInResult::TryLater));
        }
    }

    let kind = session.kind;
    let ended = finish(world, &key, &session, browser, brought).await;
    tracing::info!(target: "mooring::sign_in", onboarding_id = %id, actor = session.actor.as_str(), result = ended.result.as_str(), "a sign-in came back");
    if let Err(error) = world.session_result(&state, ended.result.as_str()).await {
        logged(&id, &error);
    }
    let note = json!({
        "result": ended.result, "used": ended.used, "directory": ended.elsewhere, "correlationId": ended.correlation,
        "codes": ended.codes, "at": world.now().to_string(),
    });
    let until = world.now().as_second() + SIGN_IN_SECONDS;
    // Without the note the result page says less, and nothing wrong.
    if let Err(error) = world.keep_note(&fingerprint(browser), &id, &note, until).await {
        logged(&id, &error);
    }
    let to = match (ended.result, kind) {
        (SignInResult::SignedIn, WaitKind::Confirm) => paths::confirm(&link),
        (SignInResult::SignedIn, WaitKind::Review) => paths::mapping(&link),
        (result, _) => paths::result(&link, result),
    };
    answer::see_other(&to)
}

/// What a second arrival is told: the same as the first, except that a success is not repeated.
fn repeated(session: &Session) -> SignInResult {
    match session.result.as_deref().and_then(SignInResult::parse) {
        None | Some(SignInResult::SignedIn) => SignInResult::AlreadyDone,
        Some(result) => result,
    }
}

/// Everything between the used-up session and the result.
async fn finish<W: World>(world: &W, key: &LinkKey, session: &Session, browser: &str, brought: Brought) -> Ended {
    let now = world.now();
    if now.as_second() >= session.ends_at {
        return SignInResult::Expired.into();
    }
    let id = &session.onboarding_id;
    let loaded = match world.load(id).await {
        Ok(loaded) => loaded,
        Err(error) => {
            logged(id, &error);
            return SignInResult::TryLater.into();
        }
    };
    if !still_asked(&loaded, session) {
        return SignInResult::MovedOn.into();
    }
    let cloud = loaded.meta.cloud;
    let opened = Opened { id: id.clone(), role: LinkRole::Person(session.actor, session.links), loaded };

    if let Some(error) = &brought.error {
        let refused =
            microsoft::entra::refused_redirect(error, brought.description.as_deref(), brought.subcode.as_deref());
        let ended = Ended {
            correlation: brought.description.as_deref().and_then(correlation_id),
            codes: refused.entra_codes().to_vec(),
            ..result_of(refused.kind()).into()
        };
        let detail =
            json!({"result": ended.result, "codes": refused.entra_codes(), "correlationId": ended.correlation});
        note(world, opened, Note::person(session.actor, "sign-in.refused", detail)).await;
        return ended;
    }
    let Some(code) = &brought.code else { return SignInResult::Unknown.into() };
    let Ok(verifier) = verifier(key, browser, &brought.state) else { return SignInResult::TryLater.into() };
    let nonce = key.nonce(browser, &brought.state);

    let signed_in = match world.redeem(cloud, session.actor, &session.tenant_id, code, &verifier, &nonce).await {
        Ok(signed_in) => signed_in,
        Err(Refused::Ours(name)) => {
            tracing::error!(target: "mooring::sign_in", onboarding_id = %id, error_name = name.as_str(), "a code could not be redeemed");
            return SignInResult::NotSetUp.into();
        }
        Err(Refused::Microsoft(error)) => {
            tracing::warn!(target: "mooring::sign_in", onboarding_id = %id, "a sign-in was refused: {error}");
            if let Some(person) = error.signed_in_elsewhere() {
                return elsewhere(world, session, opened, person).await;
            }
            let ended = Ended {
                correlation: error.request_ids().correlation.clone(),
                codes: error.entra_codes().to_vec(),
                ..result_of(error.kind()).into()
            };
            let detail =
                json!({"result": ended.result, "codes": error.entra_codes(), "correlationId": ended.correlation});
            note(world, opened, Note::person(session.actor, "sign-in.refused", detail)).await;
            return ended;
        }
    };
    accept(world, session, browser, opened, signed_in).await
}

/// Somebody signed in at another directory than the one that was asked for. The token is refused whoever it is; who it is decides what
/// they are told.
async fn elsewhere<W: World>(world: &W, session: &Session, opened: Opened, person: &microsoft::entra::Person) -> Ended {
    let Session { actor, directory, kind, .. } = *session;
    let the_one = person::is_named(&opened.loaded.meta, actor, person);
    let result = if the_one { SignInResult::WrongDirectory } else { SignInResult::WrongAccount };
    let facts =
        json!({"result": result, "tid": person.tenant, "oid": person.object_id, "directory": directory, "kind": kind});
    let action = if the_one { "sign-in.refused" } else { "sign-in.wrong-account" };
    note(world, opened, Note::person(actor, action, facts)).await;
    Ended { used: Some(person::shown(person)), elsewhere: Some(person.tenant.clone()), ..result.into() }
}

/// Whether the wait that the sign-in answers is still open.
fn still_asked(loaded: &Loaded, session: &Session) -> bool {
    // Somebody else may have been put in this person's place since.
    let theirs = loaded.meta.contact(session.actor).links == session.links;
    !loaded.meta.status.is_over() && theirs && loaded.open_wait().is_some_and(|wait| wait.wait_id == session.wait_id)
}

/// The expected person came back: seal, record, end the wait.
async fn accept<W: World>(world: &W, session: &Session, browser: &str, opened: Opened, signed_in: SignedIn) -> Ended {
    let SignedIn { person, refresh } = signed_in;
    let id = opened.id.clone();
    let Session { actor, directory, kind, .. } = *session;
    let facts = json!({"tid": person.tenant, "oid": person.object_id, "directory": directory, "kind": kind});
    if !person::is_expected(&opened.loaded.meta, actor, directory, &person) {
        // The tokens go out of scope here, unseen and unsealed.
        note(world, opened, Note::person(actor, "sign-in.wrong-account", facts)).await;
        return Ended { used: Some(person::shown(&person)), ..SignInResult::WrongAccount.into() };
    }
    let Some(refresh) = refresh else { return SignInResult::NotSetUp.into() };
    let Ok(sealed) = world.seal(&id, actor, &refresh).await else { return SignInResult::TryLater.into() };
    drop(refresh);

    let now = world.now();
    let proved_at = person.authenticated_at.map_or(now, |at| at.min(now)).as_second();
    if kind == WaitKind::Confirm && now.as_second() - proved_at > FRESH_SECONDS {
        return SignInResult::MultiFactor.into();
    }
    let credential = SealedCredential {
        actor,
        directory,
        tid: person.tenant.clone(),
        oid: person.object_id.clone(),
        sealed: sealed.into_iter().map(Blob).collect(),
        obtained_at: now.to_string(),
    };
    match record(world, session, opened, &person, credential, facts).await {
        Ok(true) => {}
        Ok(false) => return SignInResult::MovedOn.into(),
        Err(error) => {
            logged(&id, &error);
            return SignInResult::TryLater.into();
        }
    }
    let done = match kind {
        // Neither ends the wait: they open the page on which the person decides.
        WaitKind::Confirm | WaitKind::Review => {
            let expires_at = match kind {
                WaitKind::Review => now.as_second() + REVIEW_SECONDS,
                WaitKind::SignIn | WaitKind::Confirm | WaitKind::Fix => proved_at + FRESH_SECONDS,
            };
            let entry = Browser {
                onboarding_id: id.clone(),
                wait_id: session.wait_id.clone(),
                actor,
                tid: person.tenant,
                oid: person.object_id,
                signed_in_at: proved_at,
                expires_at,
            };
            world.remember_browser(&fingerprint(browser), &entry).await.map(|()| SignInResult::SignedIn)
        }
        WaitKind::SignIn | WaitKind::Fix => {
            world.end_wait(&id, &session.wait_id, Outcome::SignedIn, actor).await.map(|recorded| match recorded {
                Recorded::First { .. } => SignInResult::SignedIn,
                Recorded::Before { outcome: Outcome::SignedIn, .. } => SignInResult::AlreadyDone,
                Recorded::Before { .. } => SignInResult::MovedOn,
            })
        }
    };
    match done {
        Ok(result) => result.into(),
        Err(error) => {
            logged(&id, &error);
            SignInResult::TryLater.into()
        }
    }
}

/// Records who it was and the sealed token, in one change. `false`: the wait ended meanwhile, or somebody else was recorded.
async fn record<W: World>(
    world: &W,
    session: &Session,
    opened: Opened,
    person: &microsoft::entra::Person,
    credential: SealedCredential,
    facts: serde_json::Value,
) -> Result<bool, StoreError> {
    let Opened { id, mut loaded, .. } = opened;
    for _ in 0..TRIES {
        if !still_asked(&loaded, session)
            || !person::is_expected(&loaded.meta, session.actor, session.directory, person)
        {
            return Ok(false);
        }
        let mut change = Change::of(&loaded.meta);
        change.meta.set_object_id(session.actor, session.directory, person.object_id.clone());
        change.write(Write::Credential(credential.clone()));
        change.note(Note::person(session.actor, "sign-in.done", facts.clone()));
        match world.commit(&loaded.meta, change).await {
            Ok(_) => return Ok(true),
            Err(StoreError::Conflict) => loaded = world.load(&id).await?,
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Conflict)
}

/// Microsoft's words for people: `Correlation ID: <GUID>` in a description. Only a GUID is taken over.
fn correlation_id(description: &str) -> Option<String> {
    let (_, rest) = description.split_once("Correlation ID:")?;
    let id: String = rest.trim_start().chars().take(36).collect();
    TenantId::parse(&id).ok().map(|id| id.to_string())
}

/// What a refusal means for the person. See the classes of `EntraErrorKind`.
fn result_of(kind: ErrorKind) -> SignInResult {
    match kind {
        ErrorKind::Entra(kind) => match kind {
            EntraErrorKind::MfaRequired | EntraErrorKind::SignInAgain => SignInResult::MultiFactor,
            EntraErrorKind::ConsentRequired | EntraErrorKind::UserDeclined => SignInResult::ConsentDeclined,
            EntraErrorKind::AdminConsentRequired => SignInResult::AdminApproval,
            EntraErrorKind::CodeAlreadyUsed => SignInResult::AlreadyDone,
            EntraErrorKind::UserNotInTenant | EntraErrorKind::InvitationPending => SignInResult::NotInDirectory,
            EntraErrorKind::ConditionalAccess | EntraErrorKind::CrossTenantPolicy => SignInResult::SignInRule,
            EntraErrorKind::AppMisconfigured | EntraErrorKind::TenantNotFound | EntraErrorKind::WrongCloud => {
                SignInResult::NotSetUp
            }
            EntraErrorKind::AccountProblem => SignInResult::AccountProblem,
            EntraErrorKind::Throttled | EntraErrorKind::Unavailable => SignInResult::MicrosoftUnavailable,
            EntraErrorKind::Unknown => SignInResult::SomethingElse,
        },
        ErrorKind::IdToken(microsoft::errors::IdTokenFault::Tenant) => SignInResult::WrongDirectory,
        ErrorKind::IdToken(_) => SignInResult::NotTrusted,
        ErrorKind::Unavailable | ErrorKind::Throttled | ErrorKind::UnknownOutcome => SignInResult::MicrosoftUnavailable,
        ErrorKind::Credential => SignInResult::NotSetUp,
        ErrorKind::ClaimsChallenge => SignInResult::MultiFactor,
        ErrorKind::WrongTenant
        | ErrorKind::Unauthenticated
        | ErrorKind::Forbidden
        | ErrorKind::NotFound
        | ErrorKind::Conflict
        | ErrorKind::NotRegistered
        | ErrorKind::UnsupportedVersion
        | ErrorKind::Invalid
        | ErrorKind::Unexpected
        | ErrorKind::ForeignAddress => SignInResult::SomethingElse,
    }
}
