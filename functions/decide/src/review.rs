//! The review: who gets access again, and why hard stops may be accepted.
//!
//! The partner admin decides during their review, the owner while their confirmation is open. Nobody agrees to what they decided
//! themselves, a decision that is made anew loses the agreement it had, and what nobody decided is not given. Every change names
//! the decisions that it was made on top of: two people, or two tabs, can't overwrite each other.

use std::collections::BTreeMap;

use access::mapping::{Decision, Verdict, accept_all_exact};
use http::{Request, StatusCode};
use impact::report::Override;
use onboarding::links::fingerprint;
use onboarding::{Actor, ErrorName, ObjectId, Outcome, WaitKind};
use serde_json::json;
use store::records::Review;
use store::{Browser, Change, Loaded, Meta, Note, Recorded, WaitRecord, Write};
use web::form::MAX_LIST;
use web::pages::{
    CsvProblem, DO_APPLY, DO_DONE, DO_EXACT, DO_OVERRIDE, DO_PREVIEW, DO_SAVE, Difference, FIELD_CSV, FIELD_DO,
    FIELD_PAGE, FIELD_VERSION, MAPPING_ROWS, MappingView, Part, agree_field, decide_field, reason_field, target_field,
};
use web::{Answer, Fields, Problem, SignInResult, WebProblem, answer, asked, pages, paths, row_key};

use crate::confirm::{confirmation, proves};
use crate::material::{Material, by_assignment, material};
use crate::{Opened, World, change, logged, open};

/// How short and how long a reason may be, in characters.
const REASON: std::ops::RangeInclusive<usize> = 10..=1000;

/// How many reasons one audit entry names: an item holds 400 kB.
const REASONS_AN_ENTRY: usize = 100;

/// Everything that deciding needs.
pub(crate) struct Ready {
    pub(crate) opened: Opened,
    wait: WaitRecord,
    actor: Actor,
    pub(crate) material: Material,
    pub(crate) review: Review,
}

/// The partner admin's review, if it is open.
fn reviewing(loaded: &Loaded) -> Option<&WaitRecord> {
    let waiting = !loaded.meta.status.is_over() && !loaded.meta.is_past_return();
    loaded.open_wait().filter(|wait| waiting && wait.kind == WaitKind::Review && wait.actor == Actor::PartnerAdmin)
}

/// The wait during which this person may decide.
fn deciding(loaded: &Loaded, actor: Actor) -> Option<&WaitRecord> {
    match actor {
        Actor::PartnerAdmin => reviewing(loaded),
        Actor::Owner => confirmation(loaded),
    }
}

/// Whether the browser's entry names the partner admin: reading a report takes longer than ten minutes, and the owner's
/// confirmation asks for a fresh sign-in anyway.
fn names(browser: &Browser, meta: &Meta, wait: &WaitRecord, now: i64) -> bool {
    browser.actor == wait.actor
        && browser.tid == *meta.tenant(wait.directory)
        && meta.object_id(wait.actor, wait.directory) == Some(&browser.oid)
        && browser.signed_in_at <= now
        && now < browser.expires_at
}

pub(crate) async fn ready<W: World, B>(
    world: &W,
    link: &str,
    request: &Request<B>,
) -> Result<Result<Ready, Answer>, ErrorName> {
    let opened = match open(world, link).await? {
        Ok(opened) => opened,
        Err(answered) => return Ok(Err(answered)),
    };
    let Some(actor) = opened.actor() else { return Ok(Err(WebProblem::ViewOnly.answer(false))) };
    let Some(wait) = deciding(&opened.loaded, actor).cloned() else {
        return Ok(Err(answer::see_other(&paths::result(link, SignInResult::MovedOn))));
    };
    let browser = match asked::browser(request.headers()) {
        Some(cookie) => {
            let found = world.browser(&fingerprint(cookie), &opened.id, actor).await;
            found.map_err(|error| logged(&opened.id, &error))?
        }
        None => None,
    };
    let (meta, now) = (&opened.loaded.meta, world.now().as_second());
    let known = browser.is_some_and(|browser| match actor {
        Actor::PartnerAdmin => names(&browser, meta, &wait, now),
        Actor::Owner => proves(&browser, meta, &wait, now),
    });
    if !known {
        return Ok(Err(answer::see_other(&paths::turn(link))));
    }
    let material = material(world, &opened).await?;
    let review = material.review(&opened.loaded);
    Ok(Ok(Ready { opened, wait, actor, material, review }))
}

/// What the page shows besides what is decided.
#[derive(Default)]
struct Shown<'a> {
    page: usize,
    typed: Option<&'a Fields>,
    problems: Vec<Problem>,
    csv_problems: Vec<CsvProblem>,
    differences: Option<Vec<Difference>>,
    saved: Option<usize>,
}

