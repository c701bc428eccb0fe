//! Whom a principal of the source directory is in the partner directory, and what was decided about it.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use onboarding::{Actor, ObjectId};
use serde::{Deserialize, Serialize};

use crate::pages::{self, PageError};
use crate::principals::{DirectoryFacts, Principal, PrincipalKind};
use crate::snapshot::Assignment;

/// How sure a suggestion is. Every one but [`Confidence::None`] rests on a verified key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// The same person signed in to both directories in this onboarding, or the same application id, or the same on-premises object.
    Exact,
    /// A guest of one directory whose home identity is the member of the other.
    SamePerson,
    /// No verified key leads to exactly one principal.
    None,
}

/// Whom a principal is suggested to be in the partner directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Suggestion {
    /// In the source directory.
    pub source: ObjectId,
    /// In the partner directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<ObjectId>,
    /// The target's name, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_name: Option<String>,
    /// How sure.
    pub confidence: Confidence,
    /// Why, as a stable word: `signed-in`, `application-id`, `on-premises-sid`, `guest-of-member`, `member-of-guest`, `same-guest`,
    /// `no-key`, `ambiguous`, `disabled`, `invitation-open`, `managed-identity`, `not-read`.
    pub reason: String,
}

/// What was decided about one assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Make it again, for the target.
    Restore,
    /// Leave it deleted.
    Skip,
}

/// A decision about one assignment. Undecided is *not granted*.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// The assignment's full id.
    pub assignment: String,
    /// What.
    pub verdict: Verdict,
    /// For whom, in the partner directory. Present if it is to be restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<ObjectId>,
    /// Who decided.
    pub by: Actor,
    /// When. RFC 3339, UTC.
    pub at: String,
    /// The other person, who agreed: needed for roles that give access to others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconded_by: Option<Actor>,
}

/// What must be looked up in the partner directory to find whom somebody is there. Only verified keys: never a display name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "by", content = "value", rename_all = "kebab-case")]
pub enum LookupKey {
    /// A user by this address: principal name, mail, or other mail. Lower case.
    Address(String),
    /// An application by its application (client) id. Lower case.
    ApplicationId(String),
    /// A synchronised user or group by the on-premises security identifier. Upper case.
    OnPremisesSid(String),
}

/// Who has access, and whom each of them is in the partner directory: what the review is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct People {
    /// The principals of the snapshot, as the source directory describes them.
    pub principals: Vec<Principal>,
    /// Whom each is suggested to be, in the same order.
    pub suggestions: Vec<Suggestion>,
    /// Everybody in the partner directory who was found by a key.
    pub targets: Vec<Principal>,
}

/// People a page. A principal is about 300 bytes before it is compressed.
const PAGE: usize = 1000;

impl People {
    /// As pages that each fit into one record.
    ///
    /// # Errors
    /// None that people can cause.
    pub fn to_pages(&self) -> Result<Vec<Vec<u8>>, PageError> {
        let longest = self.principals.len().max(self.suggestions.len()).max(self.targets.len());
        (0..longest.div_ceil(PAGE).max(1))
            .map(|page| {
                pages::pack(&Self {
                    principals: part(&self.principals, page).to_vec(),
                    suggestions: part(&self.suggestions, page).to_vec(),
                    targets: part(&self.targets, page).to_vec(),
                })
            })
            .collect()
    }

    /// The people of their pages.
    ///
    /// # Errors
    /// Pages that are missing or damaged.
    pub fn from_pages(kept: &[Vec<u8>]) -> Result<Self, PageError> {
        if kept.is_empty() {
            return Err(PageError::Missing);
        }
        let mut all = Self::default();
        for page in kept {
            let page: Self = pages::unpack(page)?;
            all.principals.extend(page.principals);
            all.suggestions.extend(page.suggestions);
            all.targets.extend(page.targets);
        }
        Ok(all)
    }

    /// A principal of the source directory.
    #[must_use]
    pub fn principal(&self, id: &ObjectId) -> Option<&Principal> {
        self.principals.iter().find(|principal| principal.id == *id)
    }

    /// Whom a principal is suggested to be.
    #[must_use]
    pub fn suggestion(&self, id: &ObjectId) -> Option<&Suggestion> {
        self.suggestions.iter().find(|suggestion| suggestion.source == *id)
    }
}

