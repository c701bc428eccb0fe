//! The pages about what was found out and what became of it: preflight, report, access, proof, receipt.
//!
//! The two people see rows with names; everybody else who was given a link to look sees numbers.

use std::collections::{HashMap, HashSet};

use access::mapping::{Decision, People, Verdict};
use access::plan::{Change, DiffRow, Plan, RowOutcome, RowResult};
use access::snapshot::Snapshot;
use http::{Request, StatusCode};
use impact::preflight::{CheckId, State};
use impact::proof::{Cause, Evidence};
use impact::report::Report;
use onboarding::links::LinkRole;
use onboarding::{Actor, Directory, ErrorName, OnboardingId, Step, WaitKind};
use serde_json::Value;
use store::{Archive, Loaded, Meta};
use web::pages::{
    AccessRow, AccessView, Became, Changed, EvidenceView, ForwardRequest, MoveBackView, PersonRow, PreflightView,
    ProofView, ReportView,
};
use web::{Answer, Fields, Named, WebProblem, answer, pages, role_said};

use crate::view::hidden;
use crate::{Reading, failed};

/// What a page is about, and who looks.
pub(crate) struct Look<'a> {
    pub(crate) link: &'a str,
    pub(crate) id: &'a OnboardingId,
    pub(crate) role: LinkRole,
    pub(crate) loaded: &'a Loaded,
    pub(crate) wants_json: bool,
}

impl Look<'_> {
    fn actor(&self) -> Option<Actor> {
        self.role.actor()
    }

    fn reference(&self) -> String {
        self.loaded.meta.onboarding_id.reference()
    }

    fn not_yet(&self) -> Answer {
        if self.wants_json {
            return answer::json(StatusCode::NOT_FOUND, &serde_json::json!({"error": "Page.NotYet"}));
        }
        answer::page(StatusCode::NOT_FOUND, pages::not_yet(self.link, &self.reference()))
    }
}

/// Answers one of the pages; `None`: there is no such page.
pub(crate) async fn page<R: Reading, B>(
    deps: &R,
    look: &Look<'_>,
    name: &str,
    request: &Request<B>,
) -> Option<Result<Answer, ErrorName>> {
    let query = Fields::read(request.uri().query().unwrap_or_default().as_bytes()).unwrap_or_default();
    Some(match name {
        "preflight" => Ok(preflight(deps, look)),
        "report" => report(deps, look, &query).await,
        "report.csv" | "report.json" => report_file(deps, look, name).await,
        "access" => access(deps, look, &query).await,
        "proof" => Ok(proof(look)),
        "receipt" | "receipt.json" => receipt(deps, look, name).await,
        "move-back" => Ok(move_back(look)),
        "evidence" | "evidence.json" | "evidence.html" => evidence_pack(deps, look, name).await,
        _ => return None,
    })
}

fn named(meta: &Meta, directory: Directory) -> String {
    match directory {
        Directory::Source => meta.source_tenant_id.to_string(),
        Directory::Partner => meta.partner_directory_name.clone().unwrap_or_else(|| meta.partner_directory.clone()),
    }
}