impl Ready {
    fn exact(&self) -> usize {
        let Self { material, review, actor, .. } = self;
        let (decisions, assignments) = (&review.decisions, &material.snapshot.assignments);
        accept_all_exact(decisions, assignments, &material.people.suggestions, *actor, "").1
    }

    fn page(&self, link: &str, shown: Shown<'_>) -> Answer {
        let all = self.material.restorable();
        let part = Part::of(all.len(), MAPPING_ROWS, shown.page);
        let decided = by_assignment(&self.review);
        let nothing = Fields::default();
        let view = MappingView {
            link,
            reference: &self.opened.loaded.meta.onboarding_id.reference(),
            viewer: self.actor,
            rows: &self.material.rows(part.of_rows(&all), &self.review),
            part,
            decided: all.iter().filter(|one| decided.contains_key(one.id.as_str())).count(),
            left: self.material.snapshot.assignments.len() - all.len(),
            exact: self.exact(),
            stops: &self.material.stop_rows(&self.review),
            version: &self.review.hash(),
            typed: shown.typed.unwrap_or(&nothing),
            csv_problems: &shown.csv_problems,
            differences: shown.differences.as_deref(),
            problems: &shown.problems,
            saved: shown.saved,
        };
        let status = if view.problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        answer::page(status, pages::mapping(&view))
    }

    /// A change of the decisions with the notes about it. `false`: something else was decided meanwhile, or the turn is over.
    async fn keep<W: World>(&self, world: &W, review: &Review, notes: &[Note]) -> Result<bool, ErrorName> {
        let before = self.opened.loaded.review.hash();
        let hash = review.hash();
        change(world, &self.opened, |loaded| {
            let same = deciding(loaded, self.actor).is_some_and(|open| open.wait_id == self.wait.wait_id)
                && loaded.review.hash() == before;
            same.then(|| {
                let mut change = Change::of(&loaded.meta);
                change.meta.decisions_hash = Some(hash.clone());
                change.write(Write::Review(Box::new(review.clone())));
                for note in notes {
                    change.note(note.clone());
                }
                change
            })
        })
        .await
    }
}

/// `GET /o/{link}/mapping`.
pub(crate) async fn show<W: World, B>(world: &W, link: &str, request: &Request<B>) -> Result<Answer, ErrorName> {
    Ok(match ready(world, link, request).await? {
        Ok(ready) => {
            let asked = Fields::read(request.uri().query().unwrap_or_default().as_bytes()).unwrap_or_default();
            let problems = if asked.get("stale").is_empty() { Vec::new() } else { vec![pages::stale()] };
            let (page, saved) = (asked.get("page").parse().unwrap_or(1), asked.get("saved").parse().ok());
            ready.page(link, Shown { page, saved, problems, ..Shown::default() })
        }
        Err(answered) => answered,
    })
}

/// What a form changes: the decisions as they shall be, how many changes that is, and the entries about reasons.
pub(crate) struct Wanted {
    pub(crate) review: Review,
    pub(crate) changes: usize,
    pub(crate) notes: Vec<Note>,
}

/// `POST /o/{link}/mapping`.
pub(crate) async fn decide<W: World, B: AsRef<[u8]>>(
    world: &W,
    link: &str,
    request: &Request<B>,
) -> Result<Answer, ErrorName> {
    let Some(posted) = Fields::read_up_to(request.body().as_ref(), MAX_LIST) else {
        return Ok(WebProblem::TooLarge.answer(false));
    };
    let ready = match ready(world, link, request).await? {
        Ok(ready) => ready,
        Err(answered) => return Ok(answered),
    };
    let page = posted.get(FIELD_PAGE).parse().unwrap_or(1);
    let shown = |problems| Shown { page, typed: Some(&posted), problems, ..Shown::default() };
    if posted.get(FIELD_VERSION) != ready.review.hash() {
        // What was ticked belongs to other decisions; only a pasted list is worth keeping.
        let kept = Fields::default().with(FIELD_CSV, posted.get(FIELD_CSV));
        return Ok(ready.page(link, Shown { typed: Some(&kept), ..shown(vec![pages::stale()]) }));
    }
    let at = world.now().to_string();
    let wanted = match posted.get(FIELD_DO) {
        DO_SAVE => ready.saved(&posted, &at),
        DO_EXACT => Ok(ready.accepted(&at)),
        DO_OVERRIDE => ready.overridden(&posted, &at),
        DO_PREVIEW => return Ok(ready.previewed(link, &posted, &at, shown(Vec::new()))),
        DO_APPLY => match ready.listed(posted.get(FIELD_CSV), &at) {
            Ok(wanted) => Ok(wanted),
            Err(_) => return Ok(ready.previewed(link, &posted, &at, shown(Vec::new()))),
        },
        DO_DONE if ready.actor == Actor::PartnerAdmin => return done(world, link, &ready).await,
        _ => Err(vec![pages::nothing_changed()]),
    };
    let wanted = match wanted {
        Ok(wanted) if wanted.changes == 0 => return Ok(ready.page(link, shown(vec![pages::nothing_changed()]))),
        Ok(wanted) => wanted,
        Err(problems) => return Ok(ready.page(link, shown(problems))),
    };
    let mut notes = wanted.notes;
    notes.push(Note::person(ready.actor, "access.decided", ready.counted(&wanted.review)));
    if !ready.keep(world, &wanted.review, &notes).await? {
        return Ok(answer::see_other(&format!("{}?stale=yes", paths::mapping(link))));
    }
    Ok(answer::see_other(&format!("{}?page={page}&saved={}", paths::mapping(link), wanted.changes)))
}

