//! The contracts against Microsoft's own definitions and examples, which lie beside the project, not in it.
//!
//! What a contract states must stand in Microsoft's definition of the operation: path, method, parameters, body
//! fields, types, enums, what is required, statuses. What is known from elsewhere is listed in [`EXCEPTIONS`], each
//! with its reason; an exception that nothing needs any more fails the test.
#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test's helpers fail the test")]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use contracts::{
    AnswerBody, Api, BodyShape, Operation, OperationId, Presence, Schema, validate_answer, validate_request,
};
use serde_json::{Value, json};

/// What the contracts say although Microsoft's definitions do not: operation (or `*`), place, reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("login.discovery", "definition", "described in the identity platform's documentation, without a definition file"),
    ("login.keys", "definition", "as login.discovery"),
    ("login.authorize", "definition", "as login.discovery"),
    ("login.logout", "definition", "as login.discovery"),
    ("login.token", "definition", "as login.discovery"),
    ("arm.providers.register", "definition", "its definition is not in the folder"),
    ("arm.resources.list", "definition", "as arm.providers.register; by the reference of its calls"),
    ("arm.policyAssignments.list", "definition", "as arm.resources.list"),
    ("arm.policyDefinitions.list", "definition", "as arm.resources.list"),
    ("arm.policyExemptions.list", "definition", "as arm.resources.list"),
    ("arm.locks.list", "definition", "as arm.resources.list"),
    ("arm.sqlServers.administrators", "definition", "as arm.resources.list"),
    ("arm.sqlManagedInstances.administrators", "definition", "as arm.resources.list"),
    ("arm.mySqlServers.administrators", "definition", "as arm.resources.list"),
    ("arm.mySqlFlexibleServers.administrators", "definition", "as arm.resources.list"),
    ("arm.denyAssignments.list", "definition", "as arm.resources.list"),
    ("arm.roleEligibilityScheduleInstances.list", "definition", "as arm.resources.list"),
    ("arm.registrationAssignments.list", "definition", "as arm.resources.list"),
    ("arm.roleDefinitions.create", "definition", "as arm.resources.list; the file has the reads only"),
    ("arm.deployments.whatIf", "definition", "as arm.resources.list"),
    (
        "arm.operationResults.get",
        "definition",
        "where a 202's Location leads: opaque to the caller, documented for no one",
    ),
    (
        "arm.subscriptions.probe",
        "query/api-version/2016-06-01",
        "the unauthenticated probe is behaviour, not contract; tools use this version",
    ),
    ("arm.permissions.list", "query/api-version/2014-07-01-preview", "the version in Microsoft's older guide"),
    ("arm.permissions.list", "path", "the subscription scope is documented; the definition lists narrower ones"),
    ("arm.policies.get", "query/api-version/2021-10-01", "the stable version, by its own example payload"),
    ("*", "query/$skipToken", "a next page's address is opaque to the caller; the simulated one carries this"),
    ("*", "query/$skiptoken", "as $skipToken"),
    ("*", "query/api-version/2025-11-01-preview", "an SDK's default version, of the same shape as 2026-08-01-preview"),
    ("*", "answer/200/nextLink/null", "Microsoft's list examples end with nextLink null"),
    ("*", "error/code/required", "every error that Microsoft shows names its code"),
    ("*", "error/message/required", "every error that Microsoft shows has a message"),
    ("*", "error/required", "the envelope is documented as always there"),
    ("*", "error/description/required", "every Partner Center error that Microsoft shows has one"),
    (
        "arm.roleAssignments.create",
        "request/properties/principalType/required",
        "without it a new guest is not found: we always send it",
    ),
    (
        "arm.roleAssignments.create",
        "request/properties/principalId/format",
        "the documentation: the principal id must be a GUID",
    ),
    ("arm.roleAssignments.create", "request/properties/principalType/closed", "we send no other kinds"),
    ("arm.roleAssignments.createAtScope", "request/properties/principalType/required", "as arm.roleAssignments.create"),
    ("arm.roleAssignments.createAtScope", "request/properties/principalId/format", "as arm.roleAssignments.create"),
    ("arm.roleAssignments.createAtScope", "request/properties/principalType/closed", "as arm.roleAssignments.create"),
    (
        "arm.changeTenantRequest.put",
        "request/properties/required",
        "a request without a destination has no meaning: we always send it",
    ),
    ("arm.changeTenantRequest.put", "request/properties/destinationOwnerId/required", "as properties"),
    ("arm.changeTenantRequest.put", "request/properties/destinationTenantId/required", "as properties"),
    (
        "*",
        "answer/200/properties/sourceOwnerEmail/null",
        "null when a service principal made the request, says the definition's text",
    ),
    ("*", "answer/200/value/properties/sourceOwnerEmail/null", "as above"),
    ("arm.changeTenantStatus", "answer/200/sourceOwnerEmail/null", "as above"),
    (
        "arm.policies.get",
        "answer/200/properties/blockSubscriptionsLeavingTenant/null",
        "how a policy that was never set is shown is unknown; null is one reading",
    ),
    ("arm.policies.get", "answer/200/properties/blockSubscriptionsIntoTenant/null", "as above"),
    ("graph.invitations.create", "request/invitedUserEmailAddress/required", "required by the call's documentation"),
    ("graph.invitations.create", "request/inviteRedirectUrl/required", "required by the call's documentation"),
    ("graph.invitations.create", "request/invitedUserType/closed", "the documentation knows Guest and Member"),
    ("graph.invitations.create", "answer/201/status/closed", "the values of the documentation"),
    ("graph.invitations.create", "answer/201/@odata.context", "stands in Microsoft's example"),
    ("*", "answer/200/@odata.context", "stands in every Graph answer"),
    ("*", "error/innerError/requestId", "the spelling of Microsoft's sample error"),
    ("graph.myDirectoryRoles.list", "query/$select", "every Graph list takes it; the definition here is shortened"),
    (
        "graph.authorizationPolicy.get",
        "answer/200/allowedToSignUpEmailBasedSubscriptions",
        "in Microsoft's example; the definition here is shortened",
    ),
    ("graph.authorizationPolicy.get", "answer/200/allowedToUseSSPR", "as above"),
    ("graph.authorizationPolicy.get", "answer/200/blockMsolPowerShell", "as above"),
    ("graph.authorizationPolicy.get", "answer/200/defaultUserRolePermissions", "as above"),
    ("*", "answer/200/onPremisesSecurityIdentifier", "documented for users; the definition here is shortened"),
    ("*", "answer/200/value/onPremisesSecurityIdentifier", "as above"),
    ("graph.directoryObjects.getByIds", "definition", "the definition here is shortened; by the call's reference"),
    ("graph.groups.list", "definition", "as graph.directoryObjects.getByIds"),
    ("graph.me.checkMemberGroups", "definition", "as graph.directoryObjects.getByIds"),
    ("graph.servicePrincipals.list", "definition", "as graph.directoryObjects.getByIds"),
    ("graph.batch", "definition", "described in Graph's documentation of JSON batching, without a definition"),
];

