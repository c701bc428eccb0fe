//! Requests and answers against the contracts.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::api::{AnswerBody, AnswerShape, Api, BodyShape, Operation, Presence};
use crate::schema::Schema;

/// An operation, and the api-version it was called with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationId {
    api: Api,
    id: &'static str,
    version: Option<String>,
}

impl OperationId {
    /// The id, such as `arm.changeTenantRequest.put`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        self.id
    }

    /// The API.
    #[must_use]
    pub fn api(&self) -> Api {
        self.api
    }

    /// The operation of that id, called with that api-version.
    #[must_use]
    pub fn new(id: &str, version: Option<&str>) -> Option<Self> {
        Api::ALL.into_iter().find_map(|api| {
            let operation = api.contract().operation(id)?;
            Some(Self { api, id: &operation.id, version: version.map(str::to_owned) })
        })
    }

    fn operation(&self) -> Option<&'static Operation> {
        self.api.contract().operation(self.id)
    }
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

/// Something that does not fit the contract. It never holds a value, because values may be secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The operation, or the method and path when no operation fits.
    pub operation: String,
    /// `request` or `answer`.
    pub direction: &'static str,
    /// Where: a JSON pointer into the body behind `body`, `query/…`, `header/…` or `status`.
    pub place: String,
    /// What was expected there.
    pub expected: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} at {}: expected {}", self.operation, self.direction, self.place, self.expected)
    }
}

type Pairs = [(String, String)];

/// The operation a request is for, whether or not the rest of it fits.
#[must_use]
pub fn find_operation(api: Api, method: &str, path: &str, query: &Pairs, headers: &Pairs) -> Option<OperationId> {
    let operation = api.contract().find(method, path, |name| header(headers, name).is_some())?;
    let version = query.iter().find(|(name, _)| name == "api-version").map(|(_, value)| value.clone());
    Some(OperationId { api, id: &operation.id, version })
}

/// Checks a request. `path` is what follows the API's base address; header names are compared without case.
///
/// # Errors
/// Everything that does not fit, not only the first.
pub fn validate_request(
    api: Api,
    method: &str,
    path: &str,
    query: &Pairs,
    headers: &Pairs,
    body: &[u8],
) -> Result<OperationId, Vec<Violation>> {
    let Some(found) = find_operation(api, method, path, query, headers) else {
        return Err(vec![Violation {
            operation: format!("{method} {}", generic(path)),
            direction: "request",
            place: "path".to_owned(),
            expected: format!("an operation of {api}"),
        }]);
    };
    let contract = api.contract();
    let Some(operation) = found.operation() else { return Ok(found) };
    let mut findings = Findings::new(&operation.id, "request");

    for (name, parameter) in &operation.query {
        if parameter.required && !query.iter().any(|(given, _)| given == name) {
            findings.add(format!("query/{name}"), "this parameter, which is required".to_owned());
        }
    }
    for (at, (name, value)) in query.iter().enumerate() {
        if query[..at].iter().any(|(earlier, _)| earlier == name) {
            findings.add(format!("query/{name}"), "this parameter only once".to_owned());
        }
        match operation.query.get(name) {
            Some(parameter) => findings.check(
                &parameter.is,
                &contract.schemas,
                &format!("query/{name}"),
                &Value::String(value.clone()),
            ),
            None => findings.add(format!("query/{name}"), "no such parameter".to_owned()),
        }
    }
    for (name, presence) in &operation.headers {
        if *presence == Presence::Required && header(headers, name).is_none() {
            findings.add(format!("header/{name}"), "this header, which is required".to_owned());
        }
    }
    if let Some(authorization) = header(headers, "authorization")
        && !authorization.starts_with("Bearer ")
    {
        findings.add("header/authorization".to_owned(), "Bearer and a token".to_owned());
    }
    let media_type = header(headers, "content-type").unwrap_or_default().to_ascii_lowercase();
    match &operation.body {
        None if body.is_empty() => {}
        None => findings.add("body".to_owned(), "no body".to_owned()),
        Some(BodyShape::Json(schema)) => {
            if !media_type.starts_with("application/json") {
                findings.add("header/content-type".to_owned(), "application/json".to_owned());
            }
            match serde_json::from_slice::<Value>(body) {
                Ok(value) => findings.check(schema, &contract.schemas, "body", &value),
                Err(_) => findings.add("body".to_owned(), "JSON".to_owned()),
            }
        }
        Some(BodyShape::Form(schema)) => {
            if !media_type.starts_with("application/x-www-form-urlencoded") {
                findings.add("header/content-type".to_owned(), "application/x-www-form-urlencoded".to_owned());
            }
            let form: serde_json::Map<String, Value> = form_urlencoded::parse(body)
                .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
                .collect();
            findings.check(schema, &contract.schemas, "body", &Value::Object(form));
        }
    }
    if findings.all.is_empty() { Ok(found) } else { Err(findings.all) }
}