fn preflight<R: Reading>(deps: &R, look: &Look<'_>) -> Answer {
    let (meta, checks) = (&look.loaded.meta, &look.loaded.preflight);
    if look.wants_json {
        return match look.actor() {
            Some(_) => answer::json(StatusCode::OK, checks),
            None => answer::json(StatusCode::OK, &counts(checks)),
        };
    }
    let (source, partner) = (named(meta, Directory::Source), named(meta, Directory::Partner));
    let request = |id: CheckId| {
        let leaving = id == CheckId::LeavingPolicy;
        let (blocked, directory, tenant, other) = if leaving {
            (ErrorName::LeavingBlocked, &source, &meta.source_tenant_id, &partner)
        } else {
            (ErrorName::EnteringBlocked, &partner, &meta.partner_tenant_id, &source)
        };
        let account = if leaving { Actor::Owner } else { meta.route.acceptor() };
        let place = if leaving { Directory::Source } else { Directory::Partner };
        ForwardRequest {
            blocked,
            directory: (directory, tenant.as_str()),
            other,
            account: meta.email(account),
            object_id: meta.object_id(account, place).map(onboarding::ObjectId::as_str),
            subscription: meta.subscription_id.as_str(),
        }
    };
    let requests: Vec<_> = checks
        .0
        .iter()
        .filter(|check| matches!(check.id, CheckId::LeavingPolicy | CheckId::EnteringPolicy))
        .filter(|check| matches!(check.state, State::Fails | State::Unknown))
        .map(|check| (check.id, request(check.id)))
        .collect();
    let fix = look.loaded.open_wait().filter(|wait| wait.kind == WaitKind::Fix && !meta.status.is_over());
    let view = PreflightView {
        link: look.link,
        reference: &look.reference(),
        checks,
        details: look.actor().is_some(),
        may_check_again: fix.is_some_and(|wait| look.actor() == Some(wait.actor)),
        requests: &requests,
        now: deps.now(),
    };
    answer::page(StatusCode::OK, pages::preflight(&view))
}

fn counts(checks: &impact::preflight::Preflight) -> Value {
    let [holds, warnings, fails, unknown] = pages::preflight_counts(checks);
    serde_json::json!({"holds": holds, "warnings": warnings, "fails": fails, "unknown": unknown})
}

fn damaged(id: &OnboardingId, what: &str, error: &dyn std::fmt::Display) -> ErrorName {
    tracing::error!(target: "mooring::progress", onboarding_id = %id, what, "what was kept can't be read: {error}");
    ErrorName::StoreUnavailable
}

async fn kept<R: Reading>(deps: &R, id: &OnboardingId, kind: Archive, hash: &str) -> Result<Vec<Vec<u8>>, ErrorName> {
    deps.pages(id, kind, hash).await.map_err(|error| failed(id, &error))
}

/// The newest report, if there is one.
pub(crate) async fn newest<R: Reading>(deps: &R, loaded: &Loaded) -> Result<Option<Report>, ErrorName> {
    let (id, Some(summary)) = (&loaded.meta.onboarding_id, &loaded.meta.report) else { return Ok(None) };
    let pages = kept(deps, id, Archive::Report, &summary.hash).await?;
    Report::from_pages(&pages).map(Some).map_err(|error| damaged(id, "report", &error))
}

/// The access before the move and everybody in it.
async fn before<R: Reading>(deps: &R, loaded: &Loaded) -> Result<(Snapshot, People), ErrorName> {
    let (id, hash) = (&loaded.meta.onboarding_id, snapshot_hash(loaded));
    let snapshot = Snapshot::from_pages(&kept(deps, id, Archive::Snapshot, hash).await?)
        .map_err(|error| damaged(id, "snapshot", &error))?;
    let people = People::from_pages(&kept(deps, id, Archive::Principals, hash).await?)
        .map_err(|error| damaged(id, "principals", &error))?;
    Ok((snapshot, people))
}

fn snapshot_hash(loaded: &Loaded) -> &str {
    loaded.meta.report.as_ref().map_or("", |summary| summary.snapshot_hash.as_str())
}

fn subscription(meta: &Meta) -> &str {
    pages::subscription_said(meta.subscription_name.as_deref(), &meta.subscription_id)
}

/// Hard stops that are not accepted by both people.
pub(crate) fn open_stops(loaded: &Loaded) -> usize {
    let summary = loaded.meta.report.as_ref();
    summary.map_or(0, |summary| summary.open_stops(&loaded.review.overrides).len())
}

