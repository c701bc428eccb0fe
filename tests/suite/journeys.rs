//! Both routes, from the sign-up form to the proof.

use anyhow::Result;

use crate::world::run;

#[test]
fn the_two_party_route_ends_with_the_subscription_in_the_partner_directory() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        onboarding.associate().await?;
        Ok(())
    })
}