fn openapi() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/microsoft/openapi");
    if folder.is_dir() {
        return Some(folder);
    }
    #[expect(clippy::disallowed_methods, reason = "whether a run may go without the definitions is CI's to say")]
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(!in_ci, "CI must have Microsoft's definitions beside the project, in ../shared/microsoft/openapi");
    println!("not checked: Microsoft's definitions are not beside this clone (../shared/microsoft/openapi)");
    None
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// One of Microsoft's definition files.
struct Definition {
    name: String,
    document: Value,
}

/// An operation in it.
struct Found<'a> {
    definition: &'a Definition,
    path: &'a str,
    method: &'a str,
    operation: &'a Value,
    shared_parameters: &'a Value,
}

impl Definition {
    fn all(folder: &Path) -> Vec<Self> {
        let mut all: Vec<Self> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|it| it == "json"))
            .map(|path| Self { name: path.file_stem().unwrap().to_string_lossy().into_owned(), document: read(&path) })
            .collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    fn find(&self, operation_id: &str) -> Option<Found<'_>> {
        self.document["paths"].as_object()?.iter().find_map(|(path, item)| {
            let mut methods = item.as_object()?.iter();
            let (method, operation) = methods.find(|(_, operation)| operation["operationId"] == operation_id)?;
            Some(Found { definition: self, path, method, operation, shared_parameters: &item["parameters"] })
        })
    }

    /// Follows `$ref`s.
    fn resolve<'a>(&'a self, mut value: &'a Value) -> &'a Value {
        while let Some(reference) = value["$ref"].as_str() {
            let pointer = reference.split_once('#').unwrap().1;
            value = self.document.pointer(pointer).unwrap_or_else(|| panic!("{}: no {pointer}", self.name));
        }
        value
    }

    /// All properties of an object schema, its bases' included, and what is required.
    fn fields<'a>(&'a self, schema: &'a Value) -> (BTreeMap<&'a str, &'a Value>, BTreeSet<&'a str>) {
        let schema = self.resolve(schema);
        let mut fields: BTreeMap<&str, &Value> = BTreeMap::new();
        let mut required: BTreeSet<&str> = BTreeSet::new();
        for base in schema["allOf"].as_array().into_iter().flatten() {
            let (more, needed) = self.fields(base);
            fields.extend(more);
            required.extend(needed);
        }
        fields.extend(schema["properties"].as_object().into_iter().flatten().map(|(name, it)| (name.as_str(), it)));
        required.extend(schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str));
        (fields, required)
    }
}

