//! A page as a person sees it: its text, its links and its forms with their labels.

use anyhow::{Context, Result, bail, ensure};
use scraper::{ElementRef, Html, Selector};
use url::Url;

/// A page that a [`Browser`](crate::Browser) has opened.
#[derive(Debug, Clone)]
pub struct Page {
    /// Where it is, after redirects.
    pub url: Url,
    /// The status it came with.
    pub status: u16,
    /// Its headers.
    pub headers: http::HeaderMap,
    /// Its source.
    pub body: String,
    /// Its title.
    pub title: String,
    /// The first heading.
    pub heading: String,
    /// All visible text, with single spaces.
    pub text: String,
    /// Its links: visible text and address.
    pub links: Vec<(String, Url)>,
    /// Its forms.
    pub forms: Vec<Form>,
    /// The page that led here, and what that one's `form-action` allows, for redirects that are followed later.
    pub(crate) from: Option<url::Origin>,
    pub(crate) form_action: Option<String>,
}

/// A form with what is in it now.
#[derive(Debug, Clone)]
pub struct Form {
    /// Where it is sent.
    pub action: Url,
    /// Whether it is sent with POST.
    pub post: bool,
    /// Its fields, in the order of the page.
    pub fields: Vec<Field>,
    /// Its buttons, in the order of the page.
    pub buttons: Vec<Button>,
}

/// A field of a form.
#[derive(Debug, Clone)]
pub struct Field {
    /// The name it is sent under.
    pub name: String,
    /// What a person reads beside it.
    pub label: String,
    /// What kind it is, and so how it is filled.
    pub kind: Kind,
    /// What is sent.
    pub value: String,
}

/// How a field is filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Typed into.
    Text,
    /// Not shown.
    Hidden,
    /// One box or one of several round buttons; sent only when it is ticked.
    Choice {
        /// Whether it is ticked.
        ticked: bool,
        /// Whether ticking it unticks the others of the same name.
        exclusive: bool,
    },
    /// A list to choose from: values and what is shown for them.
    List(Vec<(String, String)>),
}

/// A button that sends its form.
#[derive(Debug, Clone)]
pub struct Button {
    /// What is on it.
    pub label: String,
    /// Sent with the form when this button was pressed.
    pub name: Option<String>,
    /// The value sent under that name.
    pub value: String,
    /// Where this button sends the form, when not to the form's own address.
    pub action: Option<Url>,
}

impl Page {
    pub(crate) fn parse(url: Url, status: u16, headers: http::HeaderMap, body: String) -> Self {
        let html = Html::parse_document(&body);
        let first = |tag: &str| elements(html.root_element(), tag).next().map(visible_text).unwrap_or_default();
        let base = elements(html.root_element(), "base")
            .find_map(|base| url.join(base.value().attr("href")?).ok())
            .unwrap_or_else(|| url.clone());
        let links = elements(html.root_element(), "a")
            .filter_map(|link| Some((visible_text(link), base.join(link.value().attr("href")?).ok()?)))
            .collect();
        let forms = elements(html.root_element(), "form").map(|form| Form::read(form, &html, &base)).collect();
        let (title, heading) = (first("title"), first("h1"));
        let text = elements(html.root_element(), "body").next().map(visible_text).unwrap_or_default();
        Self { url, status, headers, body, title, heading, text, links, forms, from: None, form_action: None }
    }

    /// The form with a button of this label or name.
    pub fn form(&self, button: &str) -> Result<&Form> {
        self.forms.iter().find(|form| form.button(button).is_some()).with_context(|| self.miss("button", button))
    }

    /// The address of the first link whose text contains the words.
    pub fn link(&self, words: &str) -> Result<&Url> {
        self.links
            .iter()
            .find(|(text, _)| contains(text, words))
            .map(|(_, url)| url)
            .with_context(|| self.miss("link", words))
    }

    /// Where the answer redirects to, when it is a redirect that was not followed.
    #[must_use]
    pub fn redirect(&self) -> Option<Url> {
        let location = self.headers.get(http::header::LOCATION)?;
        let redirects = (300..400).contains(&self.status);
        self.url.join(location.to_str().ok()?).ok().filter(|_| redirects)
    }

    /// Whether a button with this label or name is there to press.
    #[must_use]
    pub fn offers(&self, button: &str) -> bool {
        self.forms.iter().any(|form| form.button(button).is_some())
    }

