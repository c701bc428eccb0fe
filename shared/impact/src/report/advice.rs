//! What to do: before the move, after it, or instead of it.

use std::collections::{BTreeMap, BTreeSet};

use onboarding::Actor;
use serde::{Deserialize, Serialize};

use super::{Finding, Report};
use crate::catalogue::{self, Rule};

/// Resources that a task names. The report names them all.
const NAMED: usize = 50;

/// When a task is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Before the move.
    Before,
    /// After it.
    After,
}

/// Something that a person has to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// Stable within a subscription: the phase and the rule.
    pub id: String,
    /// When.
    pub phase: Phase,
    /// The rule of the catalogue.
    pub rule: String,
    /// What it is about.
    pub title: String,
    /// What to do.
    pub what: String,
    /// The resources, by name: the first fifty.
    pub resources: Vec<String>,
    /// How many there are.
    pub count: u32,
    /// Who.
    pub who: Actor,
    /// Within how many days after the move; 0 for what is due before it.
    pub due_days: u16,
    /// Microsoft's page.
    pub link: String,
}

/// Another way to reach the same end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Alternative {
    /// Its stable id.
    pub id: String,
    /// What it is.
    pub title: String,
    /// When it fits, and what it costs.
    pub said: String,
    /// Microsoft's page.
    pub link: String,
}

impl Report {
    /// What to do before the move.
    #[must_use]
    pub fn preparations(&self) -> Vec<Task> {
        self.by_rule().into_iter().filter_map(|(rule, of)| before(rule, &of)).collect()
    }

    /// All of it, in order.
    #[must_use]
    pub fn tasks(&self) -> Vec<Task> {
        let mut tasks = self.preparations();
        tasks.extend(checklist(self));
        tasks
    }

    /// The findings by rule, in the catalogue's order.
    fn by_rule(&self) -> Vec<(&'static Rule, Vec<&Finding>)> {
        let mut by: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
        for finding in &self.findings {
            by.entry(finding.rule.as_str()).or_default().push(finding);
        }
        catalogue::RULES.iter().filter_map(|rule| Some((rule, by.remove(rule.id)?))).collect()
    }
}

/// What to do after the move, soonest first: with an owner and a day each.
#[must_use]
pub fn checklist(report: &Report) -> Vec<Task> {
    let mut tasks: Vec<Task> = report.by_rule().into_iter().filter_map(|(rule, of)| after(rule, &of)).collect();
    tasks.sort_by(|one, other| (one.due_days, &one.id).cmp(&(other.due_days, &other.id)));
    tasks
}

/// What could be done instead, where something would be lost for ever. Empty where nothing would.
#[must_use]
pub fn alternatives(report: &Report) -> Vec<Alternative> {
    let stops: BTreeSet<&str> =
        report.findings.iter().filter(|finding| finding.hard_stop).map(|finding| finding.rule.as_str()).collect();
    if stops.is_empty() {
        return Vec::new();
    }
    let of_rules = stops.iter().filter_map(|id| catalogue::rule(id)).map(|rule| Alternative {
        id: format!("prepare-{}", rule.id),
        title: rule.title.into(),
        said: rule.before.unwrap_or(rule.todo).into(),
        link: rule.link.into(),
    });
    of_rules
        .chain(INSTEAD.iter().map(|(id, title, said, link)| Alternative {
            id: (*id).into(),
            title: (*title).into(),
            said: (*said).into(),
            link: (*link).into(),
        }))
        .collect()
}

/// What could be done instead of any move: id, what it is, when it fits and what it costs, Microsoft's page.
pub const INSTEAD: [(&str, &str, &str, &str); 3] = [
    (
        "lighthouse",
        "Delegate the subscription with Azure Lighthouse",
        "The partner manages it from their own directory, and it stays where it is. Nothing is deleted. It fits if the partner only needs to work in it; it does not put the subscription into the partner directory.",
        "https://learn.microsoft.com/azure/lighthouse/how-to/onboard-customer",
    ),
    (
        "new-subscription",
        "Make a new subscription in the partner directory",
        "What can't be moved is built again there, and the rest is moved or copied at leisure. It fits if little would be lost or much must be cleaned up anyway.",
        "https://learn.microsoft.com/azure/cost-management-billing/manage/create-subscription",
    ),
    (
        "guests",
        "Keep it where it is and invite the partner",
        "People of the partner become guests of this directory and get roles on the subscription. It fits for a few people and a limited time.",
        "https://learn.microsoft.com/azure/role-based-access-control/role-assignments-external-users",
    ),
];

fn task(rule: &Rule, of: &[&Finding], phase: Phase, what: &str, who: Actor, due_days: u16) -> Task {
    let word = match phase {
        Phase::Before => "before",
        Phase::After => "after",
    };
    Task {
        id: format!("{word}:{}", rule.id),
        phase,
        rule: rule.id.into(),
        title: rule.title.into(),
        what: what.into(),
        resources: of.iter().take(NAMED).map(|finding| finding.name.clone()).collect(),
        count: u32::try_from(of.len()).unwrap_or(u32::MAX),
        who,
        due_days,
        link: rule.link.into(),
    }
}

/// Before the move it is still the owner's subscription.
fn before(rule: &Rule, of: &[&Finding]) -> Option<Task> {
    rule.before.map(|what| task(rule, of, Phase::Before, what, Actor::Owner, 0))
}

fn after(rule: &Rule, of: &[&Finding]) -> Option<Task> {
    rule.after.map(|after| task(rule, of, Phase::After, after.what, after.who, after.due_days))
}
