//! The receipt: what moved, who agreed to what, what was restored, and the evidence that it is done.

use impact::proof::{Evidence, Receipt, Restored, SCHEMA};
use impact::report::Report;
use impact::report::{Task, checklist};
use onboarding::ErrorName;
use step::{Job, Stop};
use store::{Archive, Loaded};

/// Writes the receipt and answers its hash. The audit entry that names the hash belongs into the same change as the hash.
pub(crate) async fn write(job: &Job<'_>, evidence: Vec<Evidence>) -> Result<String, Stop> {
    let at = job.deps.clock.now().to_string();
    let receipt = receipt(&job.loaded, evidence, left_to_do(job).await?, at);
    // Nobody gets a receipt for what doesn't hold.
    if !receipt.holds() {
        return Err(Stop::new(ErrorName::InternalBug, "a receipt was asked for before everything held"));
    }
    let hash = receipt.hash();
    let content = receipt.to_page().map_err(|error| Stop::new(ErrorName::InternalBug, error.to_string()))?;
    job.deps.store.keep_page(&job.loaded.meta.onboarding_id, Archive::Receipt, &hash, 0, content).await?;
    Ok(hash)
}

/// What the confirmed report leaves to do. A report that can't be read leaves an empty list: the proof doesn't rest on it.
async fn left_to_do(job: &Job<'_>) -> Result<Vec<Task>, Stop> {
    let meta = &job.loaded.meta;
    let Some(confirmation) = &meta.confirmation else {
        return Ok(Vec::new());
    };
    let pages = job.deps.store.pages(&meta.onboarding_id, Archive::Report, &confirmation.report_hash).await?;
    Ok(Report::from_pages(&pages).map_or_else(|_| Vec::new(), |report| checklist(&report)))
}

fn receipt(loaded: &Loaded, evidence: Vec<Evidence>, checklist: Vec<Task>, at: String) -> Receipt {
    let meta = &loaded.meta;
    let confirmation = meta.confirmation.clone();
    let restored = meta.restore.as_ref().map_or_else(Restored::default, |progress| Restored {
        planned: progress.planned,
        done: progress.done,
        refused: progress.refused,
        left_out: progress.left_out,
    });
    Receipt {
        schema: SCHEMA,
        onboarding: meta.onboarding_id.clone(),
        subscription: meta.subscription_id.clone(),
        from: meta.source_tenant_id.clone(),
        to: meta.partner_tenant_id.clone(),
        evidence,
        restored,
        report_hash: confirmation.as_ref().map(|it| it.report_hash.clone()).unwrap_or_default(),
        snapshot_hash: meta.report.as_ref().map(|report| report.snapshot_hash.clone()).unwrap_or_default(),
        decisions_hash: confirmation.as_ref().map(|it| it.decisions_hash.clone()).unwrap_or_default(),
        confirmation,
        checklist,
        audit_seq: meta.audit_seq,
        audit_hash: meta.last_hash.clone(),
        at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use impact::proof::{RECORDED_AS, ReceiptError};
    use onboarding::audit::Entry;
    use onboarding::{OnboardingId, Route, Status, Step};
    use serde_json::{Map, json};
    use store::{RestoreProgress, Review};

    fn loaded() -> Loaded {
        let meta = serde_json::from_value(json!({
            "onboardingId": OnboardingId::from_parts(1_700_000_000_000, 7), "schema": 1, "ver": 3,
            "status": Status::Running, "currentStep": Step::ConfirmChanges, "cloud": "public", "route": Route::TwoParty,
            "subscriptionId": "6c3c85bc-5366-4eaa-8055-a10529eafd03",
            "sourceTenantId": "11111111-1111-1111-1111-111111111111",
            "partnerTenantId": "22222222-2222-2222-2222-222222222222",
            "partnerDirectory": "contoso.com", "ownerEmail": "rosa@outlook.com", "ownerAccount": "personal",
            "partnerAdminEmail": "kim@contoso.com", "requestKey": "k", "execution": "arn",
            "createdAt": "2026-05-12T09:00:00Z", "updatedAt": "2026-05-12T09:30:00Z",
            "restore": RestoreProgress { planned: 3, done: 2, refused: 1, finished: true, ..RestoreProgress::default() },
        }));
        Loaded {
            meta: meta.unwrap(),
            steps: Vec::new(),
            waits: Vec::new(),
            credentials: Vec::new(),
            mails: Vec::new(),
            review: Review::default(),
            preflight: impact::preflight::Preflight::default(),
            to_dos: vec![],
            feedback: vec![],
        }
    }

    fn evidence(holds: bool) -> Evidence {
        Evidence { check: "listed".into(), holds, seen: Map::new(), source: "GET /subscriptions".into() }
    }

    fn append(trail: &mut Vec<Entry>, action: &str, detail: serde_json::Value) {
        let mut entry = Entry {
            seq: trail.len() as u64 + 1,
            at: "2026-05-12T09:31:00Z".into(),
            actor: "mooring".into(),
            action: action.into(),
            step: None,
            detail,
            prev_hash: trail.last().map(|entry| entry.hash.clone()).unwrap_or_default(),
            hash: String::new(),
        };
        entry.hash = entry.expected_hash();
        trail.push(entry);
    }

    #[test]
    fn a_receipt_holds_only_in_the_trail_that_records_it() {
        let mut trail = Vec::new();
        append(&mut trail, "access.restored", json!({"done": 2}));
        let mut loaded = loaded();
        loaded.meta.audit_seq = 1;
        loaded.meta.last_hash.clone_from(&trail[0].hash);
        let receipt = receipt(&loaded, vec![evidence(true)], Vec::new(), "2026-05-12T09:31:00Z".into());
        assert_eq!(receipt.verify(&trail), Err(ReceiptError::NotRecorded));
        append(&mut trail, "association.proved", json!({RECORDED_AS: receipt.hash()}));
        assert_eq!(receipt.verify(&trail), Ok(()));
        assert_eq!((receipt.restored.done, receipt.restored.refused), (2, 1));
        let mut forged = receipt.clone();
        forged.restored.refused = 0;
        assert_eq!(forged.verify(&trail), Err(ReceiptError::AnotherReceipt));
        assert_eq!(Receipt::from_page(&receipt.to_page().unwrap()).unwrap(), receipt);
    }

    #[test]
    fn what_does_not_hold_makes_a_receipt_that_does_not_hold() {
        let made = |evidence| receipt(&loaded(), evidence, Vec::new(), String::new());
        assert!(!made(vec![evidence(true), evidence(false)]).holds());
        assert!(!made(Vec::new()).holds());
        assert!(made(vec![evidence(true)]).holds());
    }
}
