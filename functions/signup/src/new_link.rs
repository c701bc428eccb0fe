//! Having a lost link mailed again (`GET` and `POST /new-link`).
//!
//! The link goes to the address that the onboarding knows already, never to one that is typed here, and the page says the same
//! whatever is known: neither a reference nor an address can be tried out. Mails are counted by address, like those with codes, and
//! requests by where they come from.
//!
//! AWS calls: the reference, the record, the count, one mail. Microsoft calls: none.

use http::StatusCode;
use onboarding::{ErrorName, OnboardingId};
use web::pages::{FIELD_EMAIL, FIELD_REFERENCE, NewLinkView, new_link_wrong, too_many};
use web::{Answer, Fields, Problem, answer, pages};

use crate::limits;
use crate::mailbox::{CODES_A_DAY, person_of};
use crate::world::World;

/// `GET /new-link`.
pub(crate) fn show() -> Answer {
    page(StatusCode::OK, &Fields::default(), &[])
}

fn page(status: StatusCode, values: &Fields, problems: &[Problem]) -> Answer {
    answer::page(status, pages::new_link(&NewLinkView { values, problems }))
}

/// `POST /new-link`.
pub(crate) async fn send<W: World>(world: &W, posted: &Fields, source: &str) -> Result<Answer, ErrorName> {
    let reference = OnboardingId::parse_reference(posted.get(FIELD_REFERENCE));
    let email = onboarding::request::email(posted.get(FIELD_EMAIL));
    let (Some(reference), Some(email)) = (&reference, &email) else {
        let wrong = [(FIELD_REFERENCE, reference.is_none()), (FIELD_EMAIL, email.is_none())];
        let wrong: Vec<Problem> =
            wrong.into_iter().filter(|(_, wrong)| *wrong).map(|(field, _)| new_link_wrong(field)).collect();
        return Ok(page(StatusCode::UNPROCESSABLE_ENTITY, posted, &wrong));
    };
    if let Some(again) = limits::of_source(world, &limits::LINKS, source).await? {
        let refused = page(StatusCode::TOO_MANY_REQUESTS, posted, &[too_many(again)]);
        return Ok(limits::with_again(refused, world, Some(again)));
    }
    let found = match world.of_reference(reference).await? {
        Some(id) => world.meta(&id).await?,
        None => None,
    };
    if let Some((meta, actor)) = found.and_then(|meta| person_of(&meta, email).map(|actor| (meta, actor)))
        && world.may_mail(email, CODES_A_DAY).await?
    {
        world.mail_link(&meta.onboarding_id, actor).await?;
        tracing::info!(target: "mooring::signup", onboarding_id = %meta.onboarding_id, to = actor.as_str(), "a link was asked for again");
    }
    Ok(answer::page(StatusCode::OK, pages::new_link_sent()))
}
