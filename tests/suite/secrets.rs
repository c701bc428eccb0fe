//! Nothing secret is written anywhere: every code, token, verifier, state, nonce, cookie, key and task token that a run used is
//! searched in everything that the run wrote.
//!
//! Where a value has to be by protocol, and so is not searched there:
//! * the request to `/callback`, whose address carries the code and the state (the answer redirects to an address without them),
//!   and Microsoft's own pages;
//! * the redirect to Microsoft that begins a sign-in (state, nonce, challenge) and the `Set-Cookie` of the browser's cookie;
//! * a refresh token's ciphertext in `sealed`, which is not the token;
//! * a task token in the parameters of the Step Functions event that handed it out, and in `taskToken` of the wait that is parked on
//!   it; when the wait is over, it is gone from there too;
//! * a link in the mail and on the pages of the person whom it was made for. In logs, tables and histories it has no business.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use local::{Browser, Console, Route, associate};
use serde_json::{Value, json};

use crate::world::{CONFIRM, Case, OWNER_SIGN_IN, Onboarding, PARTNER_SIGN_IN, run_alone};

/// The length of what is searched for: long values are looked for in pieces, so that a shortened one is found too.
const PIECE: usize = 24;
/// Shorter values are no secrets: everything random here has at least 128 bits.
const SHORTEST: usize = 16;

#[test]
fn nothing_secret_is_in_any_log_history_table_mail_page_file_or_receipt() -> Result<()> {
    // Alone: the receipt of the walk-through counts what happens in the whole stack.
    run_alone(async |case| {
        let mut two_party = case.onboarding()?;
        let mut single = case.onboarding()?.single_account();
        let mut written = Written::default();
        let mut secrets = Secrets::default();

        two_party.start_by_form().await?;
        single.start_by_console(&format!("secrets-{}", single.pair.partner_domain.replace('.', "-"))).await?;
        for onboarding in [&mut two_party, &mut single] {
            onboarding.owner_acts(OWNER_SIGN_IN).await?;
            onboarding.partner_acts(PARTNER_SIGN_IN).await?;
            // Half-way, while the sealed sign-ins and a task token are in the table.
            let wait = onboarding.waits_for("confirm", "owner").await?;
            secrets.add("task token", wait["taskToken"].as_str().context("not parked")?);
            let record = onboarding.record().await?;
            let sealed = record.keys().filter(|key| key.starts_with("CRED#")).count();
            ensure!(sealed >= 2, "no sealed sign-ins are there to look past: {:?}", record.keys());
        }
        written.tables(case, "half-way").await?;
        for onboarding in [&mut two_party, &mut single] {
            onboarding.owner_acts(CONFIRM).await?;
            onboarding.ended("done").await?;
        }
        let receipt = associate(case.stack(), Route::TwoParty, &Console::quiet()).await?;
        written.add("receipt", serde_json::to_string(&receipt)?);

        secrets.of_microsoft(case).await?;
        secrets.of_ours(case).await?;
        for onboarding in [&two_party, &single] {
            secrets.of_people(onboarding).await?;
            written.pages("pages of the owner", &onboarding.owner.browser, case)?;
            written.pages("pages of the partner admin", &onboarding.partner.browser, case)?;
        }
        written.everything_else(case, &mut secrets).await?;

        // What is searched is what there is to search.
        for kind in [
            "code",
            "refresh-token",
            "access-token",
            "id-token",
            "client-secret",
            "verifier",
            "state",
            "nonce",
            "cookie",
            "link",
            "link key",
            "task token",
        ] {
            assert!(
                secrets.kinds().any(|known| known.contains(kind)),
                "no {kind} among {:?}",
                secrets.kinds().collect::<BTreeSet<_>>()
            );
        }
        for place in [
            "log of map-directory",
            "log of sign-in",
            "history",
            "OnboardingTable",
            "EphemeralTable",
            "mail",
            "pages of the owner",
            "file",
        ] {
            assert!(
                written.0.iter().any(|(known, text)| known.contains(place) && !text.is_empty()),
                "nothing from {place}"
            );
        }
        assert!(
            written.0.iter().any(|(place, text)| place.contains("log of") && text.contains(&two_party.id)),
            "the logs are of this run"
        );

        let found = secrets.found_in(&written);
        ensure!(found.is_empty(), "secrets were written:\n{}", found.into_iter().collect::<Vec<_>>().join("\n"));
        Ok(())
    })
}