/// Compares one operation; collects what Microsoft does not say.
#[derive(Clone, Copy)]
struct Comparison<'a> {
    id: &'a str,
    definition: &'a Definition,
    named: &'a BTreeMap<String, Schema>,
    problems: &'a RefCell<Vec<(String, String)>>,
}

impl Comparison<'_> {
    fn problem(&self, place: &str) {
        self.problems.borrow_mut().push((self.id.to_owned(), place.to_owned()));
    }

    fn expect(&self, holds: bool, place: &str, what: &str) {
        if !holds {
            self.problem(&format!("{place}/{what}"));
        }
    }

    fn schema(&self, ours: &Schema, theirs: &Value, place: &str, seen: &mut Vec<String>) {
        // Beside a reference, only whether it may be null is said.
        let outer_nullable = is_nullable(theirs);
        let theirs = self.definition.resolve(theirs);
        let kind = theirs["type"].as_str();
        match ours {
            Schema::Named(name) => {
                // Errors hold errors: once is enough.
                if seen.contains(name) {
                    return;
                }
                seen.push(name.clone());
                self.schema(&self.named[name], theirs, place, seen);
                seen.pop();
            }
            Schema::OrNull(inner) => {
                self.expect(outer_nullable || is_nullable(theirs), place, "null");
                self.schema(inner, theirs, place, seen);
            }
            Schema::Object { fields, required } => {
                let (known, needed) = self.definition.fields(theirs);
                for (name, field) in fields {
                    match known.get(name.as_str()) {
                        Some(theirs) => self.schema(field, theirs, &format!("{place}/{name}"), seen),
                        None => self.problem(&format!("{place}/{name}")),
                    }
                }
                for name in required {
                    self.expect(needed.contains(name.as_str()), &format!("{place}/{name}"), "required");
                }
            }
            Schema::List(inner) => {
                self.expect(kind == Some("array"), place, "list");
                self.schema(inner, &theirs["items"], place, seen);
            }
            Schema::Map(inner) => self.schema(inner, &theirs["additionalProperties"], place, seen),
            Schema::Enum(values) => {
                let (known, open) = enumeration(self.definition, theirs);
                self.expect(!open && known == values.iter().map(String::as_str).collect(), place, "closed");
            }
            Schema::Open(values) => {
                let (known, open) = enumeration(self.definition, theirs);
                self.expect(open && values.iter().all(|it| known.contains(it.as_str())), place, "closed");
            }
            Schema::AnyOf(several) => {
                let fits = several.iter().any(|it| {
                    let problems = RefCell::new(Vec::new());
                    Comparison { problems: &problems, ..*self }.schema(it, theirs, place, seen);
                    // Required fields of an error are an exception everywhere.
                    problems.borrow().iter().all(|(_, place)| place.ends_with("/required"))
                });
                self.expect(fits, place, "any");
            }
            Schema::Text => self.expect(kind == Some("string") || one_of(theirs, "string"), place, "text"),
            Schema::Bool => self.expect(kind == Some("boolean"), place, "bool"),
            Schema::Int => self.expect(kind == Some("integer") || one_of(theirs, "integer"), place, "int"),
            Schema::Uuid => {
                let by_pattern = theirs["pattern"].as_str().is_some_and(|it| it.contains("{8}-[0-9a-fA-F]{4}-"));
                self.expect(kind == Some("string") && (theirs["format"] == "uuid" || by_pattern), place, "format");
            }
            Schema::DateTime => self.expect(theirs["format"] == "date-time", place, "format"),
            Schema::Any => {}
        }
    }
}