fn part<T>(list: &[T], page: usize) -> &[T] {
    let (from, to) = ((page * PAGE).min(list.len()), ((page + 1) * PAGE).min(list.len()));
    list.get(from..to).unwrap_or_default()
}

/// An attribute that says something: trimmed, lower case, and not empty. Null and empty match nothing. Only ASCII letters change their
/// case: Unicode folds others onto them (the Kelvin sign becomes `k`), and one person's address must never become another's.
fn said(attribute: Option<&str>) -> Option<String> {
    attribute.map(|text| text.trim().to_ascii_lowercase()).filter(|text| !text.is_empty())
}

fn address(attribute: Option<&str>) -> Option<String> {
    said(attribute).filter(|text| {
        text.split_once('@')
            .is_some_and(|(user, domain)| !user.is_empty() && !domain.is_empty() && !domain.contains('@'))
    })
}

fn domain(address: &str) -> &str {
    address.rsplit_once('@').map_or("", |(_, domain)| domain)
}

fn in_domains(address: &str, directory: &DirectoryFacts) -> bool {
    directory.verified_domains.iter().any(|verified| verified.eq_ignore_ascii_case(domain(address)))
}

/// Where a person is at home.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Home {
    /// In an Entra directory, under this principal name.
    Work(String),
    /// At Microsoft's accounts for persons, under this address.
    Personal(String),
}

/// The home identity of an accepted guest: the address in its principal name (`user_domain#EXT#@directory`; a domain has no underscore, so
/// the last one separates), if a mail of the account says the same. One alone is not proof: both can be set by hand.
fn home_of_guest(guest: &Principal) -> Option<Home> {
    if guest.kind != PrincipalKind::Guest || !guest.accepted {
        return None;
    }
    let upn = said(guest.upn.as_deref())?;
    let (before, _) = upn.split_once("#ext#@")?;
    let (user, domain) = before.rsplit_once('_')?;
    let address = address(Some(&format!("{user}@{domain}")))?;
    let mails = guest.other_mails.iter().map(String::as_str).chain(guest.mail.as_deref());
    let confirmed = mails.filter_map(|mail| said(Some(mail))).any(|mail| mail == address);
    if !confirmed {
        return None;
    }
    let issued = |name: &str| guest.issuers.iter().any(|issuer| issuer.eq_ignore_ascii_case(name));
    match (issued("ExternalAzureAD"), issued("MicrosoftAccount")) {
        (true, false) => Some(Home::Work(address)),
        (false, true) => Some(Home::Personal(address)),
        // Both or neither: an account of another identity provider, or one that may be either.
        _ => None,
    }
}

/// The home identity of a member: their principal name, in a domain that their directory has verified.
fn home_of_member(member: &Principal, directory: &DirectoryFacts) -> Option<Home> {
    if member.kind != PrincipalKind::Member {
        return None;
    }
    let upn = address(member.upn.as_deref()).filter(|upn| in_domains(upn, directory))?;
    Some(Home::Work(upn))
}

fn home(principal: &Principal, directory: &DirectoryFacts) -> Option<Home> {
    home_of_member(principal, directory).or_else(|| home_of_guest(principal))
}

/// An on-premises security identifier, and whether it is a group's.
fn on_premises(principal: &Principal) -> Option<(String, bool)> {
    let sid =
        principal.on_premises_sid.as_deref().map(|sid| sid.trim().to_uppercase()).filter(|sid| !sid.is_empty())?;
    match principal.kind {
        PrincipalKind::Member => Some((sid, false)),
        PrincipalKind::Group => Some((sid, true)),
        PrincipalKind::Guest | PrincipalKind::Application | PrincipalKind::ManagedIdentity | PrincipalKind::Unknown => {
            None
        }
    }
}

/// An application: its id and who registered it. Both must be known: an id alone does not say whose application it is.
fn application(principal: &Principal) -> Option<(String, String)> {
    if principal.kind != PrincipalKind::Application {
        return None;
    }
    Some((said(principal.app_id.as_deref())?, principal.app_owner.as_ref()?.to_string()))
}

