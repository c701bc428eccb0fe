//! Ids as types of their own, so that a tenant id can't be passed where a subscription id belongs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be {shape}")]
pub struct IdError {
    what: &'static str,
    shape: &'static str,
}

macro_rules! guid {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Reads a GUID in its usual form (8-4-4-4-12 hexadecimal digits); white space around it is ignored
            /// and the result is lower case, because Microsoft compares GUIDs without case.
            ///
            /// # Errors
            /// Any other text.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let text = text.trim();
                // The uuid crate also reads braces, URNs and 32 bare digits, which Azure's own pages don't show.
                match uuid::Uuid::try_parse(text) {
                    Ok(id) if text.len() == 36 => Ok(Self(id.hyphenated().to_string())),
                    _ => Err(IdError { what: $what, shape: "a GUID such as 6c3c85bc-5366-4eaa-8055-a10529eafd03" }),
                }
            }

            /// The lower-case GUID.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    };
}

guid! {
    /// An Azure subscription.
    SubscriptionId, "a subscription id"
}
impl SubscriptionId {
    /// The GUID of zeros, which no subscription has: the owner has not chosen one yet. A record always has a subscription's id, so that
    /// whoever reads it with older code finds what it expects.
    #[must_use]
    pub fn not_chosen() -> Self {
        Self(uuid::Uuid::nil().hyphenated().to_string())
    }

    /// Whether it is a subscription's, and not [`Self::not_chosen`].
    #[must_use]
    pub fn is_chosen(&self) -> bool {
        *self != Self::not_chosen()
    }
}

guid! {
    /// A Microsoft Entra tenant (directory).
    TenantId, "a tenant id"
}
guid! {
    /// An object in one tenant. The same person has another object id in every tenant.
    ObjectId, "an object id"
}

/// One onboarding: a ULID, upper case, 26 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OnboardingId(String);

impl OnboardingId {
    /// Reads a ULID.
    ///
    /// # Errors
    /// Any other text.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        match ulid::Ulid::from_string(text) {
            Ok(id) => Ok(Self(id.to_string())),
            Err(_) => Err(IdError { what: "an onboarding id", shape: "a ULID of 26 characters" }),
        }
    }

    /// Makes an id from a time and 80 random bits, which the caller's ports provide.
    #[must_use]
    pub fn from_parts(milliseconds: u64, random: u128) -> Self {
        Self(ulid::Ulid::from_parts(milliseconds, random).to_string())
    }

    /// The 26 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name under which the sign-up form starts the execution, so that a second click starts nothing.
    #[must_use]
    pub fn execution_name(&self) -> String {
        format!("onb-{}", self.0)
    }

    /// The short reference people read to each other: the last eight characters, in two groups.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("{}-{}", &self.0[18..22], &self.0[22..26])
    }

    /// A short reference as somebody typed it, in the form of [`Self::reference`]: case, blanks and dashes don't count. None if it
    /// can't be one.
    #[must_use]
    pub fn parse_reference(typed: &str) -> Option<String> {
        if typed.len() > 32 || typed.chars().any(|sign| !sign.is_ascii_alphanumeric() && !" -".contains(sign)) {
            return None;
        }
        let signs: String =
            typed.chars().filter(char::is_ascii_alphanumeric).map(|sign| sign.to_ascii_uppercase()).collect();
        (signs.len() == 8).then(|| format!("{}-{}", &signs[..4], &signs[4..]))
    }
}

impl fmt::Display for OnboardingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for OnboardingId {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<OnboardingId> for String {
    fn from(id: OnboardingId) -> String {
        id.0
    }
}

/// The name of a role assignment that we make: a UUID v5 of what it says, so that doing it twice names it twice the same.
///
/// Names are unique across subscriptions, hence the scope in the hash. `salt` is empty but for the rare case
/// that Azure answers `RoleAssignmentUpdateNotPermitted`: the name is taken by another assignment.
/// See <https://learn.microsoft.com/azure/role-based-access-control/troubleshooting>.
#[must_use]
pub fn role_assignment_name(scope: &str, principal: &ObjectId, role_definition: &str, salt: &str) -> String {
    let said = format!("{}|{principal}|{}|{salt}", scope.to_ascii_lowercase(), role_definition.to_ascii_lowercase());
    uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, said.as_bytes()).hyphenated().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_is_read_in_any_case_and_kept_in_lower_case() {
        let id = SubscriptionId::parse(" 6C3C85BC-5366-4EAA-8055-A10529EAFD03 ").unwrap();
        assert_eq!(id.as_str(), "6c3c85bc-5366-4eaa-8055-a10529eafd03");
    }

    #[test]
    fn other_spellings_of_a_guid_are_refused() {
        for text in ["", "6c3c85bc53664eaa8055a10529eafd03", "{6c3c85bc-5366-4eaa-8055-a10529eafd03}", "contoso.com"] {
            assert!(TenantId::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_role_assignment_is_named_alike_for_alike_content_only() {
        let who = ObjectId::parse("b11a05c8-6acc-435e-9a51-2140dea093a5").unwrap();
        let name = role_assignment_name("/subscriptions/A", &who, "8E3af657", "");
        assert_eq!(name, role_assignment_name("/subscriptions/a", &who, "8e3AF657", ""));
        assert_ne!(name, role_assignment_name("/subscriptions/b", &who, "8e3af657", ""));
        assert_ne!(name, role_assignment_name("/subscriptions/a", &who, "8e3af657", "2"));
    }

    #[test]
    fn an_onboarding_id_names_its_execution_and_a_short_reference() {
        let id = OnboardingId::from_parts(1_700_000_000_000, 42);
        assert_eq!(OnboardingId::parse(id.as_str()).unwrap(), id);
        assert_eq!(id.execution_name(), format!("onb-{id}"));
        assert_eq!(id.reference().len(), 9);
    }
}
