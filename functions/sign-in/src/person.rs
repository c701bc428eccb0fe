//! Is this the expected person?
//!
//! Once somebody has signed in, their tenant and object id decide, and nothing else: names and addresses can change hands.
//! The first time all that is known is the address that the request named. It is a hint, no proof: what the person can do is
//! proved afterwards, by the steps (Owner of this subscription, administrator of that directory).

use microsoft::entra::Person;
use onboarding::request::AccountKind;
use onboarding::{Actor, Directory};
use store::Meta;

/// Whether the person who signed in is the one whom the wait asks for.
pub(crate) fn is_expected(meta: &Meta, actor: Actor, directory: Directory, person: &Person) -> bool {
    if person.tenant != *meta.tenant(directory) {
        return false;
    }
    match meta.object_id(actor, directory) {
        Some(known) => *known == person.object_id,
        None => is_named(meta, actor, person),
    }
}

/// Whether it is the account that the request named.
pub(crate) fn is_named(meta: &Meta, actor: Actor, person: &Person) -> bool {
    let expected = meta.email(actor);
    let named = [person.username.as_deref(), person.email.as_deref()]
        .into_iter()
        .flatten()
        .any(|name| name.eq_ignore_ascii_case(expected));
    named && (actor != Actor::Owner || kind_fits(meta.owner_account, person))
}

/// The same address can be a personal and a work account. Where Microsoft says which one this is, it must be the one asked for.
fn kind_fits(asked: AccountKind, person: &Person) -> bool {
    match asked {
        AccountKind::Unknown => true,
        AccountKind::Work => !person.is_personal_account(),
        // Not every tenant tells where an account lives.
        AccountKind::Personal => person.identity_provider.is_none() || person.is_personal_account(),
    }
}

/// The account, in words that its owner recognises.
pub(crate) fn shown(person: &Person) -> String {
    let name = person.username.as_deref().or(person.email.as_deref()).or(person.name.as_deref());
    // What a token says is text of others: a page shows a line of it.
    onboarding::plain::one_line(name.unwrap_or("another account"))
}
