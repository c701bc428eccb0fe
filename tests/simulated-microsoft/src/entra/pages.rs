//! The sign-in pages: plain forms, no script. A program drives them by their field names.

use std::fmt::Write as _;

/// Text made safe for HTML.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// One page of a sign-in.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    /// Where the form goes.
    pub(crate) action: &'a str,
    /// The sign-in's id.
    pub(crate) ctx: &'a str,
    /// account, password, mfa-setup, mfa, invitation, consent, approval, not-a-member.
    pub(crate) step: &'a str,
    pub(crate) title: &'a str,
    /// What went wrong with the last answer.
    pub(crate) problem: Option<&'a str>,
    /// Paragraphs.
    pub(crate) words: Vec<String>,
    /// A list below the paragraphs.
    pub(crate) list: Vec<String>,
    pub(crate) field: Option<Field<'a>>,
    /// Values of the button `answer` and what they say.
    pub(crate) buttons: &'a [(&'a str, &'a str)],
}

/// A field to fill in.
#[derive(Debug)]
pub(crate) struct Field<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) label: &'a str,
    pub(crate) value: &'a str,
    pub(crate) autocomplete: &'a str,
}

impl Page<'_> {
    pub(crate) fn render(&self) -> String {
        let mut body = format!("<h1>{}</h1>", escape(self.title));
        if let Some(problem) = self.problem {
            let _ = write!(body, "<p role=\"alert\" class=\"problem\">{}</p>", escape(problem));
        }
        for words in &self.words {
            let _ = write!(body, "<p>{}</p>", escape(words));
        }
        if !self.list.is_empty() {
            body.push_str("<ul>");
            for item in &self.list {
                let _ = write!(body, "<li>{}</li>", escape(item));
            }
            body.push_str("</ul>");
        }
        let _ = write!(
            body,
            "<form method=\"post\" action=\"{}\"><input type=\"hidden\" name=\"ctx\" value=\"{}\"><input type=\"hidden\" name=\"step\" value=\"{}\">",
            escape(self.action),
            escape(self.ctx),
            escape(self.step)
        );
        if let Some(field) = &self.field {
            let _ = write!(
                body,
                "<p><label for=\"{name}\">{label}</label><br><input id=\"{name}\" name=\"{name}\" type=\"{kind}\" value=\"{value}\" autocomplete=\"{autocomplete}\" required autofocus></p>",
                name = escape(field.name),
                label = escape(field.label),
                kind = escape(field.kind),
                value = escape(field.value),
                autocomplete = escape(field.autocomplete),
            );
        }
        body.push_str("<p>");
        for (value, label) in self.buttons {
            let _ = write!(
                body,
                "<button type=\"submit\" name=\"answer\" value=\"{}\"{}>{}</button> ",
                escape(value),
                // Leaving must work with an empty field.
                if *value == "next" || *value == "accept" { "" } else { " formnovalidate" },
                escape(label)
            );
        }
        body.push_str("</p></form>");
        frame(self.title, &body)
    }
}

/// A page that only says something.
pub(crate) fn notice(title: &str, words: &str) -> String {
    frame(title, &format!("<h1>{}</h1><p>{}</p>", escape(title), escape(words)))
}

/// A page at which a sign-in ends without going back to the application.
pub(crate) fn error(title: &str, description: &str) -> String {
    frame(
        title,
        &format!(
            "<h1>Sorry, but we’re having trouble signing you in.</h1><p role=\"alert\" class=\"problem\">{}</p>",
            escape(description)
        ),
    )
}

fn frame(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{} – simulated Microsoft</title><meta name=\"viewport\" content=\"width=device-width\"><style>body{{font:1rem/1.5 sans-serif;max-width:28rem;margin:3rem auto;padding:0 1rem}}.problem{{color:#a00}}button,input{{font:inherit;padding:.4rem .8rem}}small{{color:#555}}</style></head><body><main>{body}</main><footer><small>This is the simulated Microsoft cloud. Use no real password here.</small></footer></body></html>",
        escape(title)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_cannot_become_markup() {
        assert_eq!(escape("<b a='\"&"), "&lt;b a=&#39;&quot;&amp;");
        assert!(!error("x", "<script>").contains("<script>"));
    }
}
