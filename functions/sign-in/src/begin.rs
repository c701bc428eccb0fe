//! Before Microsoft: what is asked, and the two answers to it.

use http::{Request, StatusCode};
use impact::preflight::CheckId;
use jiff::Timestamp;
use onboarding::links::{LinkRole, fingerprint};
use onboarding::request::AccountKind;
use onboarding::{Actor, Directory, ErrorClass, ErrorName, Outcome, WaitKind};
use secrecy::SecretString;
use store::{Change, Meta, Note, Recorded, Session, SessionState, StoreError, WaitRecord};
use web::pages::{ChooseView, FixView, Invitation, NotYoursView, Request as Forward, TurnView};
use web::{Answer, Fields, SignInResult, WebProblem, answer, asked, pages, paths};

use crate::{Asking, Opened, World, logged, open};

/// How long a person has at Microsoft, in seconds.
pub(crate) const SIGN_IN_SECONDS: i64 = 600;

/// The name of a directory, as far as it is known.
pub(crate) fn directory_name(meta: &Meta, directory: Directory) -> String {
    match directory {
        Directory::Source => meta.source_tenant_id.to_string(),
        Directory::Partner => meta.partner_directory_name.clone().unwrap_or_else(|| meta.partner_directory.clone()),
    }
}

/// Personal accounts sign in on another host of Microsoft's, which the way there leads through.
const PERSONAL_SIGN_IN: &str = "https://login.live.com";

/// Work accounts may sign in at their company's own identity provider, to which Entra redirects at once when it knows the
/// account; nobody can list those hosts, and Chromium would stop the redirect. The form itself leads to us only.
const FEDERATED_SIGN_IN: &str = "https:";

/// `GET /o/{link}/turn`.
pub(crate) async fn turn<W: World>(world: &W, link: &str) -> Result<Answer, ErrorName> {
    let opened = match open(world, link).await? {
        Ok(opened) => opened,
        Err(problem) => return Ok(problem.answer(false)),
    };
    let meta = &opened.loaded.meta;
    let reference = meta.onboarding_id.reference();
    if meta.status.is_over() {
        return Ok(answer::see_other(&paths::progress(link)));
    }
    let Some(wait) = opened.loaded.open_wait().filter(|wait| opened.actor() == Some(wait.actor)) else {
        let actor = opened.loaded.open_wait().map(|wait| wait.actor);
        let may_forward = opened.actor().is_some_and(|actor| opened.loaded.may_hand_over(actor));
        let view = NotYoursView { link, reference: &reference, actor, may_forward };
        return Ok(answer::page(StatusCode::OK, pages::not_yours(&view)));
    };
    let deadline: Timestamp = wait.deadline_at.parse().unwrap_or_else(|_| world.now());
    if wait.kind == WaitKind::Fix {
        return Ok(fix(&opened, link, &reference, wait, deadline));
    }
    let login = world.login_page(meta.cloud)?;
    let origin = asked::origin_of(&login).unwrap_or_default().to_owned();
    let host = origin.split("://").nth(1).unwrap_or_default().to_owned();
    let mut origins = vec![origin];
    let personal = wait.actor == Actor::Owner && meta.owner_account == AccountKind::Personal;
    origins.push(if personal { PERSONAL_SIGN_IN } else { FEDERATED_SIGN_IN }.to_owned());
    let name = reason_of(wait);
    let page = pages::turn(&TurnView {
        link,
        reference: &reference,
        actor: wait.actor,
        kind: wait.kind,
        account: meta.email(wait.actor),
        account_kind: if wait.actor == Actor::Owner { meta.owner_account } else { AccountKind::Work },
        directory: wait.directory,
        directory_name: &directory_name(meta, wait.directory),
        reason: name.map(texts::explanation),
        subscription: pages::subscription_said(meta.subscription_name.as_deref(), &meta.subscription_id),
        from: &directory_name(meta, Directory::Source),
        to: &directory_name(meta, Directory::Partner),
        again: meta.object_id(wait.actor, wait.directory).is_some(),
        guest: wait.actor == Actor::Owner && wait.directory == Directory::Partner && meta.guest_invited,
        moved: meta.moved,
        may_decline: !meta.is_past_return(),
        may_extend: wait.extended_at.is_none(),
        may_reroute: opened.loaded.may_change_route(wait.actor),
        deadline,
        login_host: &host,
    });
    Ok(answer::page_leading_to(&origins, page))
}

fn reason_of(wait: &WaitRecord) -> Option<ErrorName> {
    wait.reason.as_deref().and_then(ErrorName::parse)
}