fn is_nullable(schema: &Value) -> bool {
    schema["x-nullable"] == true || schema["nullable"] == true
}

fn one_of(schema: &Value, kind: &str) -> bool {
    ["oneOf", "anyOf"].iter().any(|it| schema[it].as_array().is_some_and(|it| it.iter().any(|it| it["type"] == kind)))
}

/// The values of an enum, and whether others may come.
fn enumeration<'a>(definition: &'a Definition, schema: &'a Value) -> (BTreeSet<&'a str>, bool) {
    let mut schema = definition.resolve(schema);
    // Graph writes a reference that may be null as `allOf` with one element.
    if let Some(only) = schema["allOf"].as_array().and_then(|it| it.first()) {
        schema = definition.resolve(only);
    }
    let values = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    (values, schema["x-ms-enum"]["modelAsString"] == true)
}

fn exception(id: &str, place: &str) -> Option<usize> {
    EXCEPTIONS.iter().position(|(operation, at, _)| (*operation == "*" || *operation == id) && *at == place)
}

/// The path as the definition writes it: the version stands in the server's address there.
fn own_path(api: Api, path: &str) -> &str {
    let prefix = match api {
        Api::Graph => "/v1.0",
        Api::PartnerCenter => "/v1",
        Api::Login | Api::Arm => "",
    };
    path.strip_prefix(prefix).unwrap_or(path)
}

/// Whether our path is an instance of theirs; their `{scope}` stands for several parts.
fn same_path(ours: &str, theirs: &str) -> bool {
    let mut ours: Vec<&str> = ours.split('/').skip(1).collect();
    let mut theirs: Vec<&str> = theirs.split('/').skip(1).collect();
    if theirs.first() == Some(&"{scope}") && ours.len() > theirs.len() {
        let scope = ours.len() - theirs.len() + 1;
        ours.drain(..scope);
        theirs.remove(0);
    }
    ours.len() == theirs.len()
        && ours.iter().zip(&theirs).all(|(ours, theirs)| {
            ours.eq_ignore_ascii_case(theirs) || (ours.starts_with('{') && theirs.starts_with('{'))
        })
}