#[test]
fn a_secret_that_was_written_is_found_whole_shortened_or_encoded() {
    let secret = "0.simulated-code-J8r+QmV/2hTzXw0bKpLd7nYc5sGfA1uE";
    let mut secrets = Secrets::default();
    secrets.add("code", secret);
    let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    for planted in [
        format!(r#"{{"level":"INFO","message":"redeemed {secret}"}}"#),
        format!("GET /callback?code={encoded}&state=x"),
        format!("payload {}", STANDARD.encode(secret)),
        format!("payload {}", URL_SAFE_NO_PAD.encode(secret)),
        format!("the end of it: {}", &secret[secret.len() - PIECE..]),
        json!({ "nested": json!({ "code": secret }).to_string() }).to_string(),
    ] {
        let mut written = Written::default();
        written.add("planted", planted.clone());
        assert_eq!(secrets.found_in(&written).len(), 1, "{planted}");
    }
    let mut harmless = Written::default();
    harmless.add("harmless", "0.simulated-code- is how codes begin, and this is none".to_owned());
    assert_eq!(secrets.found_in(&harmless), BTreeSet::new());
}

/// What must not be written, by kind.
#[derive(Debug, Default)]
struct Secrets {
    /// Pieces to search for, and what they are of.
    pieces: HashMap<Vec<u8>, &'static str>,
    lengths: BTreeSet<usize>,
    kinds: BTreeSet<String>,
}

impl Secrets {
    fn add(&mut self, kind: &str, value: &str) {
        if value.len() < SHORTEST {
            return;
        }
        self.kinds.insert(kind.to_owned());
        let name = names().get(kind).copied().unwrap_or("another secret");
        let escaped: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
        for form in [value.to_owned(), escaped, STANDARD.encode(value), URL_SAFE_NO_PAD.encode(value)] {
            let bytes = form.trim_end_matches('=').as_bytes();
            // The middle and the end: what comes first is often the same in all of a kind.
            let middle = bytes.len() / 2;
            let mut pieces = vec![bytes.get(bytes.len().saturating_sub(PIECE)..)];
            if bytes.len() >= 4 * PIECE {
                pieces.push(bytes.get(middle..middle + PIECE));
            }
            for piece in pieces.into_iter().flatten() {
                self.lengths.insert(piece.len());
                self.pieces.insert(piece.to_vec(), name);
            }
        }
    }

    fn kinds(&self) -> impl Iterator<Item = &str> {
        self.kinds.iter().map(String::as_str)
    }

    /// Every code, token, verifier, state and nonce that went over the wire to Microsoft or came from there.
    async fn of_microsoft(&mut self, case: &Case) -> Result<()> {
        let secrets = case.stack().control("secrets").await?;
        for secret in secrets.as_array().context("no list of secrets")? {
            self.add(secret["kind"].as_str().unwrap_or_default(), secret["value"].as_str().unwrap_or_default());
        }
        Ok(())
    }

    /// The key of links, and every task token that Step Functions gave out.
    async fn of_ours(&mut self, case: &Case) -> Result<()> {
        let get = json!({ "SecretId": case.stack().output("LinkKeySecret")? });
        let key = case.stack().aws().call("secretsmanager", "get_secret_value", get).await?;
        self.add("link key", key["SecretString"].as_str().context("no link key")?);
        let get = json!({ "SecretId": case.stack().output("WebhookSecretId")? });
        let key = case.stack().aws().call("secretsmanager", "get_secret_value", get).await?;
        self.add("webhook secret", key["SecretString"].as_str().context("no webhook secret")?);
        // An address of a receiver often holds a key of its own.
        self.add("webhook address", crate::events::ADDRESS_KEY);
        Ok(())
    }

    async fn of_people(&mut self, onboarding: &Onboarding) -> Result<()> {
        for person in [&onboarding.owner, &onboarding.partner] {
            for cookie in person.browser.cookie_values() {
                self.add("cookie", &cookie);
            }
        }
        for link in [onboarding.owner_link().await?, onboarding.partner_link().await?] {
            let tag = link.path().rsplit('.').next().unwrap_or_default().to_owned();
            self.add("link", &tag);
        }
        Ok(())
    }

    /// What was found where.
    fn found_in(&self, written: &Written) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for (place, text) in &written.0 {
            let bytes = text.as_bytes();
            for length in &self.lengths {
                for (at, window) in bytes.windows(*length).enumerate() {
                    let Some(kind) = self.pieces.get(window) else { continue };
                    let link_where_it_belongs = *kind == "a link" && (place == "mail" || place.starts_with("pages"));
                    if !link_where_it_belongs {
                        // What stands before it tells which field it is; the secret itself is not repeated.
                        let before = String::from_utf8_lossy(&bytes[at.saturating_sub(60)..at]);
                        found.insert(format!("{kind} in {place}, after “{before}”"));
                    }
                }
            }
        }
        found
    }
}

