//! What the rules of the report say, in the reader's language. The sentences themselves are the catalogue's, in English, under ids made
//! of the rule's own; CSV and JSON keep the English ones, for programs.

use impact::catalogue::{self, Rule};
use impact::report::{Alternative, Phase, Task};
use impact::to_do::{self, Item};

use crate::text::impact as words;

/// What a rule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleSaid {
    /// What it is about.
    pub title: &'static str,
    /// What happens.
    pub why: &'static str,
    /// When.
    pub when: &'static str,
    /// What to do.
    pub todo: &'static str,
}

fn said(rule: &Rule, part: &str, english: &'static str) -> &'static str {
    texts::of(&format!("rule.{}.{part}", rule.id), english)
}

/// What a rule says, in the reader's language.
#[must_use]
pub fn rule_said(rule: &Rule) -> RuleSaid {
    RuleSaid {
        title: said(rule, "title", rule.title),
        why: said(rule, "why", rule.why),
        when: said(rule, "when", rule.when),
        todo: said(rule, "todo", rule.todo),
    }
}

/// What a task is about, and what to do. A report may be older than a rule that has gone since: then it says what it said.
#[must_use]
pub fn task_said(task: &Task) -> (String, String) {
    let rule = catalogue::rule(&task.rule);
    let what = rule.and_then(|rule| match task.phase {
        Phase::Before => rule.before.map(|english| said(rule, "before", english)),
        Phase::After => rule.after.map(|after| said(rule, "after", after.what)),
    });
    let title = rule.map_or(task.title.as_str(), |rule| said(rule, "title", rule.title));
    (title.to_owned(), what.unwrap_or(&task.what).to_owned())
}

/// What something that is left to do is about, and what to do; the first is empty where the second says it all.
#[must_use]
pub fn item_said(item: &Item) -> (String, String) {
    let count = item.count.to_string();
    match (item.id.as_str(), item.rule()) {
        (_, Some(rule)) => {
            let what =
                rule.after.map_or_else(|| said(rule, "todo", rule.todo), |after| said(rule, "after", after.what));
            (said(rule, "title", rule.title).to_owned(), what.to_owned())
        }
        (to_do::REFUSED, None) => (String::new(), words::TODO_REFUSED.with(&[("n", &count)])),
        (to_do::SECRETS, None) => (String::new(), words::TODO_KEYS.said().to_owned()),
        (to_do::POLICY, None) => (String::new(), words::TODO_POLICY.said().to_owned()),
        // Of a rule that has gone since.
        (id, None) => (String::new(), id.to_owned()),
    }
}

/// What could be done instead, and when it fits.
#[must_use]
pub fn alternative_said(other: &Alternative) -> (String, String) {
    if let Some(rule) = other.id.strip_prefix("prepare-").and_then(catalogue::rule) {
        let todo = match rule.before {
            Some(english) => said(rule, "before", english),
            None => said(rule, "todo", rule.todo),
        };
        return (said(rule, "title", rule.title).to_owned(), todo.to_owned());
    }
    let known = impact::report::INSTEAD.iter().find(|(id, ..)| *id == other.id);
    known.map_or_else(
        || (other.title.clone(), other.said.clone()),
        |(id, title, words, _)| {
            let of = |part: &str, english| texts::of(&format!("instead.{id}.{part}"), english).to_owned();
            (of("title", title), of("said", words))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_german_reader_gets_the_findings_in_german_and_nobody_else_does() {
        let rule = catalogue::rule("aks").unwrap();
        assert_eq!(rule_said(rule).why, rule.why);
        let german = texts::within(texts::Locale::named("de", "Europe/Berlin"), || {
            let every = catalogue::RULES.iter().all(|rule| {
                let said = rule_said(rule);
                said.why != rule.why && said.when != rule.when && said.todo != rule.todo
            });
            assert!(every, "a rule is said in English");
            rule_said(rule)
        });
        assert!(german.title == "Kubernetes-Cluster" && german.when.contains("für immer"), "{german:?}");
    }
}
