//! What became of each thing that was prepared, item by item.

use maud::{Markup, html};
use onboarding::UndoItem;

use crate::text;

/// The list under its heading; nothing where there is nothing to tell.
pub(super) fn undone(items: &[UndoItem]) -> Markup {
    html! {
        @if !items.is_empty() {
            h2 { (text::PROGRESS_UNDONE) }
            ul.undone { @for item in items { (row(item)) } }
        }
    }
}

fn row(item: &UndoItem) -> Markup {
    let said = texts::undone(item);
    let english = said.in_english.then_some("en");
    html! {
        li {
            span.state { span aria-hidden="true" { (said.sign) } " " span lang=[english] { (said.what) } ": " (said.result) }
            @if let Some(why) = &said.why { p.muted lang=[english] { (why) } }
            @if let Some(quoted) = &item.said { p.muted { (text::impact::ACCESS_AZURE_SAID) code lang="en" translate="no" { (quoted) } } }
            @if let Some(to_do) = said.to_do { p { (to_do) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use onboarding::undo;

    use super::*;

    fn items() -> Vec<UndoItem> {
        let mut refused = UndoItem::new(undo::REQUEST, undo::NOT_POSSIBLE, Some("SignIn.Required"));
        refused.said = Some("<arm.cancel> (status 401)".into());
        vec![refused, UndoItem::new(undo::SIGN_INS, undo::UNDONE, None).with("n", 2)]
    }

    #[test]
    fn each_item_says_what_became_of_it_why_and_what_to_do() {
        let page = undone(&items()).into_string();
        for piece in [
            "✗",
            "Our request to change the directory",
            "could not be undone",
            "A fresh sign-in is needed",
            "expires a day after",
            "&lt;arm.cancel&gt;",
            "copies of sign-ins (2)",
            "deleted",
        ] {
            assert!(page.contains(piece), "{piece}: {page}");
        }
        assert!(undone(&[]).into_string().is_empty());
    }

    #[test]
    fn what_microsoft_said_and_old_records_are_marked_as_english_on_a_german_page() {
        let old = UndoItem::new("the guest account that we invited", undo::UNDONE, Some("it was gone already"));
        let items: Vec<_> = items().into_iter().chain([old]).collect();
        let page = texts::within(texts::Locale::named("de", "UTC"), || undone(&items).into_string());
        assert!(page.contains(r#"<code lang="en" translate="no">&lt;arm"#), "{page}");
        assert!(page.contains(r#"<span lang="en">the guest account that we invited</span>"#), "{page}");
        assert!(!page.contains("could not be undone") && !page.contains("A fresh sign-in"), "{page}");
    }
}
