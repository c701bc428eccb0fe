//! What was read so far, when one invocation was not enough.

use access::pages;
use access::principals::{DirectoryFacts, Principal};
use access::snapshot::{NotRead, Snapshot};
use impact::report::{Classic, Delegation, Inventory, Lock, Policy};
use jiff::{SignedDuration, Timestamp};
use onboarding::Step;
use serde::{Deserialize, Serialize};
use step::{Job, Stop};
use store::{Archive, StoreError};

/// Everything read so far, stage by stage. A stage that is not done is absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Draft {
    /// When the reading began. RFC 3339, UTC.
    pub(crate) began_at: String,
    /// Assignments, roles, eligibilities and deny assignments.
    pub(crate) access: Option<Snapshot>,
    /// Policies, locks, delegations and classic administrators.
    pub(crate) listed: Option<Listed>,
    /// The resources that are touched.
    pub(crate) inventory: Inventory,
    /// How many rows Resource Graph said that there are.
    pub(crate) expected: Option<u64>,
    /// Where the inventory goes on.
    pub(crate) next: Option<String>,
    /// Whether the inventory is read to its end.
    pub(crate) inventoried: bool,
    /// How many resources of each type there are.
    pub(crate) counts: Option<Vec<(String, u64)>>,
    /// Whether the management API's own list has any resource, where Resource Graph has none.
    pub(crate) listed_any: Option<bool>,
    /// The principals of the assignments, as the source directory describes them.
    pub(crate) principals: Option<Vec<Principal>>,
    /// The source directory and the partner directory, as they describe themselves.
    pub(crate) directories: Option<(DirectoryFacts, DirectoryFacts)>,
    /// The same people, groups and applications, as far as they were found in the partner directory.
    pub(crate) targets: Vec<Principal>,
    /// How many look-ups in the partner directory are done.
    pub(crate) looked_up: usize,
    /// Whether all are.
    pub(crate) mapped: bool,
    /// What could not be read.
    pub(crate) not_read: Vec<NotRead>,
    /// Whether this came from the table.
    #[serde(skip)]
    pub(crate) kept: bool,
}

/// What governs a subscription besides roles.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Listed {
    pub(crate) policies: Vec<Policy>,
    pub(crate) locks: Vec<Lock>,
    pub(crate) delegations: Vec<Delegation>,
    pub(crate) classic: Vec<Classic>,
}

/// A draft is read in pieces over the time of a few invocations; what is older shows a moment that is gone.
const OLDEST: SignedDuration = SignedDuration::from_mins(20);

/// DynamoDB takes 400 KB an item.
const PIECE: usize = 350_000;

/// The word under which a draft is kept.
const WORD: &str = "draft";

/// The first page: what the others must come to.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Cover {
    /// For which step: what was read for a person to confirm is not read again to compare with it.
    step: String,
    /// How many pages follow.
    pieces: usize,
    /// When the reading began. RFC 3339, UTC.
    began_at: String,
}

impl Draft {
    /// The draft that an earlier invocation of this step left, or a new one.
    pub(crate) async fn open(job: &Job<'_>, step: Step) -> Result<Self, Stop> {
        let now = job.deps.clock.now();
        let pages = job.deps.store.pages(&job.loaded.meta.onboarding_id, Archive::Draft, WORD).await?;
        Ok(match assemble(&pages, step, now) {
            Some(draft) => Self { kept: true, ..draft },
            None => Self { began_at: now.to_string(), ..Self::default() },
        })
    }

    /// Sees to it that what was read once is not taken for what is there the next time.
    pub(crate) async fn close(&self, job: &Job<'_>) -> Result<(), Stop> {
        if self.kept {
            let cover = pages::pack(&Cover::default()).map_err(|error| unfit(&error))?;
            job.deps.store.keep_page(&job.loaded.meta.onboarding_id, Archive::Draft, WORD, 0, cover).await?;
        }
        Ok(())
    }