    /// The rows of all tables, heading rows left out: the visible text of each cell.
    #[must_use]
    pub fn table_rows(&self) -> Vec<Vec<String>> {
        let html = Html::parse_document(&self.body);
        elements(html.root_element(), "tbody")
            .flat_map(|body| elements(body, "tr").collect::<Vec<_>>())
            .map(|row| {
                let cells = row.child_elements().filter(|cell| matches!(cell.value().name(), "td" | "th"));
                cells.map(visible_text).collect()
            })
            .collect()
    }

    /// The whole label of the first button that begins with the words.
    #[must_use]
    pub fn button_that_begins(&self, words: &str) -> Option<String> {
        let mut buttons = self.forms.iter().flat_map(|form| &form.buttons);
        buttons.find(|button| button.label.starts_with(words)).map(|button| button.label.clone())
    }

    /// Fails, quoting the page, unless the words are there to read.
    pub fn expect_text(&self, words: &str) -> Result<&Self> {
        ensure!(contains(&self.text, words), "{}", self.miss("text", words));
        Ok(self)
    }

    /// One line for an error: what this page is.
    #[must_use]
    pub fn summary(&self) -> String {
        let text: String = self.text.chars().take(300).collect();
        // An address may carry a code or a link's tag, so only its path is shown.
        format!("{} {} “{}”: {text}", self.status, self.url.path(), self.title)
    }

    fn miss(&self, what: &str, words: &str) -> String {
        let buttons: Vec<&str> =
            self.forms.iter().flat_map(|form| &form.buttons).map(|button| button.label.as_str()).collect();
        format!("no {what} “{words}” on the page {} (its buttons: {})", self.summary(), buttons.join(" | "))
    }
}

impl Form {
    fn read(form: ElementRef<'_>, html: &Html, base: &Url) -> Self {
        let address = |at: &str| base.join(at).ok();
        let action = form.value().attr("action").and_then(address).unwrap_or_else(|| base.clone());
        let post = form.value().attr("method").is_some_and(|method| method.eq_ignore_ascii_case("post"));
        let id = form.value().attr("id");
        // A control may also stand outside its form and name it.
        let controls = form.descendent_elements().chain(
            html.root_element()
                .descendent_elements()
                .filter(|control| control.value().attr("form").is_some_and(|owner| Some(owner) == id)),
        );
        let mut fields = Vec::new();
        let mut buttons = Vec::new();
        for control in controls {
            let element = control.value();
            if element.attr("disabled").is_some() {
                continue;
            }
            let name = element.attr("name").map(ToOwned::to_owned);
            let value = element.attr("value").unwrap_or_default().to_owned();
            let kind = element.attr("type").unwrap_or_default().to_ascii_lowercase();
            match (element.name(), kind.as_str()) {
                ("button", "button" | "reset") | ("input", "button" | "reset" | "image") => {}
                ("button", _) | ("input", "submit") => {
                    let label = if element.name() == "button" { visible_text(control) } else { value.clone() };
                    let action = element.attr("formaction").and_then(address);
                    buttons.push(Button { label, name, value, action });
                }
                ("input" | "textarea" | "select", _) => {
                    let Some(name) = name else { continue };
                    let label = label_of(control, html);
                    let (kind, value) = match (element.name(), kind.as_str()) {
                        ("input", "hidden") => (Kind::Hidden, value),
                        ("input", kind @ ("checkbox" | "radio")) => {
                            let ticked = element.attr("checked").is_some();
                            let value = if element.attr("value").is_some() { value } else { "on".to_owned() };
                            (Kind::Choice { ticked, exclusive: kind == "radio" }, value)
                        }
                        ("textarea", _) => (Kind::Text, control.text().collect()),
                        ("select", _) => list(control),
                        (_, _) => (Kind::Text, value),
                    };
                    fields.push(Field { name, label, kind, value });
                }
                (_, _) => {}
            }
        }
        Self { action, post, fields, buttons }
    }

    /// Types into a field or chooses from a list, by its label or name.
    pub fn fill(&mut self, field: &str, text: &str) -> Result<&mut Self> {
        let known = self.known();
        let found = find(self.fields.iter_mut().filter(|f| f.kind != Kind::Hidden), field)
            .with_context(|| format!("no field “{field}” in the form ({known})"))?;
        match &found.kind {
            Kind::List(options) => {
                let chosen = options
                    .iter()
                    .find(|(value, label)| value == text || contains(label, text))
                    .with_context(|| format!("the list “{field}” does not offer “{text}”"))?;
                found.value.clone_from(&chosen.0);
            }
            Kind::Text => text.clone_into(&mut found.value),
            Kind::Hidden | Kind::Choice { .. } => bail!("“{field}” is ticked, not typed into"),
        }
        Ok(self)
    }

