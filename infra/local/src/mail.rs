//! The mail sink: what the emulator's mail service was asked to send.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use url::Url;

/// A mail that somebody would have got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mail {
    /// The id that the mail service gave it.
    pub id: String,
    /// Who sent it.
    pub from: String,
    /// Who gets it.
    pub to: Vec<String>,
    /// The subject line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML part, where there is one.
    pub html: Option<String>,
}

#[derive(Deserialize)]
struct Sink {
    messages: std::collections::BTreeMap<String, Vec<Message>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    message_id: String,
    source: String,
    to: Vec<String>,
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    body_text: Option<String>,
    #[serde(default)]
    body_html: Option<String>,
}

impl Mail {
    /// Every address in the plain text that can be opened.
    #[must_use]
    pub fn links(&self) -> Vec<Url> {
        self.text
            .split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '(' | ')'))
            .filter(|word| word.starts_with("http://") || word.starts_with("https://"))
            .filter_map(|word| Url::parse(word.trim_end_matches(['.', ',', ';', ':', '!', '?'])).ok())
            .collect()
    }

    /// Whether the mail goes to this address.
    #[must_use]
    pub fn is_to(&self, address: &str) -> bool {
        self.to.iter().any(|to| {
            let bare = to.rsplit_once('<').map_or(to.as_str(), |(_, rest)| rest.trim_end_matches('>'));
            bare.eq_ignore_ascii_case(address)
        })
    }
}

/// All mails in the order in which they were sent.
pub(crate) async fn read(client: &reqwest::Client, emulator: &str) -> Result<Vec<Mail>> {
    let sink: Sink = client
        .get(format!("{emulator}/_ministack/ses/messages"))
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .context("cannot read the mail sink")?
        .json()
        .await
        .context("the mail sink answered something unexpected")?;
    Ok(sink
        .messages
        .into_values()
        .flatten()
        .map(|message| Mail {
            id: message.message_id,
            from: message.source,
            to: message.to,
            subject: message.subject.unwrap_or_default(),
            text: message.body_text.unwrap_or_default(),
            html: message.body_html,
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(to: &str, text: &str) -> Mail {
        Mail {
            id: "1".into(),
            from: "mooring@contoso.com".into(),
            to: vec![to.into()],
            subject: String::new(),
            text: text.into(),
            html: None,
        }
    }

    #[test]
    fn links_are_found_without_the_punctuation_around_them() {
        let mail = mail("a@outlook.com", "Open <http://127.0.0.1:4180/o/01.o.x>, or\nhttps://contoso.com/help.");
        let links: Vec<String> = mail.links().into_iter().map(Into::into).collect();
        assert_eq!(links, ["http://127.0.0.1:4180/o/01.o.x", "https://contoso.com/help"]);
    }

    #[test]
    fn a_display_name_does_not_hide_the_address() {
        assert!(mail("Kim <kim@contoso.com>", "").is_to("KIM@contoso.com"));
        assert!(!mail("kim@contoso.com.example", "").is_to("kim@contoso.com"));
    }
}
