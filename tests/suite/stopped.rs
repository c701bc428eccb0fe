//! An execution that is ended from outside runs no state of its own any more. What it held is given back all the same.

use anyhow::Result;
use serde_json::json;

use crate::world::{CONFIRM, OWNER_SIGN_IN, PARTNER_SIGN_IN, run};

#[test]
fn stopping_the_execution_takes_back_the_guest_the_tokens_and_the_locks_and_a_new_start_is_possible() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?.single_account();
        onboarding.start_by_event().await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        onboarding.partner_acts(PARTNER_SIGN_IN).await?;
        onboarding.waits_for("confirm", "owner").await?;
        let stop = json!({ "executionArn": onboarding.execution, "cause": "an operator's decision" });
        case.stack().aws().call("stepfunctions", "stop_execution", stop).await?;

        let meta = onboarding.ended("failed").await?;
        assert_eq!(
            (meta["error"].as_str(), meta["moved"].as_bool()),
            (Some("Onboarding.Stopped"), Some(false)),
            "{meta}"
        );
        assert_eq!(onboarding.effects().await?.get("guest-deleted"), Some(&1));
        assert_eq!(onboarding.locks().await?.len(), 0, "no lock is left");
        let record = onboarding.record().await?;
        assert!(!record.keys().any(|key| key.starts_with("CRED#")), "no sealed token is left");

        // The link says what happened, and signing in through the old mail changes nothing.
        let link = onboarding.owner_link().await?;
        onboarding.owner.browser.open(&link).await?.expect_text("Somebody stopped the state machine's execution")?;
        let first = std::mem::take(&mut onboarding.id);
        onboarding.start_by_event().await?;
        assert_ne!(onboarding.id, first, "a new start is a new onboarding");
        onboarding.waits_for("sign-in", "owner").await?;
        Ok(())
    })
}

#[test]
fn an_execution_that_ends_by_itself_is_released_once() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        onboarding.owner_acts(OWNER_SIGN_IN).await?;
        onboarding.partner_acts(PARTNER_SIGN_IN).await?;
        onboarding.owner_acts(CONFIRM).await?;
        onboarding.ended("done").await?;
        let ends = onboarding.audit().await?.into_iter().filter(|entry| entry.action == "onboarding.ended").count();
        assert_eq!(ends, 1);
        assert_eq!(onboarding.locks().await?.len(), 0, "no lock is left");
        Ok(())
    })
}
