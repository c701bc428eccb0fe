//! The start page: what the service does, told as the list of its steps.

use maud::{Markup, html};

use crate::frame::frame;
use crate::{paths, text};

/// The start page.
#[must_use]
pub fn start() -> Markup {
    let content = html! {
        h1 { (text::START_TITLE) }
        p { (text::START_LEAD) }
        // Focusable, so that the keyboard scrolls it in a narrow window.
        div.wide tabindex="0" role="region" aria-label=(text::START_TABLE) {
            table {
                caption { (text::START_TABLE) }
                thead {
                    tr {
                        @for column in [text::START_COL_STEP, text::START_COL_WHO, text::START_COL_TIME, text::START_COL_WHAT, text::START_COL_UNDO] {
                            th scope="col" { (column) }
                        }
                    }
                }
                tbody {
                    @for [step, who, minutes, what, undo] in text::START_ROWS {
                        tr {
                            th scope="row" { (step) }
                            td { (who) } td { (minutes) } td { (what) } td { (undo) }
                        }
                    }
                }
            }
        }
        p { (text::START_BILLING) " " (text::START_PASSWORD) }
        h2 { (text::START_NEEDS_TITLE) }
        ul { @for need in text::START_NEEDS { li { (need) } } }
        p.actions { a.button href=(paths::NEW) { (text::START_BUTTON) } }
        p { a href=(paths::NEW_LINK) { (text::signup::NEW_LINK_TITLE) } }
    };
    frame(text::START_TITLE.said(), None, &content)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_start_page_tells_the_five_steps_and_what_cannot_be_undone() {
        let page = super::start().into_string();
        for step in ["1 Use existing", "2 Associate", "3 Map", "4 Add", "5 Confirm", "move it again", r#"href="/new""#]
        {
            assert!(page.contains(step), "{step}");
        }
    }
}