fn fix(opened: &Opened, link: &str, reference: &str, wait: &WaitRecord, deadline: Timestamp) -> Answer {
    let meta = &opened.loaded.meta;
    if let Some(why @ (ErrorName::SubscriptionNotChosen | ErrorName::SubscriptionNotVisible)) = reason_of(wait) {
        let view = ChooseView {
            link,
            reference,
            why,
            explanation: texts::explanation(why),
            looked_for: Some(&meta.subscription_id).filter(|id| id.is_chosen()),
            directory: meta.source_tenant_id.as_str(),
            checks: &opened.loaded.preflight,
            values: &Fields::default(),
            problems: &[],
            deadline,
            may_forward: !meta.is_past_return(),
        };
        return answer::page(StatusCode::OK, pages::choose(&view));
    }
    let name = reason_of(wait).filter(|name| name.class() == ErrorClass::Fix).unwrap_or(ErrorName::InternalBug);
    let (source, partner) = (directory_name(meta, Directory::Source), directory_name(meta, Directory::Partner));
    let (leaving, entering) = (name == ErrorName::LeavingBlocked, name == ErrorName::EnteringBlocked);
    let request = (leaving || entering).then(|| {
        let (directory, tenant, other) = if leaving {
            (&source, &meta.source_tenant_id, &partner)
        } else {
            (&partner, &meta.partner_tenant_id, &source)
        };
        let account = if leaving { Actor::Owner } else { meta.route.acceptor() };
        Forward {
            blocked: name,
            directory: (directory, tenant.as_str()),
            other,
            account: meta.email(account),
            object_id: meta
                .object_id(account, if leaving { Directory::Source } else { Directory::Partner })
                .map(onboarding::ObjectId::as_str),
            subscription: meta.subscription_id.as_str(),
        }
    });
    let refused = opened.loaded.preflight.get(CheckId::Invitations);
    let invitation = (name == ErrorName::InvitationRefused).then(|| Invitation {
        address: &meta.owner_email,
        said: refused.and_then(|row| row.evidence.get("said")).and_then(|said| said.as_str()),
        may_do_without: opened.loaded.may_change_route(wait.actor),
    });
    let explanation = texts::explanation(name);
    let view = FixView { link, reference, id: name.as_str(), explanation, request, invitation, deadline };
    answer::page(StatusCode::OK, pages::fix(&view))
}

/// What a POST needs before it may do anything: our own page, a person's link, and that it is their turn.
async fn acting<W: World, B>(
    world: &W,
    link: &str,
    request: &Request<B>,
) -> Result<Result<(Opened, WaitRecord), Answer>, ErrorName> {
    if !asked::came_from_our_page(request.headers(), world.portal()) {
        return Ok(Err(WebProblem::CrossSite.answer(false)));
    }
    let opened = match open(world, link).await? {
        Ok(opened) => opened,
        Err(problem) => return Ok(Err(problem.answer(false))),
    };
    if opened.role == LinkRole::Viewer {
        return Ok(Err(WebProblem::ViewOnly.answer(false)));
    }
    let wait = opened.loaded.open_wait().filter(|wait| opened.actor() == Some(wait.actor)).cloned();
    match wait {
        Some(wait) if !opened.loaded.meta.status.is_over() => Ok(Ok((opened, wait))),
        _ => Ok(Err(answer::see_other(&paths::result(link, SignInResult::MovedOn)))),
    }
}

/// `POST /o/{link}/sign-in`: begins a sign-in and sends the browser to Microsoft.
pub(crate) async fn sign_in<W: World, B>(world: &W, link: &str, request: &Request<B>) -> Result<Answer, ErrorName> {
    let (opened, wait) = match acting(world, link, request).await? {
        Ok(acting) => acting,
        Err(answered) => return Ok(answered),
    };
    if wait.kind == WaitKind::Fix {
        return Ok(answer::see_other(&paths::turn(link)));
    }
    let meta = &opened.loaded.meta;
    // One value a browser: a second tab must not end the first one's sign-in.
    let browser = match asked::browser(request.headers()) {
        Some(browser) => browser.to_owned(),
        None => world.random()?,
    };
    let state = world.random()?;
    let key = world.link_key().await?;
    let (verifier, nonce) = (verifier(&key, &browser, &state)?, key.nonce(&browser, &state));
    let tenant = meta.tenant(wait.directory);
    let now = world.now();
    let session = Session {
        onboarding_id: opened.id.clone(),
        wait_id: wait.wait_id.clone(),
        kind: wait.kind,
        actor: wait.actor,
        directory: wait.directory,
        tenant_id: tenant.clone(),
        browser: fingerprint(&browser),
        links: meta.contact(wait.actor).links,
        state: SessionState::Started,
        started_at: now.to_string(),
        ends_at: now.as_second() + SIGN_IN_SECONDS,
        result: None,
    };
    let to = world
        .authorize(&Asking {
            cloud: meta.cloud,
            tenant,
            actor: wait.actor,
            invite: meta.route == onboarding::Route::SingleAccount,
            state: &state,
            nonce: &nonce,
            verifier: &verifier,
            login_hint: meta.email(wait.actor),
            personal: wait.actor == Actor::Owner && meta.owner_account == AccountKind::Personal,
            fresh: wait.kind == WaitKind::Confirm,
            claims: wait.claims.as_deref(),
        })
        .await?;
    world.start_session(&fingerprint(&state), &session).await.map_err(|error| logged(&opened.id, &error))?;
    tracing::info!(target: "mooring::sign_in", onboarding_id = %opened.id, actor = wait.actor.as_str(), kind = wait.kind.as_str(), "a sign-in began");
    Ok(answer::with_cookie(answer::see_other(&to), &asked::browser_cookie(&browser)))
}