fn names() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([
        ("code", "a code"),
        ("refresh-token", "a refresh token"),
        ("access-token", "an access token"),
        ("id-token", "an id token"),
        ("client-secret", "the client secret"),
        ("verifier", "a verifier"),
        ("code-verifier", "a verifier"),
        ("state", "a state"),
        ("nonce", "a nonce"),
        ("cookie", "a cookie"),
        ("link", "a link"),
        ("link key", "the key of links"),
        ("task token", "a task token"),
        ("invitation-ticket", "an invitation's ticket"),
        ("sign-in", "the id of a sign-in at Microsoft"),
    ])
}

/// Everything that was written, by place.
#[derive(Debug, Default)]
struct Written(Vec<(String, String)>);

impl Written {
    fn add(&mut self, place: &str, text: String) {
        self.0.push((place.to_owned(), text));
    }

    /// Both tables without what is sealed, and without the token of a wait that is parked.
    async fn tables(&mut self, case: &Case, when: &str) -> Result<()> {
        for (table, mut items) in case.stack().dump_tables().await? {
            for item in items.iter_mut().filter_map(Value::as_object_mut) {
                let key = item.get("sk").and_then(|key| key["S"].as_str()).unwrap_or_default().to_owned();
                if key.starts_with("CRED#") {
                    item.remove("sealed");
                }
                let open = !item.contains_key("signalledAt");
                if key.starts_with("WAIT#") && open {
                    item.remove("taskToken");
                }
            }
            // What is kept compressed would hide a secret from a search of the bytes.
            let unpacked: Value = items.iter().map(crate::world::plain_item).collect();
            self.add(&format!("{table} {when}, unpacked"), unpacked.to_string());
            self.add(&format!("{table} {when}"), Value::from(items).to_string());
        }
        Ok(())
    }

    /// What a person's browser showed and sent, as far as it is ours.
    fn pages(&mut self, place: &str, browser: &Browser, case: &Case) -> Result<()> {
        let portal = url::Url::parse(case.stack().portal())?.origin();
        let mut seen = 0;
        for page in browser.pages().iter().filter(|page| page.url.origin() == portal) {
            seen += 1;
            if page.url.path() != "/callback" {
                self.add(place, page.url.to_string());
            }
            for (name, value) in &page.headers {
                let to_microsoft =
                    name == http::header::LOCATION && page.redirect().is_some_and(|to| to.origin() != portal);
                if name != http::header::SET_COOKIE && !to_microsoft {
                    self.add(place, format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())));
                }
            }
            self.add(place, page.body.clone());
        }
        ensure!(seen > 0, "{place}: none were seen");
        Ok(())
    }

    async fn everything_else(&mut self, case: &Case, secrets: &mut Secrets) -> Result<()> {
        let stack = case.stack();
        for (arn, mut events) in stack.histories().await? {
            for event in &mut events {
                let details = &mut event["taskScheduledEventDetails"];
                if details["resource"] == "updateItem.waitForTaskToken" {
                    let parameters: Value = serde_json::from_str(details["parameters"].as_str().unwrap_or_default())?;
                    let token = parameters["ExpressionAttributeValues"][":token"]["S"]
                        .as_str()
                        .context("no task token was handed out")?;
                    secrets.add("task token", token);
                    *details = Value::Null;
                }
            }
            self.add(&format!("history {arn}"), Value::from(events).to_string());
            self.add(&format!("execution {arn}"), stack.execution(&arn).await?.to_string());
        }
        for (function, text) in stack.logs().await? {
            self.add(&format!("log of {function}"), text);
        }
        for mail in stack.mails().await? {
            self.add("mail", format!("{}\n{}\n{}", mail.subject, mail.text, mail.html.unwrap_or_default()));
        }
        self.tables(case, "at the end").await?;
        self.files(stack.folder(), stack.folder())
    }

    /// The run's folder without the binaries that were unpacked there.
    fn files(&mut self, folder: &Path, root: &Path) -> Result<()> {
        for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                self.files(&path, root)?;
            } else if path.file_name().is_some_and(|name| name != "bootstrap")
                && path.metadata().is_ok_and(|file| file.len() < 8_000_000)
                // A temporary file may be gone again.
                && let Ok(bytes) = std::fs::read(&path)
            {
                let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
                self.add(&format!("file {name}"), String::from_utf8_lossy(&bytes).into_owned());
            }
        }
        Ok(())
    }
}
