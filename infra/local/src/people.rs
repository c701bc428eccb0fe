//! Simulated people. They know what a person knows: their own account, their mails, and what stands on a page. They
//! act only through pages, with the mouse and the keyboard.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use url::Url;

use crate::browser::Browser;
use crate::mail::Mail;
use crate::page::{Form, Page};
use crate::stack::Stack;

/// How often a person looks into their mail.
const LOOK: Duration = Duration::from_millis(100);
/// The button with which the partner admin ends the review.
pub(crate) const REVIEWED: &str = "Done: the owner may decide now";
/// The button that keeps what was decided row by row.
const SAVE_DECISIONS: &str = "Save the decisions on this page";
/// The button under the code that came by mail.
pub(crate) const PROVE: &str = "Prove my mailbox and start";
/// How long a mail with a code may take.
const CODE_PATIENCE: Duration = Duration::from_secs(60);
/// More pages than any sign-in has.
const SIGN_IN_PAGES: usize = 15;

/// What somebody signs in with.
#[derive(Debug, Clone)]
pub struct Account {
    /// The name they sign in with.
    pub email: String,
    /// The password.
    pub password: String,
    /// What the authenticator shows.
    pub code: String,
}

/// A person with an account, a mailbox and a browser.
#[derive(Debug, Clone)]
pub struct Person {
    /// What others call them.
    pub name: String,
    /// Their account.
    pub account: Account,
    /// Their browser.
    pub browser: Browser,
    /// What stood on the review page when they handed it over: the cells of each row.
    pub(crate) reviewed: Vec<Vec<String>>,
    mails_read: usize,
}

/// How somebody goes through Microsoft's sign-in pages.
#[derive(Debug, Clone, Default)]
pub struct Manner {
    /// Signs in with this account instead of their own.
    pub with: Option<Account>,
    /// Says no to what the application asks for.
    pub declines_consent: bool,
    /// Says no to the invitation.
    pub declines_invitation: bool,
    /// Stops before this page.
    pub stops_at: Option<SignInPage>,
}

/// The pages of a sign-in at Microsoft, as a person tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInPage {
    /// Asks for the account.
    Account,
    /// Asks for the password.
    Password,
    /// Wants a second factor to be set up.
    SetUp,
    /// Asks for the authenticator's code.
    Code,
    /// Asks whether to become a guest.
    Invitation,
    /// Asks what the application may do.
    Consent,
    /// Says that an administrator must approve.
    Approval,
    /// The way back to the portal: not followed, so that the address can be used in other ways.
    Return,
}

/// What the sign-up form asks for.
#[derive(Debug, Clone)]
pub struct SignUp {
    /// The subscription's id; empty where the owner shall choose it.
    pub subscription_id: String,
    /// The directory that the subscription is in, where its id is not given.
    pub source_directory: Option<String>,
    /// The owner's address.
    pub owner_email: String,
    /// The partner directory's domain.
    pub partner_directory: String,
    /// The partner admin's address.
    pub partner_admin_email: String,
    /// The cloud, where it is not the public one.
    pub cloud: Option<String>,
    /// `two-party` or `single-account`, where one is chosen.
    pub route: Option<String>,
}

impl Person {
    /// Somebody of the simulated cloud.
    pub fn of(stack: &Stack, cloud: &str, email: &str) -> Result<Self> {
        let person = stack
            .scenario()
            .clouds
            .get(cloud)
            .and_then(|cloud| cloud.people.iter().find(|person| person.email.eq_ignore_ascii_case(email)))
            .with_context(|| format!("nobody signs in as {email} in the simulated {cloud} cloud"))?;
        Ok(Self {
            name: person.display_name.split(' ').next().unwrap_or(&person.display_name).to_owned(),
            account: Account {
                email: person.email.clone(),
                password: person.password.clone(),
                code: person.mfa_code.clone(),
            },
            browser: Browser::new()?,
            reviewed: Vec::new(),
            mails_read: 0,
        })
    }