async fn report<R: Reading>(deps: &R, look: &Look<'_>, query: &Fields) -> Result<Answer, ErrorName> {
    let meta = &look.loaded.meta;
    let Some(summary) = &meta.report else { return Ok(look.not_yet()) };
    if look.wants_json {
        return Ok(answer::json(StatusCode::OK, &hidden(summary.clone(), look.actor())));
    }
    let (mut made, mut earlier, mut people, mut alternatives) = (None, None, Vec::new(), Vec::new());
    if look.actor().is_some() {
        made = newest(deps, look.loaded).await?;
        let (snapshot, known) = before(deps, look.loaded).await?;
        people = losing(&snapshot, &known, &look.loaded.review.decisions);
        if let Some(hash) = &meta.report_before {
            // It only serves to show what changed.
            earlier = Report::from_pages(&kept(deps, look.id, Archive::Report, hash).await?).ok();
        }
        if let Some(report) = &made {
            alternatives = impact::report::alternatives(report).iter().map(web::findings::alternative_said).collect();
        }
    }
    let changed = match (&earlier, &made) {
        (Some(earlier), Some(now)) => Some(Changed::between(earlier, now)),
        _ => None,
    };
    let view = ReportView {
        link: look.link,
        reference: &look.reference(),
        subscription: subscription(meta),
        summary,
        report: made.as_ref(),
        people: &people,
        overrides: &look.loaded.review.overrides,
        open_stops: open_stops(look.loaded),
        alternatives: &alternatives,
        changed,
        group: pages::report_group(query.get("group")),
        page: query.get("page").parse().unwrap_or(1),
    };
    Ok(answer::page(StatusCode::OK, pages::report(&view)))
}

/// Everybody who loses access, and what is decided about it.
fn losing(snapshot: &Snapshot, people: &People, decisions: &[Decision]) -> Vec<PersonRow> {
    let named = Named::of(&people.principals, &people.targets, &people.suggestions);
    let decided: HashMap<String, &Decision> =
        decisions.iter().map(|decision| (decision.assignment.to_ascii_lowercase(), decision)).collect();
    let after = |assignment: &access::snapshot::Assignment| {
        if !assignment.can_be_restored() {
            let why = if assignment.origin == access::snapshot::Origin::Here { "no-target" } else { "inherited" };
            return pages::left_out_words(why).to_owned();
        }
        let decision = decided.get(&assignment.id.to_ascii_lowercase());
        let target = decision.and_then(|decision| decision.target.as_ref()).map(|target| named.target(target));
        let said = pages::decision_said(decision.map(|decision| decision.verdict), target.as_deref());
        let open = decision.is_some_and(|decision| {
            decision.verdict == Verdict::Restore
                && decision.seconded_by.is_none()
                && assignment.gives_access_to_others(&snapshot.custom_roles)
        });
        if open { format!("{said} ({})", pages::left_out_words("not-seconded")) } else { said }
    };
    let row = |assignment: &access::snapshot::Assignment| PersonRow {
        who: named.who(assignment),
        role: role_said(assignment),
        scope: assignment.scope.clone(),
        after: after(assignment),
    };
    snapshot.assignments.iter().map(row).collect()
}

/// What moving it back would take, once it has moved.
fn move_back(look: &Look<'_>) -> Answer {
    let meta = &look.loaded.meta;
    if look.actor().is_none() {
        return WebProblem::ViewOnly.answer(look.wants_json);
    }
    if !meta.moved {
        return look.not_yet();
    }
    let view = MoveBackView {
        link: look.link,
        reference: &look.reference(),
        subscription: (subscription(meta), meta.subscription_id.as_str()),
        now_in: (&named(meta, Directory::Partner), meta.partner_tenant_id.as_str()),
        came_from: meta.source_tenant_id.as_str(),
    };
    answer::page(StatusCode::OK, pages::move_back(&view))
}

async fn report_file<R: Reading>(deps: &R, look: &Look<'_>, name: &str) -> Result<Answer, ErrorName> {
    if look.actor().is_none() {
        return Ok(WebProblem::ViewOnly.answer(look.wants_json));
    }
    let Some(report) = newest(deps, look.loaded).await? else { return Ok(look.not_yet()) };
    let reference = look.reference();
    Ok(match name {
        "report.csv" => answer::file("text/csv; charset=utf-8", &format!("report-{reference}.csv"), report.csv()),
        _ => answer::file("application/json", &format!("report-{reference}.json"), report.json().to_string()),
    })
}

