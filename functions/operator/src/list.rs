//! The list of onboardings.

use http::{Request, StatusCode};
use jiff::Timestamp;
use onboarding::{Actor, ErrorName, Status};
use store::{Meta, keys};
use web::pages::{
    FIELD_LIST, FIELD_SORT, FIELD_STATUS, FIELD_WAITING, FIELD_WORDS, OperatorListView, OperatorRow, OperatorTurn,
};
use web::{Answer, Fields, answer, asked, pages};

use crate::failed;
use crate::session::Operator;
use crate::world::World;

/// How many entries of a list are looked through. An operator with more running at once looks at the oldest first, which is what needs
/// a look most.
const MOST: usize = 1000;

/// How many months back the lists of those that ended can be chosen.
const MONTHS: i32 = 12;

/// `GET /operator`.
pub(crate) async fn show<W: World, B>(world: &W, who: &Operator, request: &Request<B>) -> Result<Answer, ErrorName> {
    let query = request.uri().query().unwrap_or_default();
    let asked = Fields::read(query.as_bytes()).unwrap_or_default();
    let months = months(world.now());
    let list = match months.iter().find(|month| *month == asked.get(FIELD_LIST)) {
        Some(month) => keys::list_over(month),
        None => keys::LIST_OPEN.to_owned(),
    };
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let (page, next) = world.listed(&list, after.as_deref()).await.map_err(|error| failed(&error))?;
        all.extend(page);
        after = next;
        if after.is_none() || all.len() >= MOST {
            break;
        }
    }
    all.truncate(MOST);
    let total = all.len();
    let mut rows: Vec<OperatorRow> = all.iter().map(row).filter(|row| fits(row, &asked)).collect();
    sort(&mut rows, asked.get(FIELD_SORT));
    if asked::wants_json(request.headers()) {
        return Ok(answer::json(StatusCode::OK, &rows));
    }
    let view = OperatorListView {
        name: &who.name,
        asked: &asked,
        months: &months,
        rows: &rows,
        all: total,
        cut: after.is_some(),
        page: asked.get("page").parse().unwrap_or(1),
    };
    Ok(answer::page(StatusCode::OK, pages::operator_list(&view)))
}

/// The months whose lists can be chosen, the newest first.
fn months(now: Timestamp) -> Vec<String> {
    let today = now.to_zoned_datetime(jiff::tz::TimeZone::UTC).date().first_of_month();
    let back = |months: i32| today.checked_sub(jiff::Span::new().months(months)).ok();
    (0..MONTHS).filter_map(back).map(|month| month.strftime("%Y-%m").to_string()).collect()
}

/// An onboarding in short.
pub(crate) fn row(meta: &Meta) -> OperatorRow {
    let time = |text: &str| text.parse::<Timestamp>().ok();
    let turn = meta.waiting.as_ref().filter(|_| meta.status == Status::Waiting);
    OperatorRow {
        onboarding_id: meta.onboarding_id.clone(),
        reference: meta.onboarding_id.reference(),
        status: meta.status,
        subscription: pages::subscription_said(meta.subscription_name.as_deref(), &meta.subscription_id).to_owned(),
        partner: meta.partner_directory_name.clone().unwrap_or_else(|| meta.partner_directory.clone()),
        owner: meta.owner_email.clone(),
        partner_admin: meta.partner_admin_email.clone(),
        turn: turn
            .and_then(|turn| Some(OperatorTurn { actor: turn.actor, kind: turn.kind, until: time(&turn.until)? })),
        error: meta.error.clone(),
        created_at: time(&meta.created_at).unwrap_or_default(),
    }
}

/// Whether a row is what was asked for. What the list doesn't know is no filter: a mistyped address shows too much, never too little.
fn fits(row: &OperatorRow, asked: &Fields) -> bool {
    let status = Status::parse(asked.get(FIELD_STATUS)).is_none_or(|status| row.status == status);
    let waiting = match asked.get(FIELD_WAITING) {
        "nobody" => row.turn.is_none(),
        other => Actor::parse(other).is_none_or(|actor| row.turn.as_ref().is_some_and(|turn| turn.actor == actor)),
    };
    let words = asked.get(FIELD_WORDS).to_lowercase();
    let told = [&row.reference, &row.subscription, &row.partner, &row.owner, &row.partner_admin];
    let id = row.onboarding_id.as_str().to_lowercase();
    let found = words.is_empty() || id.contains(&words) || told.iter().any(|text| text.to_lowercase().contains(&words));
    status && waiting && found
}

fn sort(rows: &mut [OperatorRow], by: &str) {
    match by {
        // Who waits for nobody has no deadline and comes last.
        "deadline" => rows.sort_by_key(|row| row.turn.as_ref().map_or(Timestamp::MAX, |turn| turn.until)),
        "partner" => rows.sort_by_key(|row| row.partner.to_lowercase()),
        _ => rows.sort_by_key(|row| row.created_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_months_go_back_over_the_new_year() {
        let months = months("2026-01-31T23:59:59Z".parse().unwrap());
        assert_eq!(months.len(), 12);
        assert_eq!(months[..2], ["2026-01", "2025-12"]);
    }
}