fn compare(
    api: Api,
    operation: &Operation,
    found: &Found<'_>,
    newest: bool,
    problems: &RefCell<Vec<(String, String)>>,
) {
    let contract = api.contract();
    let definition = found.definition;
    let comparison = Comparison { id: &operation.id, definition, named: &contract.schemas, problems };
    let problem = |place: &str| comparison.problem(place);

    if !found.method.eq_ignore_ascii_case(&operation.method) {
        problem("method");
    }
    if !same_path(own_path(api, &operation.path), found.path) {
        problem("path");
    }
    let parameters: Vec<&Value> = [found.shared_parameters, &found.operation["parameters"]]
        .into_iter()
        .filter_map(Value::as_array)
        .flatten()
        .map(|it| definition.resolve(it))
        .collect();
    let parameter = |place: &str, name: &str| {
        parameters
            .iter()
            .find(|it| it["in"] == place && it["name"].as_str().is_some_and(|it| it.eq_ignore_ascii_case(name)))
    };
    for (name, ours) in &operation.query {
        match parameter("query", name) {
            None => problem(&format!("query/{name}")),
            Some(theirs) if ours.required && theirs["required"] != true => problem(&format!("query/{name}/required")),
            Some(_) => {}
        }
    }
    for theirs in parameters.iter().filter(|it| it["required"] == true && it["in"] == "query") {
        let name = theirs["name"].as_str().unwrap();
        if operation.query.get(name).is_none_or(|it| !it.required) {
            problem(&format!("query/{name}/optional"));
        }
    }
    if newest {
        versions(operation, definition, &problem);
    }
    for (name, presence) in &operation.headers {
        // Tokens and media types are not listed as parameters.
        if matches!(name.as_str(), "authorization" | "content-type") {
            continue;
        }
        match parameter("header", name) {
            None => problem(&format!("header/{name}")),
            Some(theirs) if *presence == Presence::Required && theirs["required"] != true => {
                problem(&format!("header/{name}/required"));
            }
            Some(_) => {}
        }
    }
    let in_body = parameters.iter().find(|it| it["in"] == "body").map(|it| &it["schema"]);
    let content = &definition.resolve(&found.operation["requestBody"])["content"]["application/json"]["schema"];
    match (&operation.body, in_body.or((!content.is_null()).then_some(content))) {
        (None, None) => {}
        (Some(BodyShape::Json(ours)), Some(theirs)) => comparison.schema(ours, theirs, "request", &mut Vec::new()),
        (Some(_), _) | (None, Some(_)) => problem("request"),
    }
    for (status, shape) in &operation.answers {
        let theirs = &found.operation["responses"][status];
        if theirs.is_null() {
            problem(&format!("answer/{status}"));
            continue;
        }
        let older = shape.versions.get("2024-08-01-preview").filter(|_| !newest);
        let ours = match (&shape.body, older) {
            (_, Some(older)) => Some(older),
            (AnswerBody::Json(ours), None) => Some(ours),
            (AnswerBody::Nothing | AnswerBody::Html, None) => None,
        };
        let place = if status.starts_with('2') { format!("answer/{status}") } else { "error".to_owned() };
        match (ours, answer_schema(definition, theirs)) {
            (None, None) => {}
            (Some(ours), Some(theirs)) => comparison.schema(ours, theirs, &place, &mut Vec::new()),
            (Some(_), None) | (None, Some(_)) => problem(&format!("{place}/body")),
        }
    }
    let Some(theirs) = answer_schema(definition, &found.operation["responses"]["default"]) else {
        return problem("error");
    };
    let shape = operation.errors.get("default").or(contract.errors.get("default")).unwrap();
    let AnswerBody::Json(ours) = &shape.body else { panic!("{}: errors are JSON", operation.id) };
    // Places read the same whether an API wraps its errors in `error` or not.
    let errors = RefCell::new(Vec::new());
    Comparison { problems: &errors, ..comparison }.schema(ours, theirs, "", &mut Vec::new());
    for (_, place) in errors.into_inner() {
        let bare = place.trim_start_matches('/');
        let place = if bare.starts_with("error/") { bare.to_owned() } else { format!("error/{bare}") };
        problem(&place);
    }
}

/// The api-versions we state: the definition's own, those with bodies of their own, and no others.
fn versions(operation: &Operation, definition: &Definition, problem: &dyn Fn(&str)) {
    let Some(Schema::Enum(versions)) = operation.query.get("api-version").map(|it| &it.is) else { return };
    let version = definition.document["info"]["version"].as_str().unwrap();
    let newest_family = version == "2026-08-01-preview";
    if !versions.iter().any(|it| it == version) {
        problem(&format!("query/api-version/not {version}"));
    }
    for other in versions.iter().filter(|it| it.as_str() != version) {
        // The change-directory family's older version has a definition file of its own, which is compared too.
        if !(newest_family && other == "2024-08-01-preview") {
            problem(&format!("query/api-version/{other}"));
        }
    }
}

fn answer_schema<'a>(definition: &'a Definition, answer: &'a Value) -> Option<&'a Value> {
    let answer = definition.resolve(answer);
    [&answer["schema"], &answer["content"]["application/json"]["schema"]].into_iter().find(|it| !it.is_null())
}