async fn access<R: Reading>(deps: &R, look: &Look<'_>, query: &Fields) -> Result<Answer, ErrorName> {
    let meta = &look.loaded.meta;
    if meta.report.is_none() {
        return Ok(look.not_yet());
    }
    let (snapshot, people) = before(deps, look.loaded).await?;
    let (mut plan, mut results, mut seen) = (None, HashMap::new(), Vec::new());
    if let Some(hash) = &meta.decisions_hash {
        let pages = kept(deps, look.id, Archive::Plan, hash).await?;
        if !pages.is_empty() {
            plan = Some(Plan::from_pages(&pages).map_err(|error| damaged(look.id, "plan", &error))?);
        }
        for page in kept(deps, look.id, Archive::Difference, hash).await? {
            let rows: Vec<DiffRow> =
                access::pages::unpack(&page).map_err(|error| damaged(look.id, "difference", &error))?;
            seen.extend(rows);
        }
        for page in kept(deps, look.id, Archive::Restored, hash).await? {
            let batch: Vec<RowResult> =
                access::pages::unpack(&page).map_err(|error| damaged(look.id, "results", &error))?;
            results.extend(batch.into_iter().map(|result| (result.before.to_ascii_lowercase(), result)));
        }
    }
    // Before the restore began there is no kept plan: what is decided says what is to come.
    let plan =
        plan.unwrap_or_else(|| Plan::new(&meta.subscription_id, &snapshot, &look.loaded.review.decisions, &people));
    let mut rows = became(&snapshot, &people, &plan, &results);
    let new = compared(&snapshot, &people, &seen, &mut rows);
    if look.wants_json && look.actor().is_some() {
        return Ok(answer::json(StatusCode::OK, &rows));
    }
    let view = AccessView {
        link: look.link,
        reference: &look.reference(),
        rows: &rows,
        new: &new,
        details: look.actor().is_some(),
        page: query.get("page").parse().unwrap_or(1),
    };
    Ok(answer::page(StatusCode::OK, pages::access(&view)))
}

/// What became of every assignment that there was.
fn became(snapshot: &Snapshot, people: &People, plan: &Plan, results: &HashMap<String, RowResult>) -> Vec<AccessRow> {
    let named = Named::of(&people.principals, &people.targets, &people.suggestions);
    let planned: HashMap<String, _> =
        plan.assignments.iter().map(|one| (one.before.to_ascii_lowercase(), one)).collect();
    let left: HashMap<String, _> = plan.left_out.iter().map(|one| (one.before.to_ascii_lowercase(), one)).collect();
    let row = |assignment: &access::snapshot::Assignment| {
        let id = assignment.id.to_ascii_lowercase();
        let became = match (results.get(&id), left.get(&id)) {
            (Some(result), _) => Became::Ended(result.outcome, result.error.clone()),
            (None, Some(left)) => Became::LeftOut(left.why.clone()),
            (None, None) => Became::Pending,
        };
        AccessRow {
            who: named.who(assignment),
            role: role_said(assignment),
            scope: assignment.scope.clone(),
            after: planned.get(&id).map(|one| named.target(&one.principal)),
            became,
        }
    };
    snapshot.assignments.iter().map(row).collect()
}

/// Marks what was made and is not there, by the list that was read afterwards, and answers what is new: who, role and scope.
fn compared(snapshot: &Snapshot, people: &People, seen: &[DiffRow], rows: &mut [AccessRow]) -> Vec<[String; 3]> {
    let named = Named::of(&people.principals, &people.targets, &people.suggestions);
    let missing: HashSet<&str> =
        seen.iter().filter(|row| row.change == Change::Missing).map(|row| row.before.as_str()).collect();
    for (assignment, row) in snapshot.assignments.iter().zip(rows) {
        let made = matches!(row.became, Became::Ended(RowOutcome::Restored | RowOutcome::Present, _));
        if made && missing.contains(assignment.id.as_str()) {
            row.became = Became::Missing;
        }
    }
    seen.iter()
        .filter(|row| row.change == Change::New)
        .map(|row| [named.target(&row.principal), row.role_name.clone(), row.scope.clone()])
        .collect()
}

