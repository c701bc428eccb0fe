//! The data files: one an API, embedded, so that a clone stands alone.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use percent_encoding::percent_decode_str;
use serde::Deserialize;

use crate::schema::Schema;

/// Which of Microsoft's interfaces a request goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Api {
    /// Entra ID's OAuth and OpenID Connect endpoints.
    Login,
    /// Azure Resource Manager.
    Arm,
    /// Microsoft Graph; paths begin with `/v1.0`.
    Graph,
    /// Partner Center; paths begin with `/v1`.
    PartnerCenter,
}

impl Api {
    /// Every API.
    pub const ALL: [Self; 4] = [Self::Login, Self::Arm, Self::Graph, Self::PartnerCenter];

    /// The name used in paths and operation ids.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Arm => "arm",
            Self::Graph => "graph",
            Self::PartnerCenter => "partner-center",
        }
    }

    /// Reads the name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|api| api.as_str() == text)
    }

    /// The contract of this API.
    #[must_use]
    pub fn contract(self) -> &'static Contract {
        match self {
            Self::Login => &LOGIN,
            Self::Arm => &ARM,
            Self::Graph => &GRAPH,
            Self::PartnerCenter => &PARTNER_CENTER,
        }
    }
}

impl fmt::Display for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

static LOGIN: LazyLock<Contract> = LazyLock::new(|| load(include_str!("apis/login.json")));
static ARM: LazyLock<Contract> = LazyLock::new(|| load(include_str!("apis/arm.json")));
static GRAPH: LazyLock<Contract> = LazyLock::new(|| load(include_str!("apis/graph.json")));
static PARTNER_CENTER: LazyLock<Contract> = LazyLock::new(|| load(include_str!("apis/partner-center.json")));

#[expect(clippy::panic, reason = "the files are part of the program, and a test reads each")]
fn load(text: &str) -> Contract {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("a contract file does not fit: {error}"))
}

/// Everything we know of one API.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Contract {
    /// Which API.
    pub api: Api,
    /// Whether letter case in the fixed parts of a path is ignored.
    #[serde(default)]
    pub case_insensitive_paths: bool,
    /// Headers on every answer.
    #[serde(default)]
    pub answer_headers: Vec<String>,
    /// What an error looks like: by status, and `default`.
    pub errors: BTreeMap<String, AnswerShape>,
    /// Schemas by name.
    pub schemas: BTreeMap<String, Schema>,
    /// The operations.
    pub operations: Vec<Operation>,
}

/// One operation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Operation {
    /// Our name for it.
    pub id: String,
    /// Its `operationId` in Microsoft's definition, where there is one.
    pub definition: Option<String>,
    /// The HTTP method.
    pub method: String,
    /// The path, with `{names}` for what varies; `{+name}` stands for one part or several, as a scope does.
    pub path: String,
    /// This entry stands for requests without that header.
    pub without_header: Option<String>,
    /// Query parameters; no others are allowed.
    #[serde(default)]
    pub query: BTreeMap<String, Parameter>,
    /// Request headers.
    #[serde(default)]
    pub headers: BTreeMap<String, Presence>,
    /// The request's body; absent: none.
    pub body: Option<BodyShape>,
    /// Answers by status. Error statuses not named here look like the API's errors.
    pub answers: BTreeMap<String, AnswerShape>,
    /// Errors of this operation that differ from the API's.
    #[serde(default)]
    pub errors: BTreeMap<String, AnswerShape>,
}

/// A query parameter.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// What it looks like.
    pub is: Schema,
    /// Whether it must be there.
    #[serde(default)]
    pub required: bool,
}

/// Whether a header must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// It must.
    Required,
    /// It may.
    Optional,
}

/// A request body.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BodyShape {
    /// `application/json`.
    Json(Schema),
    /// `application/x-www-form-urlencoded`, read as an object of texts.
    Form(Schema),
}

/// An answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerShape {
    /// `nothing`, `html`, or a JSON schema.
    pub body: AnswerBody,
    /// Bodies of older api-versions.
    #[serde(default)]
    pub versions: BTreeMap<String, Schema>,
    /// Headers that must be there.
    #[serde(default)]
    pub headers: Vec<String>,
}

/// An answer's body.
#[derive(Debug)]
pub enum AnswerBody {
    /// None.
    Nothing,
    /// A page for a person.
    Html,
    /// JSON.
    Json(Schema),
}

impl<'de> Deserialize<'de> for AnswerBody {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = serde_json::Value::deserialize(deserializer)?;
        match written.as_str() {
            Some("nothing") => Ok(Self::Nothing),
            Some("html") => Ok(Self::Html),
            _ => Schema::try_from(written).map(Self::Json).map_err(serde::de::Error::custom),
        }
    }
}

impl Contract {
    /// The operation a request is for. `path` is what follows the API's base address, percent-encoded or not.
    #[must_use]
    pub fn find(&self, method: &str, path: &str, has_header: impl Fn(&str) -> bool) -> Option<&Operation> {
        self.operations.iter().find(|operation| {
            operation.method == method
                && operation.without_header.as_deref().is_none_or(|name| !has_header(name))
                && self.path_fits(&operation.path, path)
        })
    }

    /// The operation of that id.
    #[must_use]
    pub fn operation(&self, id: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.id == id)
    }

    fn path_fits(&self, template: &str, path: &str) -> bool {
        let template: Vec<&str> = template.split('/').collect();
        let given: Vec<&str> = path.split('/').collect();
        let Some(wide) = template.iter().position(|part| part.starts_with("{+")) else {
            return self.parts_fit(&template, &given);
        };
        let after = template.len() - wide - 1;
        let Some(end) = given.len().checked_sub(after).filter(|end| *end > wide) else { return false };
        self.parts_fit(&template[..wide], &given[..wide])
            && given[wide..end].iter().all(|part| !part.is_empty())
            && self.parts_fit(&template[wide + 1..], &given[end..])
    }

    fn parts_fit(&self, template: &[&str], given: &[&str]) -> bool {
        template.len() == given.len()
            && template.iter().zip(given).all(|(expected, given)| {
                let given = percent_decode_str(given).decode_utf8_lossy();
                if expected.starts_with('{') {
                    !given.is_empty()
                } else if self.case_insensitive_paths {
                    expected.eq_ignore_ascii_case(&given)
                } else {
                    *expected == given
                }
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_one_part_of_a_path_or_several_and_never_none() {
        let found = |path: &str| Api::Arm.contract().find("PUT", path, |_| true).map(|it| it.id.as_str());
        let name = "providers/Microsoft.Authorization/roleAssignments/n";
        assert_eq!(found(&format!("/subscriptions/s/{name}")), Some("arm.roleAssignments.create"));
        for scope in [
            "subscriptions/s/resourceGroups/rg",
            "subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/v/secrets/x",
        ] {
            assert_eq!(found(&format!("/{scope}/{name}")), Some("arm.roleAssignments.createAtScope"));
        }
        assert_eq!(found(&format!("/{name}")), None);
        assert_eq!(found(&format!("/subscriptions//{name}")), None);
    }
}