/// Checks an answer; an empty list means that it fits.
#[must_use]
pub fn validate_answer(operation_id: &OperationId, status: u16, headers: &Pairs, body: &[u8]) -> Vec<Violation> {
    let contract = operation_id.api.contract();
    let Some(operation) = operation_id.operation() else { return Vec::new() };
    let mut findings = Findings::new(&operation.id, "answer");
    for name in &contract.answer_headers {
        if header(headers, name).is_none() {
            findings.add(format!("header/{name}"), "this header, which every answer has".to_owned());
        }
    }
    let text = status.to_string();
    let is_error = status >= 400;
    let by_status = |shapes: &'static BTreeMap<String, AnswerShape>| shapes.get(&text);
    let fallback = |shapes: &'static BTreeMap<String, AnswerShape>| is_error.then(|| shapes.get("default")).flatten();
    let body_shape = by_status(&operation.answers)
        .or_else(|| fallback(&operation.errors))
        .or_else(|| by_status(&contract.errors))
        .or_else(|| fallback(&contract.errors));
    let Some(shape) = body_shape else {
        findings.add("status".to_owned(), format!("one of {}, or an error", statuses(operation)));
        return findings.all;
    };
    // An operation with an error body of its own still owes the headers of the API's errors.
    let api_headers = is_error.then(|| contract.errors.get(&text)).flatten().map(|it| it.headers.as_slice());
    for name in shape.headers.iter().chain(api_headers.unwrap_or_default()) {
        if header(headers, name).is_none() {
            findings.add(format!("header/{name}"), format!("this header, which a {status} has"));
        }
    }
    let media_type = header(headers, "content-type").unwrap_or_default().to_ascii_lowercase();
    let version = operation_id.version.as_deref().unwrap_or_default();
    match (&shape.body, shape.versions.get(version)) {
        (AnswerBody::Nothing, _) => {
            if !body.is_empty() {
                findings.add("body".to_owned(), "no body".to_owned());
            }
        }
        (AnswerBody::Html, _) => {
            if !media_type.starts_with("text/html") {
                findings.add("header/content-type".to_owned(), "text/html".to_owned());
            }
        }
        (AnswerBody::Json(_), Some(schema)) | (AnswerBody::Json(schema), None) => {
            if !media_type.starts_with("application/json") {
                findings.add("header/content-type".to_owned(), "application/json".to_owned());
            }
            match serde_json::from_slice::<Value>(body) {
                Ok(value) => findings.check(schema, &contract.schemas, "body", &value),
                Err(_) => findings.add("body".to_owned(), "JSON".to_owned()),
            }
        }
    }
    findings.all
}

fn statuses(operation: &Operation) -> String {
    let known: Vec<&str> = operation.answers.keys().map(String::as_str).collect();
    if known.is_empty() { "no success".to_owned() } else { known.join(", ") }
}

fn header<'a>(headers: &'a Pairs, name: &str) -> Option<&'a str> {
    headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// The path with ids taken out, so that the same mistake reads the same.
