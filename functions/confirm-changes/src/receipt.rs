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