    /// Fills in the sign-up form from the start page on. Answers with the page that comes after it.
    pub async fn sign_up(&mut self, stack: &Stack, with: &SignUp) -> Result<Page> {
        let start = self.browser.open(stack.portal()).await?;
        let page = self.browser.follow(&start, "Start").await?;
        let mut form = Self::fill_sign_up(&page, with)?;
        let me = &self.account.email;
        if me.eq_ignore_ascii_case(&with.owner_email) && !me.eq_ignore_ascii_case(&with.partner_admin_email) {
            form.tick("initiator=owner")?;
        } else if !me.eq_ignore_ascii_case(&with.partner_admin_email) {
            form.tick("initiator=other")?.fill("initiatorEmail", me)?;
        }
        let page = self.browser.submit(&page, &form, "Start the onboarding").await?;
        self.prove_mailbox(stack, page).await
    }

    /// Types the code that came by mail, where the page asks for one. Answers with the page that comes after it.
    pub async fn prove_mailbox(&mut self, stack: &Stack, page: Page) -> Result<Page> {
        if !page.offers(PROVE) {
            return Ok(page);
        }
        let mail = self.wait_for_mail(stack, "is your code", CODE_PATIENCE).await?;
        let code = mail.subject.split(' ').next().unwrap_or_default().to_owned();
        let mut form = page.form(PROVE)?.clone();
        form.fill("code", &code)?;
        self.browser.submit(&page, &form, PROVE).await
    }

    /// The sign-up form of a page, filled in but not sent.
    pub fn fill_sign_up(page: &Page, with: &SignUp) -> Result<Form> {
        let mut form = page.form("Start the onboarding")?.clone();
        form.fill("subscriptionId", &with.subscription_id)?
            .fill("ownerEmail", &with.owner_email)?
            .fill("partnerDirectory", &with.partner_directory)?
            .fill("partnerAdminEmail", &with.partner_admin_email)?;
        if let Some(directory) = &with.source_directory {
            form.fill("sourceDirectory", directory)?;
        }
        if let Some(cloud) = &with.cloud {
            form.fill("cloud", cloud)?;
        }
        if let Some(route) = &with.route {
            form.tick(&format!("route={route}"))?;
        }
        Ok(form)
    }

    /// The next mail to this person that has not been read yet, if one has come.
    pub async fn next_mail(&mut self, stack: &Stack) -> Result<Option<Mail>> {
        let mails = stack.mails().await?;
        let next = mails.into_iter().filter(|mail| mail.is_to(&self.account.email)).nth(self.mails_read);
        self.mails_read += usize::from(next.is_some());
        Ok(next)
    }