fn generic(path: &str) -> String {
    let parts: Vec<&str> =
        path.split('/').map(|part| if crate::schema::is_uuid(part) { "{id}" } else { part }).collect();
    parts.join("/")
}

struct Findings<'a> {
    operation: &'a str,
    direction: &'static str,
    all: Vec<Violation>,
}

impl<'a> Findings<'a> {
    fn new(operation: &'a str, direction: &'static str) -> Self {
        Self { operation, direction, all: Vec::new() }
    }

    fn add(&mut self, place: String, expected: String) {
        self.all.push(Violation { operation: self.operation.to_owned(), direction: self.direction, place, expected });
    }

    fn check(&mut self, schema: &Schema, named: &BTreeMap<String, Schema>, place: &str, value: &Value) {
        let mut found = Vec::new();
        schema.check(named, place, value, &mut |place, expected| found.push((place, expected)));
        for (place, expected) in found {
            self.add(place, expected);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SUBSCRIPTION: &str = "/subscriptions/6c3c85bc-5366-4eaa-8055-a10529eafd03";

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn initiate(body: &Value) -> Result<OperationId, Vec<Violation>> {
        validate_request(
            Api::Arm,
            "PUT",
            &format!("{SUBSCRIPTION}/providers/Microsoft.Subscription/changeTenantRequest/default"),
            &pairs(&[("api-version", "2026-08-01-preview")]),
            &pairs(&[("Authorization", "Bearer t"), ("Content-Type", "application/json")]),
            body.to_string().as_bytes(),
        )
    }

    #[test]
    fn every_contract_file_fits_its_shape_and_every_name_in_it_exists() {
        fn names(schema: &Schema, into: &mut Vec<String>) {
            match schema {
                Schema::Named(name) => into.push(name.clone()),
                Schema::List(inner) | Schema::Map(inner) | Schema::OrNull(inner) => names(inner, into),
                Schema::AnyOf(several) => several.iter().for_each(|it| names(it, into)),
                Schema::Object { fields, required } => {
                    fields.values().for_each(|it| names(it, into));
                    assert!(required.iter().all(|it| fields.contains_key(it)), "{required:?}");
                }
                Schema::Text
                | Schema::Uuid
                | Schema::DateTime
                | Schema::Bool
                | Schema::Int
                | Schema::Any
                | Schema::Enum(_)
                | Schema::Open(_) => {}
            }
        }
        for api in Api::ALL {
            let contract = api.contract();
            assert_eq!(contract.api, api);
            let mut used = Vec::new();
            contract.schemas.values().for_each(|it| names(it, &mut used));
            for operation in &contract.operations {
                assert!(operation.id.starts_with(api.as_str()), "{}", operation.id);
                for shape in operation.answers.values().chain(operation.errors.values()) {
                    if let AnswerBody::Json(schema) = &shape.body {
                        names(schema, &mut used);
                    }
                    shape.versions.values().for_each(|it| names(it, &mut used));
                }
                if let Some(BodyShape::Json(schema) | BodyShape::Form(schema)) = &operation.body {
                    names(schema, &mut used);
                }
            }
            for name in used {
                assert!(contract.schemas.contains_key(&name), "{api} has no {name}");
            }
        }
    }

    #[test]
    fn a_good_request_names_its_operation() {
        let tenant = "45ffe2da-b7a4-460f-9e4c-51afd47b94cb";
        let good = json!({"properties": {"destinationTenantId": tenant, "destinationOwnerId": tenant}});
        assert_eq!(initiate(&good).unwrap().as_str(), "arm.changeTenantRequest.put");
    }

    #[test]
    fn a_wrong_field_in_a_request_is_found_at_its_place() {
        let bad = json!({"properties": {"destinationTenant": "x", "destinationOwnerId": "y"}});
        let found = initiate(&bad).unwrap_err();
        let places: Vec<&str> = found.iter().map(|it| it.place.as_str()).collect();
        assert_eq!(places, ["body/properties/destinationTenantId", "body/properties/destinationTenant"]);
        assert!(found[0].to_string().starts_with("arm.changeTenantRequest.put request at body/properties"));
    }

    #[test]
    fn a_wrong_method_query_or_header_is_found() {
        let found = validate_request(
            Api::Arm,
            "GET",
            &format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/roleAssignments"),
            &pairs(&[("api-version", "2015-07-01"), ("$top", "5")]),
            &[],
            b"",
        )
        .unwrap_err();
        let places: Vec<&str> = found.iter().map(|it| it.place.as_str()).collect();
        assert_eq!(places, ["query/api-version", "query/$top", "header/authorization"]);
        let status_by_get = format!("/providers/Microsoft.Subscription{SUBSCRIPTION}/changeTenantStatus");
        let found = validate_request(Api::Arm, "GET", &status_by_get, &[], &[], b"").unwrap_err();
        assert_eq!(found[0].place, "path");
        assert!(!found[0].operation.contains("6c3c85bc"), "{}", found[0].operation);
    }

    #[test]
    fn the_probe_is_the_request_without_a_token() {
        let query = pairs(&[("api-version", "2016-06-01")]);
        let probe = validate_request(Api::Arm, "GET", SUBSCRIPTION, &query, &[], b"").unwrap();
        assert_eq!(probe.as_str(), "arm.subscriptions.probe");
        let headers = pairs(&[("authorization", "Bearer t")]);
        let found = validate_request(Api::Arm, "GET", SUBSCRIPTION, &query, &headers, b"").unwrap_err();
        assert_eq!(found[0].operation, "arm.subscriptions.get");
    }

    #[test]
    fn a_wrong_field_status_or_header_in_an_answer_is_found() {
        let operation = OperationId::new("arm.changeTenantStatus", Some("2026-08-01-preview")).unwrap();
        let headers = pairs(&[("content-type", "application/json; charset=utf-8"), ("x-ms-request-id", "1")]);
        let good = json!({"status": "Initiated", "acceptedDate": null}).to_string();
        assert_eq!(validate_answer(&operation, 200, &headers, good.as_bytes()), []);
        let bad = json!({"state": "Initiated", "acceptedDate": 5}).to_string();
        assert_eq!(validate_answer(&operation, 200, &headers, bad.as_bytes()).len(), 2);
        assert_eq!(validate_answer(&operation, 202, &headers, b"")[0].place, "status");
        let error = json!({"error": {"code": "X", "message": "m"}}).to_string();
        assert_eq!(validate_answer(&operation, 404, &headers, error.as_bytes()), []);
        assert_eq!(validate_answer(&operation, 401, &headers, error.as_bytes())[0].place, "header/www-authenticate");
        let wrong_envelope = json!({"code": "X"}).to_string();
        assert!(!validate_answer(&operation, 404, &headers, wrong_envelope.as_bytes()).is_empty());
    }

    #[test]
    fn an_older_version_has_its_own_body() {
        let older = OperationId::new("arm.changeTenantStatus", Some("2024-08-01-preview")).unwrap();
        let headers = pairs(&[("content-type", "application/json"), ("x-ms-request-id", "1")]);
        assert_eq!(validate_answer(&older, 200, &headers, br#"{"status":"Completed"}"#), []);
        assert_eq!(validate_answer(&older, 200, &headers, br#"{"expiresOn":"2024-07-19T17:57:40Z"}"#).len(), 1);
    }

    #[test]
    fn a_violation_does_not_repeat_the_value() {
        let found = validate_request(
            Api::Login,
            "POST",
            "/common/oauth2/v2.0/token",
            &[],
            &pairs(&[("content-type", "application/x-www-form-urlencoded")]),
            b"client_id=hush&grant_type=hush&scope=s",
        )
        .unwrap_err();
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|it| !it.to_string().contains("hush")));
    }
}
