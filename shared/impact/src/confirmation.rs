//! A person's word that the subscription shall be moved, bound to what they saw, where it goes, who they are and when they proved
//! it.

use jiff::Timestamp;
use onboarding::{ObjectId, TenantId};
use serde::{Deserialize, Serialize};

/// What was confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Confirmation {
    /// SHA-256 of the report.
    pub report_hash: String,
    /// SHA-256 of the decisions about access and hard stops.
    pub decisions_hash: String,
    /// The directory it goes to.
    pub partner: TenantId,
    /// The tenant the approver signed in to.
    pub approver_tenant: TenantId,
    /// The approver there.
    pub approver: ObjectId,
    /// When they signed in. Seconds since 1970.
    pub signed_in_at: i64,
    /// When they confirmed. RFC 3339, UTC.
    pub at: String,
    /// The name they typed.
    pub typed_name: String,
}

/// How old a sign-in may be when somebody confirms, in seconds. Long enough to read the page once more, short enough that it is the
/// same person.
pub const FRESH: i64 = 600;

/// What a confirmation must be bound to.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// SHA-256 of the report as it is now.
    pub report_hash: &'a str,
    /// SHA-256 of the decisions as they are now.
    pub decisions_hash: &'a str,
    /// The directory it goes to.
    pub partner: &'a TenantId,
    /// The tenant in which the approver must have signed in.
    pub approver_tenant: &'a TenantId,
    /// Who must have confirmed.
    pub approver: &'a ObjectId,
    /// The subscription's name.
    pub subscription_name: &'a str,
}

/// Why a confirmation does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// The name that was typed is another.
    #[error("the typed name is not the subscription's")]
    Name,
    /// The subscription has no name that could be typed.
    #[error("the subscription's name is not known")]
    NameUnknown,
    /// The sign-in was too long ago.
    #[error("the sign-in is older than ten minutes")]
    SignInTooOld,
    /// The sign-in lies in the future: a clock is wrong.
    #[error("the sign-in lies in the future")]
    SignInInFuture,
    /// The time of the confirmation can't be read.
    #[error("the time of the confirmation can't be read")]
    Time,
    /// The move does something else than what was confirmed.
    #[error("the report is another than the confirmed one")]
    Report,
    /// The decisions are not those that were confirmed.
    #[error("the decisions are others than the confirmed ones")]
    Decisions,
    /// It would go to another directory.
    #[error("the partner directory is another than the confirmed one")]
    Partner,
    /// The sign-in was at another tenant.
    #[error("the approver signed in to another tenant")]
    ApproverTenant,
    /// Somebody else confirmed.
    #[error("somebody else confirmed")]
    Approver,
}

impl Confirmation {
    /// A person's word, if it may be taken: they signed in a moment ago and typed the subscription's name.
    ///
    /// # Errors
    /// [`Refusal::Name`], [`Refusal::NameUnknown`], [`Refusal::SignInTooOld`] and [`Refusal::SignInInFuture`].
    pub fn new(
        expected: &Expected<'_>,
        typed_name: &str,
        signed_in_at: Timestamp,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let confirmation = Self {
            report_hash: expected.report_hash.to_owned(),
            decisions_hash: expected.decisions_hash.to_owned(),
            partner: expected.partner.clone(),
            approver_tenant: expected.approver_tenant.clone(),
            approver: expected.approver.clone(),
            signed_in_at: signed_in_at.as_second(),
            at: now.to_string(),
            typed_name: typed_name.trim().to_owned(),
        };
        confirmation.verify(expected)?;
        Ok(confirmation)
    }

