//! Every address of the portal, in one place. A link is `<onboarding>.<role>.<tag>`: see `onboarding::links`.

/// The style sheet.
pub const STYLE: &str = "/style.css";
/// The script that keeps the progress page up to date.
pub const SCRIPT: &str = "/live.js";
/// The start page.
pub const START: &str = "/";
/// The sign-up form.
pub const NEW: &str = "/new";
/// Where a lost link can be asked for.
pub const NEW_LINK: &str = "/new-link";
/// Where Microsoft sends the browser back to.
pub const CALLBACK: &str = "/callback";
/// For load balancers and monitors.
pub const HEALTH: &str = "/health";

/// The operator's list of onboardings.
pub const OPERATOR: &str = "/operator";
/// Begins an operator's sign-in (POST).
pub const OPERATOR_SIGN_IN: &str = "/operator/sign-in";
/// Where Microsoft sends an operator's browser back to.
pub const OPERATOR_CALLBACK: &str = "/operator/callback";
/// Signs an operator out (POST).
pub const OPERATOR_SIGN_OUT: &str = "/operator/sign-out";

/// The query's name for how an operator's sign-in went wrong.
pub const PROBLEM: &str = "problem";

/// How an operator's sign-in went wrong, at an address without a code.
#[must_use]
pub fn operator_problem(id: &str) -> String {
    format!("{OPERATOR}?{PROBLEM}={id}")
}

/// One onboarding, as an operator sees it.
#[must_use]
pub fn operator_one(id: &str) -> String {
    format!("/operator/o/{id}")
}

/// Something that an operator can do about it.
#[must_use]
pub fn operator_act(id: &str, act: &str) -> String {
    format!("/operator/o/{id}/{act}")
}

/// Where the code of a sign-up is typed.
#[must_use]
pub fn check_mail(link: &str) -> String {
    format!("/check-mail/{link}")
}

/// The progress page.
#[must_use]
pub fn progress(link: &str) -> String {
    format!("/o/{link}")
}

/// What is asked of a person, before they sign in.
#[must_use]
pub fn turn(link: &str) -> String {
    format!("/o/{link}/turn")
}

/// Begins a sign-in (POST).
#[must_use]
pub fn sign_in(link: &str) -> String {
    format!("/o/{link}/sign-in")
}

/// Says no (POST).
#[must_use]
pub fn decline(link: &str) -> String {
    format!("/o/{link}/decline")
}

/// The same, saying that the person doesn't know what it is about.
#[must_use]
pub fn decline_and_report(link: &str) -> String {
    format!("/o/{link}/decline?{REPORT}")
}

/// The query of a decline that reports.
pub const REPORT: &str = "report=yes";

/// How a sign-in went.
#[must_use]
pub fn result(link: &str, result: crate::SignInResult) -> String {
    format!("/o/{link}/result/{}", result.as_str())
}

/// A sign-in that belongs to nothing we can name.
#[must_use]
pub fn problem(result: crate::SignInResult) -> String {
    format!("/problem/{}", result.as_str())
}

/// What Azure will delete, and the button that moves the subscription.
#[must_use]
pub fn confirm(link: &str) -> String {
    format!("/o/{link}/confirm")
}

/// What cancelling undoes, and the button that cancels.
#[must_use]
pub fn cancel(link: &str) -> String {
    format!("/o/{link}/cancel")
}

/// Gives more time (POST).
#[must_use]
pub fn extend(link: &str) -> String {
    format!("/o/{link}/extend")
}

/// Has the other person reminded (POST).
#[must_use]
pub fn remind(link: &str) -> String {
    format!("/o/{link}/remind")
}

/// Hands a part to somebody else.
#[must_use]
pub fn forward(link: &str) -> String {
    format!("/o/{link}/forward")
}

/// What the other route changes, and the button that chooses it.
#[must_use]
pub fn route(link: &str) -> String {
    format!("/o/{link}/route")
}

/// Looks again after a fix (POST).
#[must_use]
pub fn check_again(link: &str) -> String {
    format!("/o/{link}/check-again")
}

/// Chooses the subscription (POST).
#[must_use]
pub fn choose(link: &str) -> String {
    format!("/o/{link}/choose")
}

/// Ticks off what is left to do (POST).
#[must_use]
pub fn to_do(link: &str) -> String {
    format!("/o/{link}/to-do")
}

/// Says how it went (POST).
#[must_use]
pub fn feedback(link: &str) -> String {
    format!("/o/{link}/feedback")
}

/// Whether the subscription can be moved.
#[must_use]
pub fn preflight(link: &str) -> String {
    format!("/o/{link}/preflight")
}

/// What the move does.
#[must_use]
pub fn report(link: &str) -> String {
    format!("/o/{link}/report")
}

/// The same as CSV.
#[must_use]
pub fn report_csv(link: &str) -> String {
    format!("/o/{link}/report.csv")
}

/// The same as JSON.
#[must_use]
pub fn report_json(link: &str) -> String {
    format!("/o/{link}/report.json")
}

/// Who gets access again: deciding about it.
#[must_use]
pub fn mapping(link: &str) -> String {
    format!("/o/{link}/mapping")
}

/// The same as CSV, to be filled in.
#[must_use]
pub fn mapping_csv(link: &str) -> String {
    format!("/o/{link}/mapping.csv")
}

/// What moving it back would take.
#[must_use]
pub fn move_back(link: &str) -> String {
    format!("/o/{link}/move-back")
}

/// Access before and after.
#[must_use]
pub fn access(link: &str) -> String {
    format!("/o/{link}/access")
}

/// The proof that it is done.
#[must_use]
pub fn proof(link: &str) -> String {
    format!("/o/{link}/proof")
}

/// The receipt.
#[must_use]
pub fn receipt(link: &str) -> String {
    format!("/o/{link}/receipt")
}

/// The receipt as JSON.
#[must_use]
pub fn receipt_json(link: &str) -> String {
    format!("/o/{link}/receipt.json")
}

/// The evidence.
#[must_use]
pub fn evidence(link: &str) -> String {
    format!("/o/{link}/evidence")
}

/// The evidence pack, to download.
#[must_use]
pub fn evidence_json(link: &str) -> String {
    format!("/o/{link}/evidence.json")
}

/// The same as a page to keep.
#[must_use]
pub fn evidence_html(link: &str) -> String {
    format!("/o/{link}/evidence.html")
}

/// What follows `/o/`: the link and the rest of the path (empty, or without its slash).
#[must_use]
pub fn parse(path: &str) -> Option<(&str, &str)> {
    let rest = path.strip_prefix("/o/")?;
    let (link, tail) = rest.split_once('/').unwrap_or((rest, ""));
    (!link.is_empty()).then_some((link, tail.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_split_into_the_link_and_the_rest() {
        assert_eq!(parse("/o/A.v.t"), Some(("A.v.t", "")));
        assert_eq!(parse("/o/A.v.t/"), Some(("A.v.t", "")));
        assert_eq!(parse("/o/A.v.t/result/x"), Some(("A.v.t", "result/x")));
        assert_eq!(parse("/o/"), None);
        assert_eq!(parse("/other"), None);
    }
}
