//! Faults that the control API asked for.

use serde::{Deserialize, Serialize};

use crate::http::Call;

/// What goes wrong, where and how often.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Fault {
    /// An operation id such as `arm.acceptChangeTenant`, an API's name, or `*`.
    pub(crate) operation: String,
    /// How many calls it hits.
    #[serde(default = "once")]
    pub(crate) count: u32,
    /// How many calls pass before.
    #[serde(default)]
    pub(crate) skip: u32,
    /// Only paths that contain this.
    #[serde(default)]
    pub(crate) path_contains: Option<String>,
    pub(crate) effect: Effect,
}

fn once() -> u32 {
    1
}

/// What goes wrong.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub(crate) enum Effect {
    /// Answers with this instead of doing anything.
    Status {
        status: u16,
        #[serde(default)]
        code: Option<String>,
        #[serde(default)]
        message: Option<String>,
    },
    /// Waits first, then does it.
    Slow { ms: u64 },
    /// Does it, then closes the connection.
    LostAnswer,
    /// Closes the connection without doing anything.
    LostRequest,
    /// 429.
    Throttle { retry_after: u64 },
    /// Does it, then answers with text that is no JSON.
    Malformed,
    /// Does it, then adds a field that the contract does not know: the violation must be recorded.
    ExtraField { name: String },
}

/// Takes the first fault that hits this call.
pub(crate) fn take(faults: &mut Vec<Fault>, operation: &str, call: &Call) -> Option<Effect> {
    let hits = |fault: &Fault| {
        (fault.operation == "*" || fault.operation == operation || fault.operation == call.api.as_str())
            && fault.path_contains.as_ref().is_none_or(|part| call.path.contains(part))
    };
    let at = faults.iter().position(hits)?;
    let fault = faults.get_mut(at)?;
    if fault.skip > 0 {
        fault.skip -= 1;
        return None;
    }
    let effect = fault.effect.clone();
    fault.count = fault.count.saturating_sub(1);
    if fault.count == 0 {
        faults.remove(at);
    }
    Some(effect)
}