/// What must be looked up in the partner directory, each key once, in order.
#[must_use]
pub fn lookup_keys(source: &[Principal], source_dir: &DirectoryFacts) -> Vec<LookupKey> {
    let mut keys = Vec::new();
    for principal in source {
        if let Some(Home::Work(address) | Home::Personal(address)) = home(principal, source_dir) {
            keys.push(LookupKey::Address(address));
        }
        if let Some((id, _)) = application(principal) {
            keys.push(LookupKey::ApplicationId(id));
        }
        if let Some((sid, _)) = on_premises(principal) {
            keys.push(LookupKey::OnPremisesSid(sid));
        }
    }
    keys.sort();
    keys.dedup();
    keys
}

/// What a key led to.
#[derive(Clone, Copy)]
enum Led<'a> {
    To(&'a Principal),
    /// To more than one.
    Ambiguous,
}

fn index<'a, K: Eq + Hash>(targets: &'a [Principal], key: impl Fn(&Principal) -> Option<K>) -> HashMap<K, Led<'a>> {
    let mut found: HashMap<K, Led<'a>> = HashMap::new();
    for target in targets {
        if let Some(key) = key(target) {
            found
                .entry(key)
                .and_modify(|led| {
                    // The same object twice in the list is one object.
                    if !matches!(led, Led::To(other) if other.id == target.id) {
                        *led = Led::Ambiguous;
                    }
                })
                .or_insert(Led::To(target));
        }
    }
    found
}

/// Whom each principal of the source directory is in the partner directory, in the order given.
///
/// Verified keys only: `proven` pairs (the same person signed in to both directories in this onboarding); the id of an application
/// together with the tenant that registered it; the security identifier of a synchronised object; and the home identity of a
/// guest. A missing attribute matches nothing, display names match nothing, and a key that leads to more than one object, or
/// two principals that lead to one object, lead nowhere: a person decides.
#[must_use]
pub fn suggest(
    source: &[Principal],
    source_dir: &DirectoryFacts,
    partner: &[Principal],
    partner_dir: &DirectoryFacts,
    proven: &[(ObjectId, ObjectId)],
) -> Vec<Suggestion> {
    let applications = index(partner, application);
    let synchronised = index(partner, on_premises);
    let homes = index(partner, |target| home(target, partner_dir));
    // A guest who never accepted says nothing about who they are, but the reason is worth telling.
    let invited = index(partner, |target| {
        let accepted = Principal { accepted: true, ..target.clone() };
        (!target.accepted).then(|| home_of_guest(&accepted)).flatten()
    });
    let mut suggestions: Vec<Suggestion> = source
        .iter()
        .map(|principal| {
            let found = |led: Option<&Led<'_>>, confidence: Confidence, reason: &str| match led? {
                Led::Ambiguous => Some(none(principal, "ambiguous")),
                Led::To(target) if is_person(target) && !target.enabled => Some(none(principal, "disabled")),
                Led::To(target) => Some(Suggestion {
                    source: principal.id.clone(),
                    target: Some(target.id.clone()),
                    target_name: target.name.clone().or_else(|| target.upn.clone()),
                    confidence,
                    reason: reason.into(),
                }),
            };
            if let Some((_, target)) = proven.iter().find(|(source, _)| *source == principal.id) {
                let known = partner.iter().find(|one| one.id == *target);
                return Suggestion {
                    source: principal.id.clone(),
                    target: Some(target.clone()),
                    target_name: known.and_then(|known| known.name.clone().or_else(|| known.upn.clone())),
                    confidence: Confidence::Exact,
                    reason: "signed-in".into(),
                };
            }
            match principal.kind {
                PrincipalKind::ManagedIdentity => return none(principal, "managed-identity"),
                PrincipalKind::Unknown => return none(principal, "not-read"),
                PrincipalKind::Member | PrincipalKind::Guest | PrincipalKind::Group | PrincipalKind::Application => {}
            }
            let by_application = application(principal)
                .and_then(|key| found(applications.get(&key), Confidence::Exact, "application-id"));
            let by_sid = || {
                on_premises(principal)
                    .and_then(|key| found(synchronised.get(&key), Confidence::Exact, "on-premises-sid"))
            };
            let by_home = || {
                let home = home(principal, source_dir)?;
                let led = homes.get(&home);
                let reason = match (principal.kind, led) {
                    (PrincipalKind::Member, _) => "guest-of-member",
                    (_, Some(Led::To(target))) if target.kind == PrincipalKind::Member => "member-of-guest",
                    _ => "same-guest",
                };
                found(led, Confidence::SamePerson, reason)
                    .or_else(|| invited.get(&home).map(|_| none(principal, "invitation-open")))
            };
            by_application.or_else(by_sid).or_else(by_home).unwrap_or_else(|| none(principal, "no-key"))
        })
        .collect();
    nobody_twice(&mut suggestions);
    suggestions
}