    /// How far it is: two drafts of one reading differ in this if one of them has more.
    pub(crate) fn reach(&self) -> (bool, bool, u64, bool, bool, bool, usize, bool) {
        (
            self.access.is_some(),
            self.listed.is_some(),
            self.inventory.taken,
            self.inventoried,
            self.counts.is_some(),
            self.principals.is_some(),
            self.looked_up,
            self.mapped,
        )
    }

    /// Keeps what was read.
    pub(crate) async fn leave(&self, job: &Job<'_>, step: Step) -> Result<(), Stop> {
        let (cover, pieces) = divide(self, step)?;
        let (store, id) = (&job.deps.store, &job.loaded.meta.onboarding_id);
        for (place, piece) in pieces.into_iter().enumerate() {
            store.keep_page(id, Archive::Draft, WORD, place + 1, piece).await?;
        }
        // Last: a draft that was left half is none.
        store.keep_page(id, Archive::Draft, WORD, 0, cover).await?;
        Ok(())
    }
}

fn unfit(error: &pages::PageError) -> Stop {
    StoreError::Unreadable(error.to_string()).into()
}

fn divide(draft: &Draft, step: Step) -> Result<(Vec<u8>, Vec<Vec<u8>>), Stop> {
    let packed = pages::pack(draft).map_err(|error| unfit(&error))?;
    let pieces: Vec<Vec<u8>> = packed.chunks(PIECE).map(<[u8]>::to_vec).collect();
    let cover = Cover { step: step.as_str().to_owned(), pieces: pieces.len(), began_at: draft.began_at.clone() };
    Ok((pages::pack(&cover).map_err(|error| unfit(&error))?, pieces))
}

/// Anything that doesn't fit together is no draft: reading from the beginning is always right.
fn assemble(kept: &[Vec<u8>], step: Step, now: Timestamp) -> Option<Draft> {
    let (cover, pieces) = kept.split_first()?;
    let cover: Cover = pages::unpack(cover).ok()?;
    let began: Timestamp = cover.began_at.parse().ok()?;
    if cover.step != step.as_str() || now.duration_since(began) > OLDEST {
        return None;
    }
    // The packing has a check sum of its own: pieces of two drafts don't unpack.
    pages::unpack(&pieces.get(..cover.pieces)?.concat()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn draft(rows: u64) -> Draft {
        Draft {
            began_at: "2026-01-01T00:00:00Z".into(),
            expected: Some(rows),
            next: Some("token".into()),
            ..Draft::default()
        }
    }

    fn kept(draft: &Draft, step: Step) -> Vec<Vec<u8>> {
        let (cover, pieces) = divide(draft, step).unwrap();
        std::iter::once(cover).chain(pieces).collect()
    }

    #[test]
    fn a_draft_goes_on_where_it_was_left() {
        let left = kept(&draft(7), Step::AssessImpact);
        assert_eq!(assemble(&left, Step::AssessImpact, at("2026-01-01T00:09:00Z")), Some(draft(7)));
    }

    #[test]
    fn a_draft_that_is_old_or_another_steps_or_damaged_is_none() {
        let left = kept(&draft(7), Step::AssessImpact);
        let soon = at("2026-01-01T00:01:00Z");
        assert_eq!(assemble(&left, Step::AssessImpact, at("2026-01-01T00:21:00Z")), None);
        assert_eq!(assemble(&left, Step::MapDirectory, soon), None);
        let half = [left[0].clone(), left[1][..left[1].len() / 2].to_vec()];
        assert_eq!(assemble(&half, Step::AssessImpact, soon), None);
        assert_eq!(assemble(&left[..1], Step::AssessImpact, soon), None);
        assert_eq!(assemble(&[], Step::AssessImpact, soon), None);
        let closed = [pages::pack(&Cover::default()).unwrap(), kept(&draft(7), Step::AssessImpact)[1].clone()];
        assert_eq!(assemble(&closed, Step::AssessImpact, soon), None);
    }
}