/// Ends the review: the owner may decide now.
async fn done<W: World>(world: &W, link: &str, ready: &Ready) -> Result<Answer, ErrorName> {
    // The hash that the owner's page starts from is that of decisions about what is there now.
    let detail = ready.counted(&ready.review);
    if !ready.keep(world, &ready.review, &[Note::person(ready.actor, "review.done", detail)]).await? {
        return Ok(answer::see_other(&paths::result(link, SignInResult::MovedOn)));
    }
    let ended = world
        .end_wait(&ready.opened.id, &ready.wait.wait_id, Outcome::Reviewed, ready.actor)
        .await
        .map_err(|error| logged(&ready.opened.id, &error))?;
    let result = match ended {
        Recorded::First { .. } | Recorded::Before { outcome: Outcome::Reviewed, .. } => SignInResult::Reviewed,
        Recorded::Before { .. } => SignInResult::MovedOn,
    };
    tracing::info!(target: "mooring::decide", onboarding_id = %ready.opened.id, result = result.as_str(), "the review ended");
    Ok(answer::see_other(&paths::result(link, result)))
}

impl Ready {
    /// What the audit trail keeps of decisions: counts and the hash that a confirmation is bound to.
    fn counted(&self, review: &Review) -> serde_json::Value {
        let count = |verdict| review.decisions.iter().filter(|decision| decision.verdict == verdict).count();
        let (restore, skip) = (count(Verdict::Restore), count(Verdict::Skip));
        json!({
            "restore": restore,
            "skip": skip,
            "undecided": self.material.restorable().len().saturating_sub(restore + skip),
            "overrides": review.overrides.len(),
            "decisionsHash": review.hash(),
            "snapshotHash": review.snapshot_hash,
        })
    }

    /// The decisions so far, by assignment.
    pub(crate) fn decided(&self) -> BTreeMap<String, Decision> {
        self.review.decisions.iter().map(|decision| (decision.assignment.clone(), decision.clone())).collect()
    }

    /// The review with these decisions: sorted, as they are always kept.
    pub(crate) fn with(&self, decided: BTreeMap<String, Decision>) -> Review {
        Review { decisions: decided.into_values().collect(), ..self.review.clone() }
    }

    /// Makes a decision, in place of the one before: the agreement to that one falls with it. Saying the same again changes nothing.
    pub(crate) fn decide(
        &self,
        decided: &mut BTreeMap<String, Decision>,
        assignment: &str,
        verdict: Verdict,
        target: Option<ObjectId>,
        at: &str,
    ) -> bool {
        if decided.get(assignment).is_some_and(|known| known.verdict == verdict && known.target == target) {
            return false;
        }
        let decision = Decision {
            assignment: assignment.to_owned(),
            verdict,
            target,
            by: self.actor,
            at: at.to_owned(),
            seconded_by: None,
        };
        decided.insert(assignment.to_owned(), decision);
        true
    }