fn is_person(principal: &Principal) -> bool {
    matches!(principal.kind, PrincipalKind::Member | PrincipalKind::Guest)
}

fn none(principal: &Principal, reason: &str) -> Suggestion {
    Suggestion {
        source: principal.id.clone(),
        target: None,
        target_name: None,
        confidence: Confidence::None,
        reason: reason.into(),
    }
}

/// Two principals that lead to one would give it the rights of both. What a person proved by signing in stands before what a key says.
fn nobody_twice(suggestions: &mut [Suggestion]) {
    let mut claims: HashMap<ObjectId, (usize, bool)> = HashMap::new();
    for suggestion in suggestions.iter() {
        if let Some(target) = &suggestion.target {
            let claim = claims.entry(target.clone()).or_default();
            claim.0 += 1;
            claim.1 |= suggestion.reason == "signed-in";
        }
    }
    for suggestion in suggestions {
        let Some((claimed, proven)) = suggestion.target.as_ref().and_then(|target| claims.get(target)) else {
            continue;
        };
        if *claimed > 1 && !(*proven && suggestion.reason == "signed-in") {
            suggestion.target = None;
            suggestion.target_name = None;
            suggestion.confidence = Confidence::None;
            suggestion.reason = "ambiguous".into();
        }
    }
}

/// Why a decision can't be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecisionError {
    /// Restoring needs somebody to restore it for.
    #[error("somebody in the partner directory must be named to restore the access for")]
    NoTarget,
    /// There is nothing to agree to.
    #[error("there is no decision about this assignment to agree to")]
    NotDecided,
    /// One person can't be both.
    #[error("the other person must agree: a second pair of eyes is the point")]
    SamePerson,
    /// What one agreed to is no longer what is decided.
    #[error("the decision was changed meanwhile")]
    Changed,
}

/// Takes a decision, or replaces an earlier one about the same assignment. The list stays sorted by assignment. Whoever decides something
/// else takes the other's agreement away.
///
/// # Errors
/// [`DecisionError::NoTarget`].
pub fn decide(decisions: &[Decision], mut new: Decision) -> Result<Vec<Decision>, DecisionError> {
    match new.verdict {
        Verdict::Restore if new.target.is_none() => return Err(DecisionError::NoTarget),
        Verdict::Restore => {}
        Verdict::Skip => new.target = None,
    }
    new.seconded_by = None;
    let mut decided = decisions.to_vec();
    match decided.binary_search_by(|one| one.assignment.cmp(&new.assignment)) {
        // Saying the same again changes nothing, and takes no agreement away.
        Ok(at) if decided.get(at).is_some_and(|one| one.verdict == new.verdict && one.target == new.target) => {}
        Ok(at) => {
            if let Some(slot) = decided.get_mut(at) {
                *slot = new;
            }
        }
        Err(at) => decided.insert(at, new),
    }
    Ok(decided)
}

/// Agrees to somebody else's decision, which must still be for this target.
///
/// # Errors
/// [`DecisionError::NotDecided`], [`DecisionError::SamePerson`], [`DecisionError::Changed`].
pub fn second(
    decisions: &[Decision],
    assignment: &str,
    target: Option<&ObjectId>,
    by: Actor,
) -> Result<Vec<Decision>, DecisionError> {
    let mut decided = decisions.to_vec();
    let decision = decided.iter_mut().find(|one| one.assignment == assignment).ok_or(DecisionError::NotDecided)?;
    if decision.by == by {
        return Err(DecisionError::SamePerson);
    }
    if decision.target.as_ref() != target {
        return Err(DecisionError::Changed);
    }
    decision.seconded_by = Some(by);
    Ok(decided)
}