    /// Ticks a box or a round button, by its label, name or `name=value`.
    pub fn tick(&mut self, choice: &str) -> Result<&mut Self> {
        let known = self.known();
        let choices = self.fields.iter_mut().filter(|f| matches!(f.kind, Kind::Choice { .. }));
        let found = find(choices, choice).with_context(|| format!("nothing to tick called “{choice}” ({known})"))?;
        let (name, value) = (found.name.clone(), found.value.clone());
        for field in &mut self.fields {
            if let Kind::Choice { ticked, exclusive } = &mut field.kind
                && field.name == name
            {
                *ticked = field.value == value || (*ticked && !*exclusive);
            }
        }
        Ok(self)
    }

    /// Ticks every box that is there, as somebody does who agrees with all of it.
    pub fn tick_all_boxes(&mut self) -> &mut Self {
        for field in &mut self.fields {
            if let Kind::Choice { ticked, exclusive: false } = &mut field.kind {
                *ticked = true;
            }
        }
        self
    }

    /// The names of the visible fields that begin with the words.
    #[must_use]
    pub fn named(&self, words: &str) -> Vec<String> {
        let named = self.fields.iter().filter(|field| field.kind != Kind::Hidden && field.name.starts_with(words));
        named.map(|field| field.name.clone()).collect()
    }

    /// What would be sent for the field of this name now, empty if there is none.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        self.fields.iter().find(|field| field.name == name).map_or("", |field| &field.value)
    }

    /// Whether there is a visible field with this label or name.
    #[must_use]
    pub fn has(&self, field: &str) -> bool {
        self.fields.iter().any(|f| f.kind != Kind::Hidden && f.is_called(field))
    }

    pub(crate) fn button(&self, called: &str) -> Option<&Button> {
        self.buttons
            .iter()
            .find(|button| button.label.eq_ignore_ascii_case(called))
            .or_else(|| self.buttons.iter().find(|button| contains(&button.label, called)))
            .or_else(|| {
                self.buttons.iter().find(|button| {
                    button.name.as_deref() == Some(called)
                        || called
                            .split_once('=')
                            .is_some_and(|(name, value)| button.name.as_deref() == Some(name) && button.value == value)
                })
            })
    }

    /// What is sent when the button is pressed.
    pub(crate) fn entries(&self, button: &Button) -> Vec<(String, String)> {
        let mut entries: Vec<_> = self
            .fields
            .iter()
            .filter(|field| !matches!(field.kind, Kind::Choice { ticked: false, .. }))
            .map(|field| (field.name.clone(), field.value.clone()))
            .collect();
        if let Some(name) = &button.name {
            entries.push((name.clone(), button.value.clone()));
        }
        entries
    }

    fn known(&self) -> String {
        let names: Vec<String> = self
            .fields
            .iter()
            .filter(|field| field.kind != Kind::Hidden)
            .map(|field| format!("{} “{}”", field.name, field.label))
            .collect();
        format!("its fields: {}", names.join(", "))
    }
}

impl Field {
    fn is_called(&self, called: &str) -> bool {
        self.name == called
            || contains(&self.label, called)
            || called.split_once('=').is_some_and(|(name, value)| self.name == name && self.value == value)
    }
}

/// The field of exactly this name, or else the first that the words fit.
fn find<'a>(fields: impl Iterator<Item = &'a mut Field>, called: &str) -> Option<&'a mut Field> {
    let mut loose = None;
    for field in fields {
        if field.name == called || field.label.eq_ignore_ascii_case(called) {
            return Some(field);
        }
        if loose.is_none() && field.is_called(called) {
            loose = Some(field);
        }
    }
    loose
}

fn list(select: ElementRef<'_>) -> (Kind, String) {
    let mut options = Vec::new();
    let mut chosen = None;
    for option in elements(select, "option") {
        let label = visible_text(option);
        let value = option.value().attr("value").map_or_else(|| label.clone(), ToOwned::to_owned);
        if option.value().attr("selected").is_some() {
            chosen = Some(value.clone());
        }
        options.push((value, label));
    }
    let chosen = chosen.or_else(|| options.first().map(|(value, _)| value.clone())).unwrap_or_default();
    (Kind::List(options), chosen)
}