/// The verifier of this browser's sign-in with this state.
pub(crate) fn verifier(
    key: &onboarding::links::LinkKey,
    browser: &str,
    state: &str,
) -> Result<microsoft::entra::CodeVerifier, ErrorName> {
    microsoft::entra::CodeVerifier::new(SecretString::from(key.code_verifier(browser, state)))
        .map_err(|_| ErrorName::InternalBug)
}

/// `POST /o/{link}/decline`: ends the onboarding. With `?report=yes` the person says too that they don't know what it is about.
pub(crate) async fn decline<W: World, B>(world: &W, link: &str, request: &Request<B>) -> Result<Answer, ErrorName> {
    let (opened, wait) = match acting(world, link, request).await? {
        Ok(acting) => acting,
        Err(answered) => return Ok(answered),
    };
    // After the move, or while it may be under way, there is nothing left to decline: the page doesn't offer it.
    if opened.loaded.meta.is_past_return() {
        return Ok(answer::see_other(&paths::turn(link)));
    }
    let reports = request.uri().query() == Some(paths::REPORT);
    let declined = if reports { SignInResult::Reported } else { SignInResult::Declined };
    let recorded = world
        .end_wait(&opened.id, &wait.wait_id, Outcome::Declined, wait.actor)
        .await
        .map_err(|error| logged(&opened.id, &error))?;
    let result = match recorded {
        Recorded::First { .. } => {
            let mut entries =
                vec![Note::person(wait.actor, "onboarding.declined", serde_json::json!({"wait": wait.wait_id}))];
            if reports {
                // What an operator's alarm looks for: somebody was asked for their sign-in who doesn't know why.
                tracing::warn!(target: "mooring::sign_in", onboarding_id = %opened.id, actor = wait.actor.as_str(), error_name = SignInResult::Reported.id(), "a person reported an onboarding that they don't know");
                entries.push(Note::person(
                    wait.actor,
                    "onboarding.reported",
                    serde_json::json!({"wait": wait.wait_id}),
                ));
            }
            note_all(world, opened, &entries).await;
            declined
        }
        Recorded::Before { outcome: Outcome::Declined, .. } => declined,
        Recorded::Before { .. } => SignInResult::MovedOn,
    };
    Ok(answer::see_other(&paths::result(link, result)))
}

/// How often a change is tried again when somebody else writes at the same time.
pub(crate) const TRIES: usize = 5;

/// Adds an entry to the audit trail, beside what has happened already: a failure is logged and does not undo it.
pub(crate) async fn note<W: World>(world: &W, opened: Opened, entry: Note) {
    note_all(world, opened, &[entry]).await;
}

/// The same for several, in one change.
async fn note_all<W: World>(world: &W, opened: Opened, entries: &[Note]) {
    let Opened { id, loaded, .. } = opened;
    let mut meta = loaded.meta;
    for _ in 0..TRIES {
        let mut change = Change::of(&meta);
        for entry in entries {
            change.note(entry.clone());
        }
        match world.commit(&meta, change).await {
            Ok(_) => return,
            Err(StoreError::Conflict) => match world.load(&id).await {
                Ok(loaded) => meta = loaded.meta,
                Err(error) => {
                    logged(&id, &error);
                    return;
                }
            },
            Err(error) => {
                logged(&id, &error);
                return;
            }
        }
    }
    tracing::error!(target: "mooring::sign_in", onboarding_id = %id, actions = ?entries.iter().map(|entry| entry.action).collect::<Vec<_>>(), "the audit entries could not be written");
}