/// Restores every undecided assignment whose principal is exactly known. Answers the new decisions and how many were added.
#[must_use]
pub fn accept_all_exact(
    decisions: &[Decision],
    assignments: &[Assignment],
    suggestions: &[Suggestion],
    by: Actor,
    at: &str,
) -> (Vec<Decision>, usize) {
    let exact: HashMap<&ObjectId, &ObjectId> = suggestions
        .iter()
        .filter(|one| one.confidence == Confidence::Exact)
        .filter_map(|one| Some((&one.source, one.target.as_ref()?)))
        .collect();
    let known: HashSet<&str> = decisions.iter().map(|one| one.assignment.as_str()).collect();
    let mut all = decisions.to_vec();
    let mut added = 0;
    for assignment in assignments {
        let Some(target) = exact.get(&assignment.principal) else { continue };
        if assignment.can_be_restored() && !known.contains(assignment.id.as_str()) {
            all.push(Decision {
                assignment: assignment.id.clone(),
                verdict: Verdict::Restore,
                target: Some((*target).clone()),
                by,
                at: at.to_owned(),
                seconded_by: None,
            });
            added += 1;
        }
    }
    all.sort_by(|one, other| one.assignment.cmp(&other.assignment));
    (all, added)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: usize) -> ObjectId {
        ObjectId::parse(&format!("00000000-0000-4000-8000-{n:012x}")).unwrap()
    }

    fn directory(domain: &str) -> DirectoryFacts {
        DirectoryFacts {
            tenant: onboarding::TenantId::parse("6c3c85bc-5366-4eaa-8055-a10529eafd03").unwrap(),
            verified_domains: vec![domain.into()],
        }
    }

    fn member(n: usize, upn: &str) -> Principal {
        Principal {
            id: id(n),
            kind: PrincipalKind::Member,
            name: None,
            upn: Some(upn.into()),
            mail: None,
            other_mails: Vec::new(),
            issuers: Vec::new(),
            accepted: false,
            enabled: true,
            on_premises_sid: None,
            app_id: None,
            app_owner: None,
            resource_id: None,
        }
    }

    fn guest(n: usize, user: &str, domain: &str) -> Principal {
        Principal {
            kind: PrincipalKind::Guest,
            mail: Some(format!("{user}@{domain}")),
            issuers: vec!["ExternalAzureAD".into()],
            accepted: true,
            ..member(n, &format!("{user}_{domain}#EXT#@fabrikam.onmicrosoft.com"))
        }
    }

    fn found(source: &[Principal], partner: &[Principal]) -> Vec<(Option<ObjectId>, String)> {
        suggest(source, &directory("contoso.com"), partner, &directory("fabrikam.com"), &[])
            .into_iter()
            .map(|one| (one.target, one.reason))
            .collect()
    }

    fn to(n: usize, reason: &str) -> Vec<(Option<ObjectId>, String)> {
        vec![(Some(id(n)), reason.into())]
    }

    fn nowhere(reason: &str) -> Vec<(Option<ObjectId>, String)> {
        vec![(None, reason.into())]
    }

    #[test]
    fn a_guest_is_the_member_whose_address_they_proved() {
        let ada = member(1, "Ada_L@Contoso.com");
        assert_eq!(found(std::slice::from_ref(&ada), &[guest(2, "ada_l", "contoso.com")]), to(2, "guest-of-member"));
        let open = Principal { accepted: false, ..guest(2, "ada_l", "contoso.com") };
        assert_eq!(found(std::slice::from_ref(&ada), &[open]), nowhere("invitation-open"));
        let other = Principal { mail: Some("eve@example.org".into()), ..guest(2, "ada_l", "contoso.com") };
        assert_eq!(found(std::slice::from_ref(&ada), &[other]), nowhere("no-key"));
        let personal = Principal { issuers: vec!["MicrosoftAccount".into()], ..guest(2, "ada_l", "contoso.com") };
        assert_eq!(found(std::slice::from_ref(&ada), &[personal]), nowhere("no-key"));
        let disabled = Principal { enabled: false, ..guest(2, "ada_l", "contoso.com") };
        assert_eq!(found(&[ada], &[disabled]), nowhere("disabled"));
    }

    #[test]
    fn a_member_of_the_partner_is_the_guest_who_came_from_there() {
        let source = [guest(1, "kim", "fabrikam.com")];
        assert_eq!(found(&source, &[member(2, "kim@fabrikam.com")]), to(2, "member-of-guest"));
        // The partner directory has not verified that domain: anybody may be called that.
        let source = [guest(1, "kim", "example.org")];
        assert_eq!(found(&source, &[member(2, "kim@example.org")]), nowhere("no-key"));
    }

    #[test]
    fn letters_that_only_look_or_fold_alike_are_others() {
        let source = [member(1, "kim@contoso.com")];
        assert_eq!(found(&source, &[guest(2, "\u{212a}im", "contoso.com")]), nowhere("no-key"));
        assert_eq!(found(&source, &[guest(2, "k\u{131}m", "contoso.com")]), nowhere("no-key"));
    }

    #[test]
    fn an_address_with_two_at_signs_is_none() {
        let source = [member(1, "kim@example.org@contoso.com")];
        assert_eq!(found(&source, &[guest(2, "kim@example.org", "contoso.com")]), nowhere("no-key"));
    }

    #[test]
    fn two_that_lead_to_one_and_one_that_leads_to_two_lead_nowhere() {
        let (one, two) = (guest(2, "kim", "contoso.com"), guest(3, "kim", "contoso.com"));
        assert_eq!(found(&[member(1, "kim@contoso.com")], &[one.clone(), two]), nowhere("ambiguous"));
        let twins = [member(1, "kim@contoso.com"), member(4, "Kim@contoso.com")];
        assert!(found(&twins, &[one]).iter().all(|found| *found == (None, "ambiguous".to_owned())));
    }

    #[test]
    fn an_application_is_its_id_and_who_registered_it() {
        let owner = Some(directory("").tenant);
        let app = |n: usize, owner: Option<onboarding::TenantId>| Principal {
            kind: PrincipalKind::Application,
            app_id: Some("9f0c0e4c-0001-4000-8000-000000000000".into()),
            app_owner: owner,
            ..member(n, "")
        };
        assert_eq!(found(&[app(1, owner.clone())], &[app(2, owner.clone())]), to(2, "application-id"));
        assert_eq!(found(&[app(1, None)], &[app(2, None)]), nowhere("no-key"));
        assert_eq!(found(&[app(1, owner)], &[app(2, None)]), nowhere("no-key"));
    }

    fn decision(assignment: &str, target: usize, by: Actor) -> Decision {
        Decision {
            assignment: assignment.into(),
            verdict: Verdict::Restore,
            target: Some(id(target)),
            by,
            at: String::new(),
            seconded_by: None,
        }
    }

    #[test]
    fn nobody_agrees_to_their_own_decision_nor_to_one_that_changed() {
        let list = decide(&[], decision("b", 1, Actor::PartnerAdmin)).unwrap();
        let list = decide(&list, decision("a", 2, Actor::PartnerAdmin)).unwrap();
        assert_eq!(list.iter().map(|one| one.assignment.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(second(&list, "a", Some(&id(2)), Actor::PartnerAdmin), Err(DecisionError::SamePerson));
        assert_eq!(second(&list, "a", Some(&id(9)), Actor::Owner), Err(DecisionError::Changed));
        assert_eq!(second(&list, "c", None, Actor::Owner), Err(DecisionError::NotDecided));
        assert_eq!(second(&list, "a", Some(&id(2)), Actor::Owner).unwrap()[0].seconded_by, Some(Actor::Owner));
    }

    #[test]
    fn whoever_decides_something_else_takes_the_agreement_away() {
        let list = decide(&[], decision("a", 1, Actor::PartnerAdmin)).unwrap();
        let agreed = second(&list, "a", Some(&id(1)), Actor::Owner).unwrap();
        assert_eq!(decide(&agreed, decision("a", 1, Actor::PartnerAdmin)).unwrap(), agreed);
        assert_eq!(decide(&agreed, decision("a", 2, Actor::PartnerAdmin)).unwrap()[0].seconded_by, None);
        let brought = Decision { seconded_by: Some(Actor::Owner), ..decision("a", 3, Actor::PartnerAdmin) };
        assert_eq!(decide(&agreed, brought).unwrap()[0].seconded_by, None);
        let nobody = Decision { target: None, ..decision("a", 1, Actor::Owner) };
        assert_eq!(decide(&agreed, nobody), Err(DecisionError::NoTarget));
    }
}