    /// Holds a confirmation that was kept against what is true now. How fresh the sign-in was counts from the moment of the
    /// confirmation, which is part of it: the move may wait for other people.
    ///
    /// # Errors
    /// What does not hold, the first of it.
    pub fn verify(&self, expected: &Expected<'_>) -> Result<(), Refusal> {
        if self.report_hash.is_empty() || self.report_hash != expected.report_hash {
            return Err(Refusal::Report);
        }
        if self.decisions_hash.is_empty() || self.decisions_hash != expected.decisions_hash {
            return Err(Refusal::Decisions);
        }
        if self.partner != *expected.partner {
            return Err(Refusal::Partner);
        }
        if self.approver_tenant != *expected.approver_tenant {
            return Err(Refusal::ApproverTenant);
        }
        if self.approver != *expected.approver {
            return Err(Refusal::Approver);
        }
        let name = expected.subscription_name.trim();
        if name.is_empty() {
            return Err(Refusal::NameUnknown);
        }
        if self.typed_name.trim() != name {
            return Err(Refusal::Name);
        }
        let Ok(at) = self.at.parse::<Timestamp>() else { return Err(Refusal::Time) };
        // In fractions of a second nobody's clock agrees: whole seconds on both sides.
        match at.as_second().saturating_sub(self.signed_in_at) {
            ..0 => Err(Refusal::SignInInFuture),
            0..=FRESH => Ok(()),
            _ => Err(Refusal::SignInTooOld),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: &str = "b11a05c8-6acc-435e-9a51-2140dea093a5";
    const Y: &str = "b11a05c8-6acc-435e-9a51-2140dea093a6";
    const B: &str = "b2000000-0000-4000-8000-000000000002";
    const C: &str = "c2000000-0000-4000-8000-000000000002";

    struct World {
        partner: TenantId,
        tenant: TenantId,
        approver: ObjectId,
    }

    impl World {
        fn new(partner: &str, tenant: &str, approver: &str) -> Self {
            Self {
                partner: TenantId::parse(partner).unwrap(),
                tenant: TenantId::parse(tenant).unwrap(),
                approver: ObjectId::parse(approver).unwrap(),
            }
        }

        fn expects<'a>(&'a self, report: &'a str, decisions: &'a str) -> Expected<'a> {
            Expected {
                report_hash: report,
                decisions_hash: decisions,
                partner: &self.partner,
                approver_tenant: &self.tenant,
                approver: &self.approver,
                subscription_name: "Fabrikam Prod",
            }
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_767_225_600 + seconds).unwrap()
    }

    fn given(world: &World) -> Confirmation {
        Confirmation::new(&world.expects("H1", "D1"), " Fabrikam Prod ", at(0), at(60)).unwrap()
    }

    #[test]
    fn it_holds_for_what_was_confirmed() {
        let world = World::new(B, B, X);
        assert_eq!(given(&world).verify(&world.expects("H1", "D1")), Ok(()));
    }

    #[test]
    fn another_report_directory_person_tenant_or_decision_is_refused_each_by_its_name() {
        let world = World::new(B, B, X);
        let confirmation = given(&world);
        assert_eq!(confirmation.verify(&world.expects("H2", "D1")), Err(Refusal::Report));
        assert_eq!(confirmation.verify(&world.expects("H1", "D2")), Err(Refusal::Decisions));
        assert_eq!(confirmation.verify(&World::new(C, B, X).expects("H1", "D1")), Err(Refusal::Partner));
        assert_eq!(confirmation.verify(&World::new(B, C, X).expects("H1", "D1")), Err(Refusal::ApproverTenant));
        assert_eq!(confirmation.verify(&World::new(B, B, Y).expects("H1", "D1")), Err(Refusal::Approver));
    }

    #[test]
    fn a_sign_in_of_ten_minutes_ago_is_fresh_and_one_of_eleven_is_not() {
        let world = World::new(B, B, X);
        let expected = world.expects("H1", "D1");
        let confirm = |now| Confirmation::new(&expected, "Fabrikam Prod", at(0), at(now)).map(|_| ());
        assert_eq!(confirm(600), Ok(()));
        assert_eq!(confirm(601), Err(Refusal::SignInTooOld));
        assert_eq!(confirm(660), Err(Refusal::SignInTooOld));
        assert_eq!(confirm(-1), Err(Refusal::SignInInFuture));
    }

    #[test]
    fn the_name_must_be_typed_as_it_is_but_for_space_around_it() {
        let world = World::new(B, B, X);
        let expected = world.expects("H1", "D1");
        let typed = |name: &str| Confirmation::new(&expected, name, at(0), at(1)).map(|_| ());
        assert_eq!(typed("\tFabrikam Prod\n"), Ok(()));
        for name in ["", "fabrikam prod", "Fabrikam", "Fabrikam  Prod"] {
            assert_eq!(typed(name), Err(Refusal::Name), "{name}");
        }
        let nameless = Expected { subscription_name: " ", ..expected };
        assert_eq!(Confirmation::new(&nameless, "", at(0), at(1)), Err(Refusal::NameUnknown));
    }

    #[test]
    fn a_kept_confirmation_that_was_altered_does_not_hold() {
        let world = World::new(B, B, X);
        let expected = world.expects("H1", "D1");
        let later = Confirmation { at: at(700).to_string(), ..given(&world) };
        assert_eq!(later.verify(&expected), Err(Refusal::SignInTooOld));
        let timeless = Confirmation { at: String::new(), ..given(&world) };
        assert_eq!(timeless.verify(&expected), Err(Refusal::Time));
        let empty = Confirmation { report_hash: String::new(), ..given(&world) };
        assert_eq!(empty.verify(&world.expects("", "D1")), Err(Refusal::Report));
    }
}
