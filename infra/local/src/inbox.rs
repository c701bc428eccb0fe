//! A page with all mails that were sent, so that somebody who tries the portal by hand can open their links.

use std::fmt::Write;
use std::net::TcpListener;

use anyhow::Result;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::mail::{self, Mail};
use crate::proxy::serve;

#[derive(Clone)]
struct Inbox {
    client: reqwest::Client,
    emulator: String,
}

/// Serves the page on the listener until the runtime ends.
pub(crate) fn show_mails(listener: TcpListener, client: reqwest::Client, emulator: String) -> Result<()> {
    let inbox = Inbox { client, emulator };
    serve(listener, Router::new().route("/", get(show)).with_state(inbox))
}

async fn show(State(inbox): State<Inbox>) -> Response {
    match mail::read(&inbox.client, &inbox.emulator).await {
        Ok(mails) => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page(&mails)).into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, format!("{error:#}")).into_response(),
    }
}

fn page(mails: &[Mail]) -> String {
    let mut html = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Mails of the local stack</title>\
         <style>body{font:1rem/1.5 sans-serif;max-width:45rem;margin:2rem auto;padding:0 1rem}\
         pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit}</style>\
         <h1>Mails of the local stack</h1><p>Newest first. Load again to see new ones.</p>",
    );
    for mail in mails.iter().rev() {
        // Writing to a String cannot fail.
        let _ = write!(
            html,
            "<article><h2>{}</h2><p>To {}</p><pre>{}</pre></article><hr>",
            escape(&mail.subject),
            escape(&mail.to.join(", ")),
            with_links(mail)
        );
    }
    html
}

/// The mail's text with its addresses as links.
fn with_links(mail: &Mail) -> String {
    let mut text = escape(&mail.text);
    for link in mail.links() {
        let shown = escape(link.as_str());
        text = text.replacen(&shown, &format!("<a href=\"{shown}\">{shown}</a>"), 1);
    }
    text
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_shown_with_its_links_and_without_its_markup() {
        let mail = Mail {
            id: "1".into(),
            from: "mooring@contoso.com".into(),
            to: vec!["rosa@outlook.com".into()],
            subject: "<b>Your turn".into(),
            text: "Open http://127.0.0.1:4180/o/1.o.x?a=1&b=2 now".into(),
            html: None,
        };
        let html = page(&[mail]);
        assert!(html.contains("&lt;b&gt;Your turn"));
        assert!(html.contains("<a href=\"http://127.0.0.1:4180/o/1.o.x?a=1&amp;b=2\">"), "{html}");
    }
}