#[test]
fn the_contracts_say_nothing_that_microsofts_definitions_do_not() {
    let Some(folder) = openapi() else { return };
    let definitions = Definition::all(&folder);
    let problems = RefCell::new(Vec::new());
    let mut compared = 0;
    for api in Api::ALL {
        for operation in &api.contract().operations {
            let Some(wanted) = &operation.definition else {
                problems.borrow_mut().push((operation.id.clone(), "definition".to_owned()));
                continue;
            };
            let found: Vec<Found<'_>> = definitions.iter().filter_map(|it| it.find(wanted)).collect();
            assert!(!found.is_empty(), "{}: no definition has {wanted}", operation.id);
            for found in found {
                let newest = !found.definition.name.contains("2024-08-01-preview");
                compare(api, operation, &found, newest, &problems);
                compared += 1;
            }
        }
    }
    let mut used = BTreeSet::new();
    let mut unsaid = BTreeSet::new();
    for (id, place) in problems.into_inner() {
        match exception(&id, &place) {
            Some(at) => drop(used.insert(at)),
            None => drop(unsaid.insert(format!("{id}: {place}"))),
        }
    }
    let unsaid: Vec<String> = unsaid.into_iter().collect();
    assert!(unsaid.is_empty(), "Microsoft's definitions do not say:\n{}", unsaid.join("\n"));
    let stale: Vec<_> = EXCEPTIONS.iter().enumerate().filter(|(at, _)| !used.contains(at)).map(|(_, it)| it).collect();
    assert!(stale.is_empty(), "exceptions that nothing needs: {stale:#?}");
    println!("compared {compared} operations with {} files", definitions.len());
}

/// Example files of ARM, and our operation.
const ARM_EXAMPLES: &[(&str, &str)] = &[
    ("microsoft.resourcegraph/2022-10-01/ResourcesFirstPageQuery", "arm.resources.query"),
    ("microsoft.resources/2021-01-01/GetSubscription", "arm.subscriptions.get"),
    ("microsoft.resources/2022-12-01/GetTenants", "arm.tenants.list"),
    ("microsoft.authorization/2022-04-01/GetPermissions", "arm.permissions.list"),
    ("microsoft.authorization/2022-04-01/GetRoleDefinitionAtScope", "arm.roleDefinitions.list"),
    ("microsoft.authorization/2022-04-01/RoleAssignments_CreateForSubscription", "arm.roleAssignments.create"),
    ("microsoft.authorization/2022-04-01/RoleAssignments_Get", "arm.roleAssignments.get"),
    ("microsoft.authorization/2022-04-01/RoleAssignments_ListForSubscription", "arm.roleAssignments.list"),
    ("microsoft.subscription/2021-10-01/getTenantPolicy", "arm.policies.get"),
    ("microsoft.subscription/2024-08-01-preview/getTargetDirectory", "arm.changeTenantRequest.get"),
    ("microsoft.subscription/2024-08-01-preview/putTargetDirectory", "arm.changeTenantRequest.put"),
    ("microsoft.subscription/2024-08-01-preview/targetDirectoryStatus", "arm.changeTenantStatus"),
    ("microsoft.subscription/2026-08-01-preview/acceptTargetDirectory", "arm.acceptChangeTenant"),
    ("microsoft.subscription/2026-08-01-preview/deleteTargetDirectory", "arm.changeTenantRequest.delete"),
    ("microsoft.subscription/2026-08-01-preview/getTargetDirectory", "arm.changeTenantRequest.get"),
    ("microsoft.subscription/2026-08-01-preview/getTenantPolicy", "arm.policies.get"),
    ("microsoft.subscription/2026-08-01-preview/listTargetDirectory", "arm.changeTenantRequest.list"),
    ("microsoft.subscription/2026-08-01-preview/putTargetDirectory", "arm.changeTenantRequest.put"),
    ("microsoft.subscription/2026-08-01-preview/targetDirectoryStatus", "arm.changeTenantStatus"),
];