    /// Reads mail until one comes whose subject contains the words.
    pub async fn wait_for_mail(&mut self, stack: &Stack, words: &str, patience: Duration) -> Result<Mail> {
        let deadline = Instant::now() + patience;
        let mut read = Vec::new();
        loop {
            while let Some(mail) = self.next_mail(stack).await? {
                if mail.subject.contains(words) {
                    return Ok(mail);
                }
                read.push(mail.subject);
            }
            ensure!(
                Instant::now() < deadline,
                "{} got no mail “{words}” within {} s (got: {})",
                self.name,
                patience.as_secs(),
                read.join(" | ")
            );
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Opens the page that a mail leads to.
    pub async fn open_mail(&mut self, stack: &Stack, mail: &Mail) -> Result<Page> {
        let links = mail.links();
        let link = links
            .iter()
            .find(|link| link.as_str().starts_with(stack.portal()))
            .with_context(|| format!("the mail “{}” leads to no page of the portal", mail.subject))?;
        self.browser.open(link).await
    }

    /// Opens a mail's page, goes on to Microsoft, signs in, and answers with the page on which they are back.
    pub async fn sign_in_from(&mut self, stack: &Stack, mail: &Mail, manner: &Manner) -> Result<Page> {
        let page = self.open_mail(stack, mail).await?;
        self.sign_in_at(stack, &page, manner).await
    }

    /// The same from the page that a mail leads to.
    pub async fn sign_in_at(&mut self, stack: &Stack, turn: &Page, manner: &Manner) -> Result<Page> {
        let form = turn.form("Continue to Microsoft")?.clone();
        let to_microsoft = self.browser.submit_without_following(turn, &form, "Continue to Microsoft").await?;
        if to_microsoft.redirect().is_none() {
            return Ok(to_microsoft);
        }
        self.go_through_sign_in(stack, to_microsoft, manner).await
    }

    /// Walks through Microsoft's pages until they lead back to the portal, or to where the manner stops.
    pub async fn go_through_sign_in(&mut self, stack: &Stack, mut page: Page, manner: &Manner) -> Result<Page> {
        let microsoft = Url::parse(stack.microsoft()).context("the simulated cloud has no address")?;
        let account = manner.with.clone().unwrap_or_else(|| self.account.clone());
        for _ in 0..SIGN_IN_PAGES {
            while let Some(to) = page.redirect() {
                if to.origin() != microsoft.origin() {
                    if manner.stops_at == Some(SignInPage::Return) {
                        return Ok(page);
                    }
                    return self.browser.follow_redirect(&page).await;
                }
                page = self.browser.open_redirect(&page).await?;
            }
            let Some(kind) = SignInPage::of(&page) else {
                return Ok(page);
            };
            if manner.stops_at == Some(kind) {
                return Ok(page);
            }
            page = self.answer(&page, kind, &account, manner).await?;
        }
        bail!("{} is led in circles by the sign-in: {}", self.name, page.summary())
    }

    async fn answer(&mut self, page: &Page, kind: SignInPage, account: &Account, manner: &Manner) -> Result<Page> {
        let mut form = page.forms.first().context("a sign-in page without a form")?.clone();
        let other = "Use another account";
        let button = match kind {
            SignInPage::Account => {
                form.fill("loginfmt", &account.email)?;
                "Next"
            }
            // Another account is filled in than theirs.
            SignInPage::Password if !page.text.contains(&account.email) && page.offers(other) => other,
            SignInPage::Password => {
                form.fill("passwd", &account.password)?;
                "Sign in"
            }
            SignInPage::SetUp => "Next",
            SignInPage::Code => {
                form.fill("otc", &account.code)?;
                "Verify"
            }
            SignInPage::Invitation if manner.declines_invitation => "Cancel",
            SignInPage::Consent if manner.declines_consent => "Cancel",
            SignInPage::Invitation | SignInPage::Consent => "Accept",
            SignInPage::Approval | SignInPage::Return => "Return to the application",
        };
        let next = self.browser.submit_without_following(page, &form, button).await?;
        let same = next.redirect().is_none() && SignInPage::of(&next) == Some(kind) && button != other;
        ensure!(!same, "Microsoft does not take {}'s answer: {}", self.name, next.summary());
        Ok(next)
    }

    /// Confirms the move on the confirmation page: types the subscription's name and what the partner admin tells, and ticks every
    /// box.
    pub async fn confirm_move(&mut self, stack: &Stack, page: &Page, subscription_name: &str) -> Result<Page> {
        let mut form = page.form("Move the subscription")?.clone();
        form.tick_all_boxes().fill("Type the subscription's name", subscription_name)?;
        form.fill("phrase", &Self::phrase_on_the_phone(stack, page).await?)?;
        self.browser.submit(page, &form, "Move the subscription").await
    }

    /// What the partner admin reads out when the owner calls: it stands on the page that their own mails lead to.
    pub async fn phrase_on_the_phone(stack: &Stack, asked: &Page) -> Result<String> {
        let link = asked.url.path().split('/').nth(2).unwrap_or_default();
        let of = format!("/o/{}.p", link.split('.').next().unwrap_or_default());
        let mails = stack.mails().await?;
        let theirs = mails.iter().rev().flat_map(Mail::links).find(|link| link.path().starts_with(&of));
        let mut theirs = theirs.context("the partner admin has no mail about this onboarding")?;
        let page = theirs.path().split('/').take(3).collect::<Vec<_>>().join("/");
        theirs.set_path(&page);
        let page = Browser::new()?.open(theirs).await?;
        let told = page.body.split_once(r#"id="phrase">"#).and_then(|(_, rest)| rest.split_once('<'));
        Ok(told.with_context(|| format!("no phrase on the partner admin's page: {}", page.summary()))?.0.to_owned())
    }

    /// Goes through the review: accepts every exact suggestion, restores whatever else leads to somebody by a verified key, gives
    /// a reason for every hard stop, and hands over to the owner.
    pub async fn review(&mut self, page: &Page) -> Result<Page> {
        let mut page = page.clone();
        if let Some(label) = page.button_that_begins("Accept all exact") {
            page = self.browser.press(&page, &label).await?;
            ensure!(page.status == 200, "{} could not accept the suggestions: {}", self.name, page.summary());
        }
        if page.offers(SAVE_DECISIONS) {
            let mut form = page.form(SAVE_DECISIONS)?.clone();
            let mut decided = false;
            for decide in form.named("decide-") {
                let target = decide.replacen("decide-", "target-", 1);
                if form.value(&decide).is_empty() && !form.value(&target).is_empty() {
                    form.fill(&decide, "restore")?;
                    decided = true;
                }
            }
            if decided {
                page = self.browser.submit(&page, &form, SAVE_DECISIONS).await?;
                ensure!(page.status == 200, "{} could not decide: {}", self.name, page.summary());
            }
        }
        if page.offers("Save the reasons") {
            let mut form = page.form("Save the reasons")?.clone();
            for name in form.named("reason") {
                form.fill(&name, "It is a test resource and will be created again.")?;
            }
            page = self.browser.submit(&page, &form, "Save the reasons").await?;
            ensure!(page.status == 200, "{} could not give a reason: {}", self.name, page.summary());
        }
        self.reviewed = page.table_rows();
        self.browser.press(&page, REVIEWED).await
    }

    /// Does what a mail asks for: signs in and, where it asks for that, reviews the access or confirms the move. Answers with the last
    /// page.
    pub async fn do_as_asked(&mut self, stack: &Stack, mail: &Mail, subscription_name: &str) -> Result<Page> {
        let page = self.open_mail(stack, mail).await?;
        // Somebody who signed in a moment ago is led to the page itself.
        let mut page = if page.offers("Continue to Microsoft") {
            self.sign_in_at(stack, &page, &Manner::default()).await?
        } else {
            page
        };
        ensure!(page.status == 200, "{} did not get through the sign-in: {}", self.name, page.summary());
        let decides = |page: &Page| page.offers(REVIEWED) || page.offers("Move the subscription");
        let asked = mail.subject.contains("confirm") || mail.subject.contains("review");
        if asked && !decides(&page) {
            page = self.browser.follow(&page, "Continue").await?;
        }
        if !decides(&page) {
            return Ok(page);
        }
        let after = if page.offers(REVIEWED) {
            self.review(&page).await?
        } else {
            self.confirm_move(stack, &page, subscription_name).await?
        };
        ensure!(after.status == 200, "{} could not decide: {}", self.name, after.summary());
        Ok(after)
    }
}

impl SignInPage {
    /// Which page of a sign-in this is, told apart by what stands on it.
    #[must_use]
    pub fn of(page: &Page) -> Option<Self> {
        let asks_for = |field: &str| page.forms.iter().any(|form| form.has(field));
        if asks_for("loginfmt") {
            return Some(Self::Account);
        }
        if asks_for("passwd") {
            return Some(Self::Password);
        }
        if asks_for("otc") {
            return Some(Self::Code);
        }
        match page.heading.as_str() {
            "More information required" => Some(Self::SetUp),
            "Review permissions" => Some(Self::Invitation),
            "Permissions requested" => Some(Self::Consent),
            "Need admin approval" => Some(Self::Approval),
            _ => None,
        }
    }
}