/// What step 5 saw, as it recorded it.
pub(crate) fn evidence(loaded: &Loaded) -> (Vec<Evidence>, Vec<Cause>) {
    let Some(record) = loaded.step(Step::ConfirmChanges) else { return (Vec::new(), Vec::new()) };
    let read = |name: &str| record.result.get(name).cloned().unwrap_or(Value::Null);
    // A record of an older form shows nothing, and breaks nothing.
    let evidence = serde_json::from_value(read("evidence")).unwrap_or_default();
    let causes = serde_json::from_value(read("causes")).unwrap_or_default();
    (evidence, causes)
}

fn proof(look: &Look<'_>) -> Answer {
    let (evidence, causes) = evidence(look.loaded);
    if evidence.is_empty() {
        return look.not_yet();
    }
    if look.wants_json && look.actor().is_some() {
        return answer::json(StatusCode::OK, &serde_json::json!({"evidence": evidence, "causes": causes}));
    }
    let meta = &look.loaded.meta;
    let view = ProofView {
        link: look.link,
        reference: &look.reference(),
        evidence: &evidence,
        causes: &causes,
        tenant: meta.partner_tenant_id.as_str(),
        receipt: meta.receipt_hash.is_some(),
        details: look.actor().is_some(),
    };
    answer::page(StatusCode::OK, pages::proof(&view))
}

async fn receipt<R: Reading>(deps: &R, look: &Look<'_>, name: &str) -> Result<Answer, ErrorName> {
    if look.actor().is_none() {
        return Ok(WebProblem::ViewOnly.answer(look.wants_json));
    }
    let Some(hash) = &look.loaded.meta.receipt_hash else { return Ok(look.not_yet()) };
    let pages_kept = kept(deps, look.id, Archive::Receipt, hash).await?;
    let Some(page) = pages_kept.first() else { return Err(damaged(look.id, "receipt", &"there is no page")) };
    let content: Value = access::pages::unpack(page).map_err(|error| damaged(look.id, "receipt", &error))?;
    let reference = look.reference();
    Ok(if name == "receipt.json" {
        answer::file("application/json", &format!("receipt-{reference}.json"), content.to_string())
    } else if look.wants_json {
        answer::json(StatusCode::OK, &content)
    } else {
        answer::page(StatusCode::OK, pages::receipt(look.link, &reference, hash, &content))
    })
}

/// The whole trail, as a page or as a pack to download. Only for the two people: it names both.
async fn evidence_pack<R: Reading>(deps: &R, look: &Look<'_>, name: &str) -> Result<Answer, ErrorName> {
    if look.actor().is_none() {
        return Ok(WebProblem::ViewOnly.answer(look.wants_json));
    }
    let meta = &look.loaded.meta;
    let trail = deps.audit(look.id).await.map_err(|error| failed(look.id, &error))?;
    let receipt = match &meta.receipt_hash {
        Some(hash) => kept(deps, look.id, Archive::Receipt, hash)
            .await?
            .first()
            .map(|page| access::pages::unpack(page))
            .transpose()
            .map_err(|error| damaged(look.id, "receipt", &error))?,
        None => None,
    };
    let made = meta.evidence(trail, receipt, deps.now().to_string());
    let reference = look.reference();
    if name == "evidence.json" || look.wants_json {
        let content = serde_json::to_string(&made).map_err(|error| damaged(look.id, "evidence", &error))?;
        return Ok(answer::file("application/json", &format!("evidence-{reference}.json"), content));
    }
    let broken = made.verify().err();
    if let Some(broken) = &broken {
        tracing::error!(target: "mooring::progress", onboarding_id = %look.id, error_name = "Evidence.Broken", "the trail does not hold: {broken}");
    }
    let broken = broken.map(|broken| broken.to_string());
    if name == "evidence.html" {
        let document = pages::evidence_document(&reference, &made.trail, broken.as_deref());
        let name = format!("evidence-{reference}.html");
        return Ok(answer::file("text/html; charset=utf-8", &name, document.into_string()));
    }
    let view = EvidenceView { link: look.link, reference: &reference, trail: &made.trail, broken };
    Ok(answer::page(StatusCode::OK, pages::evidence(&view)))
}
