//! The review as a list for a spreadsheet, and back.
//!
//! What comes back is pasted into a form: a file could only be sent as `multipart/form-data`, another parser for what strangers send, and
//! pasting from a spreadsheet works everywhere. So columns are found by their names, and the separator may be the comma that
//! we wrote, the semicolon of some spreadsheets, or the tab of a copied range.

use std::collections::{BTreeMap, HashMap};

use access::mapping::{Decision, Verdict};
use http::Request;
use onboarding::{ErrorName, ObjectId};
use web::pages::CsvProblem;
use web::{Answer, answer, row_key};

use crate::World;
use crate::review::{Ready, Wanted, ready};

/// The columns that are read back; the others are for people.
const KEY: &str = "row";
const DECISION: &str = "decision";
const TARGET: &str = "target";

/// At most this many problems are told at once: the rest is likely the same.
const PROBLEMS: usize = 50;

/// `GET /o/{link}/mapping.csv`.
pub(crate) async fn download<W: World, B>(world: &W, link: &str, request: &Request<B>) -> Result<Answer, ErrorName> {
    let ready = match ready(world, link, request).await? {
        Ok(ready) => ready,
        Err(answered) => return Ok(answered),
    };
    let name = format!("review-{}.csv", ready.opened.loaded.meta.onboarding_id.reference());
    Ok(answer::file("text/csv; charset=utf-8", &name, ready.list()))
}

impl Ready {
    fn list(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        // Writing into memory does not fail.
        let _ = writer.write_record([
            KEY,
            DECISION,
            TARGET,
            "who",
            "suggested",
            "confidence",
            "role",
            "scope",
            "by",
            "agreed",
        ]);
        for row in self.material.rows(&self.material.restorable(), &self.review) {
            let decision = row.decided.as_ref().map_or("", |decided| match decided.verdict {
                Verdict::Restore => "restore",
                Verdict::Skip => "skip",
            });
            let (by, agreed) = row.decided.as_ref().map_or(("", ""), |decided| {
                (decided.by.as_str(), decided.agreed.map_or("", onboarding::Actor::as_str))
            });
            let sure = format!("{:?}", row.confidence).to_lowercase();
            let suggested = row.after.clone().unwrap_or_default();
            let cells =
                [&row.key, decision, &row.target, &row.who, &suggested, &sure, &row.role, &row.scope, by, agreed];
            let _ = writer.write_record(cells.map(|cell| onboarding::plain::cell(cell).into_owned()));
        }
        // The mark makes spreadsheets read it as UTF-8.
        let text = writer.into_inner().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        format!("\u{feff}{text}")
    }

    /// What a pasted list says. Rows that it does not name stay as they are; an empty decision changes nothing.
    pub(crate) fn listed(&self, pasted: &str, at: &str) -> Result<Wanted, Vec<CsvProblem>> {
        let text = pasted.trim_start_matches('\u{feff}');
        let head = text.lines().next().unwrap_or_default();
        let separator = [b'\t', b';'].into_iter().find(|separator| head.as_bytes().contains(separator)).unwrap_or(b',');
        let mut reader = csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(text.as_bytes());
        let heads: HashMap<String, usize> = match reader.headers() {
            Ok(heads) => heads.iter().enumerate().map(|(at, name)| (name.trim().to_lowercase(), at)).collect(),
            Err(error) => return Err(vec![problem(1, "", &error.to_string())]),
        };
        let missing: Vec<CsvProblem> = [KEY, DECISION, TARGET]
            .into_iter()
            .filter(|name| !heads.contains_key(*name))
            .filter(|_| !text.trim().is_empty())
            .map(|name| problem(1, name, "this column is missing"))
            .collect();
        if !missing.is_empty() || text.trim().is_empty() {
            return Err(missing);
        }
        let known: HashMap<String, &str> =
            self.material.restorable().into_iter().map(|one| (row_key(&one.id), one.id.as_str())).collect();
        let mut decided: BTreeMap<String, Decision> = self.decided();
        let (mut problems, mut changes) = (Vec::new(), 0);
        for record in reader.records() {
            if problems.len() >= PROBLEMS {
                break;
            }
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    let line = error.position().map_or(0, csv::Position::line);
                    problems.push(problem(line, "", &error.to_string()));
                    continue;
                }
            };
            let line = record.position().map_or(0, csv::Position::line);
            let cell = |name: &str| heads.get(name).and_then(|at| record.get(*at)).unwrap_or_default().trim();
            let (verdict, target) = match cell(DECISION).to_lowercase().as_str() {
                "" => continue,
                "skip" => (Verdict::Skip, None),
                "restore" => match ObjectId::parse(cell(TARGET)) {
                    Ok(target) => (Verdict::Restore, Some(target)),
                    Err(_) => {
                        problems.push(problem(line, TARGET, "to restore, give an object id of the partner directory"));
                        continue;
                    }
                },
                _ => {
                    problems.push(problem(line, DECISION, "only restore, skip, or nothing can stand here"));
                    continue;
                }
            };
            let Some(id) = known.get(cell(KEY)) else {
                problems.push(problem(line, KEY, "there is no such role assignment, or it can't be made again"));
                continue;
            };
            changes += usize::from(self.decide(&mut decided, id, verdict, target, at));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Wanted { review: self.with(decided), changes, notes: Vec::new() })
    }
}

fn problem(line: u64, column: &str, message: &str) -> CsvProblem {
    CsvProblem { line, column: column.to_owned(), message: message.to_owned() }
}
