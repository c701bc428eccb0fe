//! After the move: ticking off what is left to do, and saying how it went. The onboarding has ended by then; both go into the trail.

use http::Request;
use impact::feedback::{Feedback, Felt, written};
use impact::to_do::How;
use onboarding::{ErrorName, Status};
use serde_json::json;
use store::{Change, Note, Write};
use web::pages::{FIELD_FELT, FIELD_HOW, FIELD_ITEM, FIELD_TEXT, FeedbackView, HOW_OPEN, TO_DO, feedback_wrong};
use web::{Answer, Fields, SignInResult, WebProblem, answer, pages, paths};

use crate::{World, change, open};

/// `POST /o/{link}/to-do`: a person says that one of their own things is done or not needed, or takes that back.
pub(crate) async fn tick<W: World, B: AsRef<[u8]>>(
    world: &W,
    link: &str,
    request: &Request<B>,
) -> Result<Answer, ErrorName> {
    let Some(posted) = Fields::read(request.body().as_ref()) else { return Ok(WebProblem::TooLarge.answer(false)) };
    let opened = match open(world, link).await? {
        Ok(opened) => opened,
        Err(answered) => return Ok(answered),
    };
    let Some(actor) = opened.actor() else { return Ok(WebProblem::ViewOnly.answer(false)) };
    let item = posted.get(FIELD_ITEM);
    let how = match posted.get(FIELD_HOW) {
        HOW_OPEN => None,
        said => match [How::Done, How::NotNeeded].into_iter().find(|how| how.as_str() == said) {
            Some(how) => Some(how),
            None => return Ok(answer::see_other(&paths::result(link, SignInResult::MovedOn))),
        },
    };
    if !opened.loaded.to_do(actor).is_some_and(|list| list.items.iter().any(|known| known.id == item)) {
        return Ok(answer::see_other(&paths::result(link, SignInResult::MovedOn)));
    }
    let now = world.now();
    change(world, &opened, |loaded| {
        let mut list = loaded.to_do(actor)?.clone();
        if !list.tick(item, how, &loaded.meta.contact(actor).zone(), now) {
            return None;
        }
        let action = match how {
            Some(How::Done) => "to-do.done",
            Some(How::NotNeeded) => "to-do.not-needed",
            None => "to-do.reopened",
        };
        let mut change = Change::of(&loaded.meta);
        change.note(Note::person(actor, action, json!({"item": item})));
        change.write(Write::ToDo(Box::new(list)));
        Some(change)
    })
    .await?;
    Ok(answer::see_other(&format!("{}#{TO_DO}", paths::progress(link))))
}

/// `POST /o/{link}/feedback`: how it went. Saying it again replaces what was said. The trail, and with it the events, gets the answer
/// and not the text.
pub(crate) async fn feedback<W: World, B: AsRef<[u8]>>(
    world: &W,
    link: &str,
    request: &Request<B>,
) -> Result<Answer, ErrorName> {
    let Some(posted) = Fields::read(request.body().as_ref()) else { return Ok(WebProblem::TooLarge.answer(false)) };
    let opened = match open(world, link).await? {
        Ok(opened) => opened,
        Err(answered) => return Ok(answered),
    };
    let Some(actor) = opened.actor() else { return Ok(WebProblem::ViewOnly.answer(false)) };
    if opened.loaded.meta.status != Status::Done {
        return Ok(answer::see_other(&paths::result(link, SignInResult::MovedOn)));
    }
    let (felt, text) = match (Felt::parse(posted.get(FIELD_FELT)), written(posted.get(FIELD_TEXT))) {
        (Some(felt), Some(text)) => (felt, text),
        (felt, text) => {
            let wrong = [(felt.is_none(), FIELD_FELT), (text.is_none(), FIELD_TEXT)];
            let problems: Vec<_> =
                wrong.into_iter().filter(|(wrong, _)| *wrong).map(|(_, field)| feedback_wrong(field)).collect();
            let reference = opened.loaded.meta.onboarding_id.reference();
            let view = FeedbackView { link, reference: &reference, values: &posted, problems: &problems };
            return Ok(answer::page(http::StatusCode::UNPROCESSABLE_ENTITY, pages::feedback(&view)));
        }
    };
    let said = Feedback { actor, felt, text, at: world.now() };
    change(world, &opened, |loaded| {
        let before = loaded.felt(actor);
        if before.is_some_and(|before| (before.felt, &before.text) == (said.felt, &said.text)) {
            return None;
        }
        let mut change = Change::of(&loaded.meta);
        change.note(Note::person(actor, "feedback.given", json!({"felt": said.felt})));
        change.write(Write::Feedback(Box::new(said.clone())));
        Some(change)
    })
    .await?;
    Ok(answer::see_other(&format!("{}#{}", paths::progress(link), pages::FEEDBACK)))
}
