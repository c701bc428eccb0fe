//! What the people, groups and applications of an onboarding are called, for every page that names them.

use std::collections::HashMap;

use access::mapping::Suggestion;
use access::principals::{Principal, PrincipalKind};
use access::snapshot::Assignment;
use onboarding::ObjectId;
use onboarding::links::fingerprint;

use crate::text;

/// Names and suggestions, found by object id.
#[derive(Debug, Default)]
pub struct Named<'a> {
    source: HashMap<&'a str, &'a Principal>,
    targets: HashMap<&'a str, &'a Principal>,
    suggestions: HashMap<&'a str, &'a Suggestion>,
}

impl<'a> Named<'a> {
    /// From what was read in both directories.
    #[must_use]
    pub fn of(source: &'a [Principal], targets: &'a [Principal], suggestions: &'a [Suggestion]) -> Self {
        let by_id = |principals: &'a [Principal]| principals.iter().map(|one| (one.id.as_str(), one)).collect();
        Self {
            source: by_id(source),
            targets: by_id(targets),
            suggestions: suggestions.iter().map(|one| (one.source.as_str(), one)).collect(),
        }
    }

    /// Who has an assignment today: a name where one could be read, the kind and the id where not.
    #[must_use]
    pub fn who(&self, assignment: &Assignment) -> String {
        match self.source.get(assignment.principal.as_str()) {
            Some(principal) => label(principal, &assignment.principal_type),
            None => format!("{} {}", assignment.principal_type, assignment.principal),
        }
    }

    /// Who an object id of the partner directory is.
    #[must_use]
    pub fn target(&self, id: &ObjectId) -> String {
        let suggested = || self.suggestions.values().find(|one| one.target.as_ref() == Some(id));
        match self.targets.get(id.as_str()) {
            Some(principal) => label(principal, ""),
            None => match suggested().and_then(|one| one.target_name.clone()) {
                Some(name) => format!("{name} ({id})"),
                None => id.to_string(),
            },
        }
    }

    /// Whom somebody is suggested to be.
    #[must_use]
    pub fn suggestion(&self, id: &ObjectId) -> Option<&'a Suggestion> {
        self.suggestions.get(id.as_str()).copied()
    }
}

fn label(principal: &Principal, kind: &str) -> String {
    let address = principal.upn.as_deref().or(principal.mail.as_deref()).or(principal.app_id.as_deref());
    let named = match (principal.name.as_deref(), address) {
        (Some(name), Some(address)) => format!("{name} ({address})"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => principal.id.to_string(),
    };
    match principal.kind {
        PrincipalKind::Member => named,
        PrincipalKind::Guest => format!("{named}, {}", text::impact::KIND_GUEST.said()),
        PrincipalKind::Group => format!("{named}, {}", text::impact::KIND_GROUP.said()),
        PrincipalKind::Application => format!("{named}, {}", text::impact::KIND_APPLICATION.said()),
        PrincipalKind::ManagedIdentity => format!("{named}, {}", text::impact::KIND_MANAGED.said()),
        PrincipalKind::Unknown => format!("{kind} {named}").trim_start().to_owned(),
    }
}

/// A role with what is particular about having it, such as `Owner, with a condition`.
#[must_use]
pub fn role_said(assignment: &Assignment) -> String {
    let inherited = assignment.origin != access::snapshot::Origin::Here;
    text::role(&assignment.role_name, assignment.condition.is_some(), inherited)
}

/// What the fields of a row are called after: short, the same on every page, and nothing that an id may hold.
#[must_use]
pub fn row_key(id: &str) -> String {
    // Azure writes the same id in different cases.
    fingerprint(&id.to_ascii_lowercase()).chars().take(16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_the_same_key_in_any_case_and_another_row_another() {
        assert_eq!(row_key("/Subscriptions/A"), row_key("/subscriptions/a"));
        assert_ne!(row_key("/subscriptions/a"), row_key("/subscriptions/b"));
        assert!(row_key("x").bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
    }
}