    /// The rows of a page as they were posted.
    fn saved(&self, posted: &Fields, at: &str) -> Result<Wanted, Vec<Problem>> {
        let named = self.material.named();
        let mut decided = self.decided();
        let (mut problems, mut changes) = (Vec::new(), 0);
        for assignment in self.material.restorable() {
            let key = row_key(&assignment.id);
            match posted.get(&decide_field(&key)) {
                "restore" => match ObjectId::parse(posted.get(&target_field(&key))) {
                    Ok(target) => {
                        let made = self.decide(&mut decided, &assignment.id, Verdict::Restore, Some(target), at);
                        changes += usize::from(made);
                    }
                    Err(_) => problems.push(pages::target_wrong(&key, &named.who(assignment))),
                },
                "skip" => changes += usize::from(self.decide(&mut decided, &assignment.id, Verdict::Skip, None, at)),
                _ => {}
            }
            let agree = agree_field(&key);
            if posted.get(&agree) != "yes" {
                continue;
            }
            match decided.get_mut(&assignment.id) {
                Some(known) if known.by == self.actor => problems.push(pages::own_decision(&agree)),
                Some(known) if known.seconded_by.is_none() => {
                    known.seconded_by = Some(self.actor);
                    changes += 1;
                }
                Some(_) | None => {}
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Wanted { review: self.with(decided), changes, notes: Vec::new() })
    }

    /// Every exact suggestion that nobody decided about.
    fn accepted(&self, at: &str) -> Wanted {
        let (decisions, changes) = accept_all_exact(
            &self.review.decisions,
            &self.material.snapshot.assignments,
            &self.material.people.suggestions,
            self.actor,
            at,
        );
        Wanted { review: Review { decisions, ..self.review.clone() }, changes, notes: Vec::new() }
    }

    /// Reasons for hard stops, and agreement to the other person's.
    fn overridden(&self, posted: &Fields, at: &str) -> Result<Wanted, Vec<Problem>> {
        let mut review = self.review.clone();
        let (mut problems, mut given, mut agreed) = (Vec::new(), Vec::new(), Vec::new());
        for stop in self.material.stops() {
            let key = row_key(&stop.id);
            let (reason, agree) = (posted.get(&reason_field(&key)), agree_field(&key));
            let known = review.overrides.iter_mut().find(|known| known.finding == stop.id);
            let same = known.as_ref().is_some_and(|known| known.reason == reason);
            if posted.get(&agree) == "yes" {
                match known {
                    // A reason that was typed anew is one's own, whatever is ticked beside it.
                    Some(known) if known.by != self.actor && (same || reason.is_empty()) => {
                        if known.seconded_by.is_none() {
                            known.seconded_by = Some(self.actor);
                            agreed.push(json!({"finding": stop.id, "reason": known.reason}));
                        }
                    }
                    _ => problems.push(pages::own_decision(&agree)),
                }
                continue;
            }
            if reason.is_empty() || same {
                continue;
            }
            if !REASON.contains(&reason.chars().count()) {
                problems.push(pages::reason_wrong(&key, &stop.name));
                continue;
            }
            given.push(json!({"finding": stop.id, "reason": reason}));
            review.overrides.retain(|known| known.finding != stop.id);
            review.overrides.push(Override {
                finding: stop.id.clone(),
                reason: reason.to_owned(),
                by: self.actor,
                at: at.to_owned(),
                seconded_by: None,
            });
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        review.overrides.sort_by(|one, other| one.finding.cmp(&other.finding));
        let changes = given.len() + agreed.len();
        let mut notes = reasons(self.actor, "override.given", &given);
        notes.extend(reasons(self.actor, "override.agreed", &agreed));
        Ok(Wanted { review, changes, notes })
    }

    /// What a pasted list changes, shown before anything is kept.
    fn previewed(&self, link: &str, posted: &Fields, at: &str, shown: Shown<'_>) -> Answer {
        match self.listed(posted.get(FIELD_CSV), at) {
            Ok(wanted) => {
                let differences = self.differences(&wanted.review);
                self.page(link, Shown { differences: Some(differences), ..shown })
            }
            Err(csv_problems) => {
                let problems = vec![pages::csv_wrong(csv_problems.len())];
                self.page(link, Shown { csv_problems, problems, ..shown })
            }
        }
    }

    /// The differences between what is decided and what would be, row by row.
    fn differences(&self, wanted: &Review) -> Vec<Difference> {
        let named = self.material.named();
        let (before, after) = (by_assignment(&self.review), by_assignment(wanted));
        let said = |decision: Option<&&Decision>| match decision {
            None => pages::decision_said(None, None),
            Some(decision) => {
                let target = decision.target.as_ref().map(|target| named.target(target));
                pages::decision_said(Some(decision.verdict), target.as_deref())
            }
        };
        let mut differences = Vec::new();
        for assignment in self.material.restorable() {
            let id = assignment.id.as_str();
            let (old, new) = (before.get(id), after.get(id));
            if old != new {
                let what = format!("{}, {}, {}", named.who(assignment), assignment.role_name, assignment.scope);
                differences.push(Difference { what, before: said(old), after: said(new) });
            }
        }
        differences
    }
}

/// Entries about reasons, with the person's words, a bounded number in each.
pub(crate) fn reasons(actor: Actor, action: &'static str, given: &[serde_json::Value]) -> Vec<Note> {
    given
        .chunks(REASONS_AN_ENTRY)
        .map(|overrides| Note::person(actor, action, json!({"overrides": overrides})))
        .collect()
}