/// The label that names the control, the one around it, or what a screen reader would say instead.
fn label_of(control: ElementRef<'_>, html: &Html) -> String {
    let element = control.value();
    if let Some(id) = element.attr("id")
        && let Some(label) = elements(html.root_element(), "label").find(|label| label.value().attr("for") == Some(id))
    {
        return visible_text(label);
    }
    let around = control.ancestors().filter_map(ElementRef::wrap).find(|parent| parent.value().name() == "label");
    around.map_or_else(
        || element.attr("aria-label").or(element.attr("placeholder")).unwrap_or_default().to_owned(),
        visible_text,
    )
}

fn elements<'a>(within: ElementRef<'a>, tag: &str) -> impl Iterator<Item = ElementRef<'a>> + use<'a> {
    // Tag names are ours, so the selector always parses; if not, nothing is found.
    let found: Vec<_> = Selector::parse(tag).map(|selector| within.select(&selector).collect()).unwrap_or_default();
    found.into_iter()
}

/// The text a reader sees, with single spaces.
fn visible_text(element: ElementRef<'_>) -> String {
    let mut words = String::new();
    for node in element.descendants() {
        let hidden = node
            .ancestors()
            .filter_map(ElementRef::wrap)
            .any(|parent| matches!(parent.value().name(), "script" | "style" | "template" | "noscript"));
        if let Some(text) = node.value().as_text()
            && !hidden
        {
            words.push_str(text);
            // Blocks are separated even where the source has no space between them.
            words.push(' ');
        }
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn contains(text: &str, words: &str) -> bool {
    text.to_lowercase().contains(&words.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(body: &str) -> Page {
        let url = Url::parse("http://127.0.0.1:4180/o/1?x=y").unwrap();
        Page::parse(url, 200, http::HeaderMap::new(), body.to_owned())
    }

    const CONFIRM: &str = r#"<title>Confirm</title><h1>Move  it?</h1><script>var secret</script>
        <form method="post" action="confirm"><input type="hidden" name="hash" value="abc">
        <label for="n">Subscription name</label><input id="n" name="name">
        <label><input type="checkbox" name="understood" value="roles"> Roles are deleted</label>
        <label><input type="checkbox" name="understood" value="moves"> It moves</label>
        <label><input type="radio" name="kind" value="personal" checked> personal</label>
        <label><input type="radio" name="kind" value="work"> work or school</label>
        <select name="zone"><option value="u">UTC<option value="b" selected>Berlin</select>
        <button name="do" value="move">Move the subscription</button>
        <button name="do" value="not" formaction="/later">Not now</button></form>"#;

    #[test]
    fn a_filled_form_sends_what_a_browser_would_send() {
        let page = page(CONFIRM);
        let mut form = page.form("Move the subscription").unwrap().clone();
        form.fill("Subscription name", "Prod").unwrap().fill("zone", "UTC").unwrap();
        form.tick("Roles are deleted").unwrap().tick("kind=work").unwrap();
        let button = form.button("move the subscription").unwrap();
        let sent: Vec<String> = form.entries(button).into_iter().map(|(n, v)| format!("{n}={v}")).collect();
        assert_eq!(sent, ["hash=abc", "name=Prod", "understood=roles", "kind=work", "zone=u", "do=move"]);
        assert_eq!(form.action.as_str(), "http://127.0.0.1:4180/o/confirm");
        assert_eq!(form.button("Not now").unwrap().action.as_ref().unwrap().path(), "/later");
    }

    #[test]
    fn scripts_are_not_text_and_spaces_are_single() {
        let page = page(CONFIRM);
        assert_eq!(page.heading, "Move it?");
        assert!(!page.text.contains("secret"), "{}", page.text);
    }

    #[test]
    fn what_is_missing_is_named_with_what_is_there() {
        let error = page(CONFIRM).form("Cancel").unwrap_err().to_string();
        assert!(error.contains("no button “Cancel”") && error.contains("Not now"), "{error}");
        let error = page(CONFIRM).forms[0].clone().fill("Colour", "red").unwrap_err().to_string();
        assert!(error.contains("Subscription name"), "{error}");
    }
}
