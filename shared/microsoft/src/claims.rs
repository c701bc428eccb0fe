//! Claims challenges: Microsoft asks, in a refused answer, for a stronger sign-in, and the next sign-in passes the wish on.
//!
//! See <https://learn.microsoft.com/entra/identity-platform/claims-challenge>.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What a new sign-in must ask for, as the JSON of the `claims` parameter. Holds no secret: it names requirements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClaimsChallenge(String);

impl ClaimsChallenge {
    /// Reads the `claims` of a challenge: JSON, or JSON in base64 or base64url.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let object = |text: &str| serde_json::from_str::<Map<String, Value>>(text).ok().map(|_| Self(text.to_owned()));
        if let Some(plain) = object(text) {
            return Some(plain);
        }
        let bare = text.trim_end_matches('=');
        let bytes = URL_SAFE_NO_PAD.decode(bare).or_else(|_| STANDARD_NO_PAD.decode(bare)).ok()?;
        object(&String::from_utf8(bytes).ok()?)
    }

    /// The wish for multi-factor authentication, as Azure Resource Manager words it for its mandatory rule:
    /// the authentication context `p1`.
    /// See <https://learn.microsoft.com/entra/identity/authentication/concept-mandatory-multifactor-authentication>.
    #[must_use]
    pub fn multi_factor() -> Self {
        Self(MULTI_FACTOR.to_string())
    }

    /// The JSON.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The `claims` parameter of a sign-in: that we understand challenges (client capability `cp1`), that multi-factor
/// authentication is wanted if so, and what a challenge asked for.
#[must_use]
pub fn sign_in_claims(multi_factor: bool, challenge: Option<&ClaimsChallenge>) -> String {
    let mut claims = json!({"access_token": {"xms_cc": {"values": ["cp1"]}}});
    if multi_factor {
        merge(&mut claims, multi_factor_claims());
    }
    if let Some(Ok(asked)) = challenge.map(|challenge| serde_json::from_str(challenge.as_str())) {
        merge(&mut claims, asked);
    }
    claims.to_string()
}

/// The parameters of the Bearer challenge in a refused answer's `WWW-Authenticate` headers, names in lower case.
pub(crate) fn bearer_challenge(headers: &HeaderMap) -> Option<Vec<(String, String)>> {
    headers.get_all(WWW_AUTHENTICATE).into_iter().filter_map(|value| value.to_str().ok()).find_map(|value| {
        let start = value.to_ascii_lowercase().find("bearer")?;
        Some(parameters(value.get(start + "bearer".len()..)?))
    })
}

/// One parameter of a challenge.
pub(crate) fn parameter<'a>(challenge: &'a [(String, String)], name: &str) -> Option<&'a str> {
    challenge.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

const MULTI_FACTOR: &str = r#"{"access_token":{"acrs":{"essential":true,"values":["p1"]}}}"#;

fn multi_factor_claims() -> Value {
    json!({"access_token": {"acrs": {"essential": true, "values": ["p1"]}}})
}

/// Lays `more` over `claims`, object by object; arrays are joined.
fn merge(claims: &mut Value, more: Value) {
    match (claims, more) {
        (Value::Object(claims), Value::Object(more)) => {
            for (name, value) in more {
                merge(claims.entry(name).or_insert(Value::Null), value);
            }
        }
        (Value::Array(claims), Value::Array(more)) => {
            for value in more {
                if !claims.contains(&value) {
                    claims.push(value);
                }
            }
        }
        (claims, more) => *claims = more,
    }
}

/// `name="value"` and `name=value`, separated by commas or blanks, up to the next challenge's end.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some((name, after)) = rest.split_once('=') {
        // A name after another scheme's ("…, Digest realm=") keeps only its last word.
        let name = name.rsplit([',', ' ']).next().unwrap_or_default().trim().to_ascii_lowercase();
        let after = after.trim_start();
        let (value, tail) = match after.strip_prefix('"') {
            Some(quoted) => unquote(quoted),
            None => {
                let end = after.find([',', ' ']).unwrap_or(after.len());
                let (value, tail) = after.split_at(end);
                (value.to_owned(), tail)
            }
        };
        if !name.is_empty() {
            found.push((name, value));
        }
        rest = tail.trim_start_matches([',', ' ']);
    }
    found
}

/// The text up to the closing quote, backslash escapes resolved, and what follows.
fn unquote(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((place, character)) = characters.next() {
        match character {
            '"' => return (value, text.get(place + 1..).unwrap_or_default()),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;

    fn challenge(value: &str) -> Vec<(String, String)> {
        let mut headers = HeaderMap::new();
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_str(value).unwrap());
        bearer_challenge(&headers).unwrap()
    }

    #[test]
    fn a_bearer_challenge_is_read_parameter_by_parameter() {
        let read = challenge(
            r#"Bearer realm="", authorization_uri="https://login.contoso.com/common/oauth2/authorize", error="insufficient_claims", claims="eyJ9""#,
        );
        assert_eq!(parameter(&read, "realm"), Some(""));
        assert_eq!(parameter(&read, "error"), Some("insufficient_claims"));
        assert_eq!(parameter(&read, "claims"), Some("eyJ9"));
        assert_eq!(parameter(&read, "authorization_uri"), Some("https://login.contoso.com/common/oauth2/authorize"));
    }

    #[test]
    fn commas_escapes_and_bare_values_in_a_challenge_are_kept_apart() {
        let read = challenge(r#"bearer error_description="a, \"b\"=c",error=invalid_token scope=x"#);
        assert_eq!(parameter(&read, "error_description"), Some(r#"a, "b"=c"#));
        assert_eq!(parameter(&read, "error"), Some("invalid_token"));
        assert_eq!(parameter(&read, "scope"), Some("x"));
    }

    #[test]
    fn an_unfinished_challenge_ends_the_reading_and_nothing_else() {
        assert_eq!(challenge(r#"Bearer error="abc"#), [("error".to_owned(), "abc".to_owned())]);
        assert_eq!(challenge("Bearer"), []);
    }

    #[test]
    fn challenge_claims_are_read_in_base64_base64url_and_plain() {
        let encoded = "eyJhY2Nlc3NfdG9rZW4iOnsiYWNycyI6eyJlc3NlbnRpYWwiOnRydWUsInZhbHVlcyI6WyJwMSJdfX19";
        assert_eq!(ClaimsChallenge::parse(encoded), Some(ClaimsChallenge::multi_factor()));
        assert_eq!(ClaimsChallenge::parse("e30="), Some(ClaimsChallenge("{}".to_owned())));
        assert_eq!(ClaimsChallenge::parse("{}"), Some(ClaimsChallenge("{}".to_owned())));
        for bad in ["", "[]", "Ww==", "%%%"] {
            assert_eq!(ClaimsChallenge::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_sign_in_asks_for_everything_at_once() {
        let nbf = ClaimsChallenge::parse(
            r#"{"access_token":{"nbf":{"essential":true,"value":"1"},"acrs":{"essential":true,"values":["c2"]}}}"#,
        );
        let asked: Value = serde_json::from_str(&sign_in_claims(true, nbf.as_ref())).unwrap();
        assert_eq!(asked["access_token"]["xms_cc"]["values"], json!(["cp1"]));
        assert_eq!(asked["access_token"]["acrs"]["values"], json!(["p1", "c2"]));
        assert_eq!(asked["access_token"]["nbf"]["value"], json!("1"));
        let plain: Value = serde_json::from_str(&sign_in_claims(false, None)).unwrap();
        assert_eq!(plain, json!({"access_token": {"xms_cc": {"values": ["cp1"]}}}));
    }
}