/// Example files of Graph and Partner Center, and our operation.
const OTHER_EXAMPLES: &[(&str, &str)] = &[
    ("microsoft.graph/v1.0/CreateInvitation", "graph.invitations.create"),
    ("microsoft.graph/v1.0/Error", "graph.me"),
    ("microsoft.graph/v1.0/GetAuthorizationPolicy", "graph.authorizationPolicy.get"),
    ("microsoft.graph/v1.0/ListDirectoryRoles", "graph.directoryRoles.list"),
    ("microsoft.graph/v1.0/ResetRedemption", "graph.invitations.create"),
    ("partnercenter/v1/get-profiles-legalbusiness", "partner-center.legalbusiness"),
    ("partnercenter/v1/get-profiles-mpn", "partner-center.mpn"),
    ("partnercenter/v1/get-profiles-mpn-own", "partner-center.mpn"),
    ("partnercenter/v1/get-profiles-organization", "partner-center.organization"),
    ("partnercenter/v1/throttled-429", "partner-center.organization"),
];

/// Examples of operations that the product does not use.
const UNUSED_EXAMPLES: &[&str] = &[
    "microsoft.subscription/2026-08-01-preview/acceptOwnershipStatus",
    "microsoft.subscription/2026-08-01-preview/acceptSubscriptionOwnership",
    "microsoft.subscription/2026-08-01-preview/changeTenantPolicy",
    "microsoft.subscription/2026-08-01-preview/getTenantPolicyList",
    "partnercenter/v1/get-profiles-billing",
    "partnercenter/v1/get-profiles-support",
];

/// Fills in what the example says should be an instant.
fn filled_in(value: Value) -> Value {
    match value {
        Value::String(text) if text == "date-time" => json!("2021-07-01T00:00:00Z"),
        Value::Array(items) => Value::Array(items.into_iter().map(filled_in).collect()),
        Value::Object(fields) => Value::Object(fields.into_iter().map(|(name, it)| (name, filled_in(it))).collect()),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => other,
    }
}

