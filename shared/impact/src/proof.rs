//! That the association is done, as the partner admin sees it; and if not, why.

use serde::{Deserialize, Serialize};

/// One thing that was looked at, with how it was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// A stable word: `listed`, `in-partner-directory`, `active`, `may-deploy`, `what-if`, `partner-center`.
    pub check: String,
    /// Whether it holds.
    pub holds: bool,
    /// What was seen: counts, ids, codes, Microsoft's request id.
    #[serde(default)]
    pub seen: serde_json::Map<String, serde_json::Value>,
    /// The call.
    pub source: String,
}

/// A possible cause of "my subscription is not in the list", tested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cause {
    /// A stable word: `wrong-directory`, `filter`, `role`, `propagation`, `disabled`.
    pub cause: String,
    /// `true`: this is why. `false`: ruled out. `None`: can't be told from here.
    pub applies: Option<bool>,
    /// What was seen.
    #[serde(default)]
    pub seen: serde_json::Map<String, serde_json::Value>,
}