fn bytes(body: &Value) -> Vec<u8> {
    if body.is_null() { Vec::new() } else { filled_in(body.clone()).to_string().into_bytes() }
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn check_answer(file: &str, id: &str, version: Option<&str>, status: u16, body: &Value, headers: &Value) {
    let operation = OperationId::new(id, version).unwrap();
    let mut given = pairs(&[("content-type", "application/json")]);
    let shown = headers.as_object().into_iter().flatten();
    given.extend(shown.map(|(name, it)| (name.clone(), it.as_str().unwrap_or_default().to_owned())));
    let mut found = validate_answer(&operation, status, &given, &bytes(body));
    // ARM's examples show no headers at all, Graph's leave out the request id.
    found.retain(|it| !(headers.is_null() && it.place.starts_with("header/")) && it.place != "header/request-id");
    assert_eq!(found, [], "{file}");
}

fn check_arm(folder: &Path, file: &str, id: &str) {
    let example = read(&folder.join(format!("examples/{file}.json")));
    let operation = Api::Arm.contract().operation(id).unwrap();
    let given = &example["parameters"];
    let Schema::Enum(versions) = &operation.query["api-version"].is else { panic!("{id}") };
    // Two examples were written for another version than the one whose shape they show.
    let shown = given["api-version"].as_str().unwrap();
    let instead = if file.contains("2024-08-01-preview") { "2024-08-01-preview" } else { versions[0].as_str() };
    let version = if versions.iter().any(|it| it == shown) { shown } else { instead };
    let mut path = operation.path.clone();
    for (name, value) in given.as_object().unwrap() {
        path = path.replace(&format!("{{{name}}}"), value.as_str().unwrap_or_default());
    }
    if let Some(scope) = given["scope"].as_str() {
        path = path.replace("subscriptions/{subscriptionId}", scope);
    }
    let bodies = ["body", "parameters", "query"];
    let body = bodies.iter().map(|it| &given[it]).find(|it| it.is_object()).unwrap_or(&Value::Null);
    let headers = pairs(&[("authorization", "Bearer t"), ("content-type", "application/json")]);
    let query = pairs(&[("api-version", version)]);
    // One example's scope is just the word; our paths are below subscriptions only.
    if given["scope"] != "scope" {
        let asked = validate_request(Api::Arm, &operation.method, &path, &query, &headers, &bytes(body));
        assert_eq!(asked.map(|it| it.as_str()), Ok(id), "{file}");
    }
    for (status, answer) in example["responses"].as_object().unwrap() {
        check_answer(file, id, Some(version), status.parse().unwrap(), &answer["body"], &Value::Null);
    }
}

fn check_other(folder: &Path, file: &str, id: &str) {
    let example = read(&folder.join(format!("examples/{file}.json")));
    let api = OperationId::new(id, None).unwrap().api();
    let request = &example["request"];
    if let Some(url) = request["url"].as_str() {
        let path_and_query = url.split_once("://").unwrap().1.split_once('/').unwrap().1;
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let query: Vec<(String, String)> =
            query.split('&').filter_map(|it| it.split_once('=')).map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
        let headers = pairs(&[("authorization", "Bearer t"), ("content-type", "application/json")]);
        let method = request["method"].as_str().unwrap();
        let asked = validate_request(api, method, &format!("/{path}"), &query, &headers, &bytes(&request["body"]));
        assert_eq!(asked.map(|it| it.as_str()), Ok(id), "{file}");
    }
    let one = [example["response"].clone()];
    let answers = example["responses"].as_array().map_or(&one[..], Vec::as_slice);
    for answer in answers.iter().filter(|it| !it.is_null()) {
        let status = u16::try_from(answer["status"].as_u64().unwrap()).unwrap();
        check_answer(file, id, None, status, &answer["body"], &answer["headers"]);
    }
    if !example["body"].is_null() {
        check_answer(file, id, None, 400, &example["body"], &Value::Null);
    }
}

#[test]
fn microsofts_examples_pass() {
    let Some(folder) = openapi() else { return };
    for (file, id) in ARM_EXAMPLES {
        check_arm(&folder, file, id);
    }
    for (file, id) in OTHER_EXAMPLES {
        check_other(&folder, file, id);
    }
    let mut there = Vec::new();
    list(&folder.join("examples"), "", &mut there);
    let checked = ARM_EXAMPLES.iter().chain(OTHER_EXAMPLES).map(|(file, _)| *file);
    let known: BTreeSet<&str> = checked.chain(UNUSED_EXAMPLES.iter().copied()).collect();
    let forgotten: Vec<&String> = there.iter().filter(|it| !known.contains(it.as_str())).collect();
    assert!(forgotten.is_empty(), "examples that nobody checks: {forgotten:?}");
    println!("{} example files pass", ARM_EXAMPLES.len() + OTHER_EXAMPLES.len());
}

fn list(folder: &Path, prefix: &str, into: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            list(&path, &format!("{prefix}{name}/"), into);
        } else if let Some(stem) = name.strip_suffix(".json") {
            into.push(format!("{prefix}{stem}"));
        }
    }
}

#[test]
fn a_field_that_microsoft_does_not_have_would_be_found() {
    let Some(folder) = openapi() else { return };
    let definitions = Definition::all(&folder);
    let found = definitions.iter().find_map(|it| it.find("Subscriptions_Get")).unwrap();
    let problems = RefCell::new(Vec::new());
    let named = &Api::Arm.contract().schemas;
    let comparison = Comparison { id: "test", definition: found.definition, named, problems: &problems };
    let theirs = answer_schema(found.definition, &found.operation["responses"]["200"]).unwrap();
    let wrong = json!({
        "fields": {"homeTenantId": "string", "state": {"enum": ["Enabled"]}, "displayName": "int"},
        "required": ["state"],
    });
    comparison.schema(&Schema::try_from(wrong).unwrap(), theirs, "answer", &mut Vec::new());
    let places: BTreeSet<String> = problems.into_inner().into_iter().map(|(_, place)| place).collect();
    let expected = ["answer/displayName/int", "answer/homeTenantId", "answer/state/closed", "answer/state/required"];
    assert_eq!(places, expected.map(str::to_owned).into());
}
