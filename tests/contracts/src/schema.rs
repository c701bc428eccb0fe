//! The small language in which the data files say what a value looks like.
//!
//! | written | means |
//! |---|---|
//! | `"string"`, `"uuid"`, `"date-time"`, `"bool"`, `"int"`, `"any"` | a value of that type; with `?` at the end also null |
//! | `"@Name"`, `"@Name?"` | the file's schema of that name |
//! | `["string"]` | a list of such values |
//! | `{"enum": [...]}` | one of these texts; with `"nullable": true` also null |
//! | `{"open": [...]}` | these texts are known, others may come |
//! | `{"map": "string"}` | an object with any names |
//! | `{"anyOf": [...]}` | one of these |
//! | `{"fields": {...}, "required": [...]}` | an object with these fields and no others |

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// What a value looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schema {
    /// A text.
    Text,
    /// A GUID in its usual form.
    Uuid,
    /// An RFC 3339 instant.
    DateTime,
    /// true or false.
    Bool,
    /// A whole number.
    Int,
    /// Anything.
    Any,
    /// One of these texts.
    Enum(Vec<String>),
    /// A text; these are the known ones.
    Open(Vec<String>),
    /// A list.
    List(Box<Schema>),
    /// An object with any field names.
    Map(Box<Schema>),
    /// An object with these fields and no others.
    Object {
        /// The fields.
        fields: BTreeMap<String, Schema>,
        /// Those that must be there.
        required: Vec<String>,
    },
    /// One of several.
    AnyOf(Vec<Schema>),
    /// The value, or null.
    OrNull(Box<Schema>),
    /// A schema of the same file, by name.
    Named(String),
}

impl Schema {
    /// What a reader of a violation should see.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Text => "a text".to_owned(),
            Self::Uuid => "a GUID".to_owned(),
            Self::DateTime => "an RFC 3339 instant".to_owned(),
            Self::Bool => "true or false".to_owned(),
            Self::Int => "a whole number".to_owned(),
            Self::Any => "any value".to_owned(),
            Self::Enum(values) => format!("one of {}", values.join(", ")),
            Self::Open(values) => format!("a text such as {}", values.join(", ")),
            Self::List(_) => "a list".to_owned(),
            Self::Map(_) | Self::Object { .. } => "an object".to_owned(),
            Self::AnyOf(several) => several.iter().map(Self::describe).collect::<Vec<_>>().join(" or "),
            Self::OrNull(inner) => format!("{} or null", inner.describe()),
            Self::Named(name) => format!("a {name}"),
        }
    }

    /// Checks a value; calls `report` with the JSON pointer and what was expected for each thing that does not fit.
    pub(crate) fn check(
        &self,
        named: &BTreeMap<String, Schema>,
        place: &str,
        value: &Value,
        report: &mut dyn FnMut(String, String),
    ) {
        let fits = match self {
            Self::Text | Self::Open(_) => value.is_string(),
            Self::Uuid => value.as_str().is_some_and(is_uuid),
            Self::DateTime => value.as_str().is_some_and(|text| text.parse::<jiff::Timestamp>().is_ok()),
            Self::Bool => value.is_boolean(),
            Self::Int => value.is_i64() || value.is_u64(),
            Self::Any => true,
            Self::Enum(values) => value.as_str().is_some_and(|text| values.iter().any(|it| it == text)),
            Self::List(inner) => match value.as_array() {
                Some(items) => {
                    for (index, item) in items.iter().enumerate() {
                        inner.check(named, &format!("{place}/{index}"), item, report);
                    }
                    true
                }
                None => false,
            },
            Self::Map(inner) => match value.as_object() {
                Some(entries) => {
                    for (name, item) in entries {
                        inner.check(named, &pointer(place, name), item, report);
                    }
                    true
                }
                None => false,
            },
            Self::Object { fields, required } => match value.as_object() {
                Some(entries) => {
                    for name in required.iter().filter(|name| !entries.contains_key(*name)) {
                        report(pointer(place, name), "this field, which is required".to_owned());
                    }
                    for (name, item) in entries {
                        match fields.get(name) {
                            Some(field) => field.check(named, &pointer(place, name), item, report),
                            None => report(pointer(place, name), "no such field".to_owned()),
                        }
                    }
                    true
                }
                None => false,
            },
            Self::AnyOf(several) => several.iter().any(|schema| schema.fits(named, value)),
            Self::OrNull(inner) => {
                if !value.is_null() {
                    inner.check(named, place, value, report);
                }
                true
            }
            Self::Named(name) => match named.get(name) {
                Some(schema) => {
                    schema.check(named, place, value, report);
                    true
                }
                None => false,
            },
        };
        if !fits {
            report(place.to_owned(), format!("{}, not {}", self.describe(), kind(value)));
        }
    }

    fn fits(&self, named: &BTreeMap<String, Schema>, value: &Value) -> bool {
        let mut fits = true;
        self.check(named, "", value, &mut |_, _| fits = false);
        fits
    }
}

/// Whether the text is a GUID in its usual form of 36 characters.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn pointer(place: &str, name: &str) -> String {
    format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// Says what a value is without saying its content, which may be a secret.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "this text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

impl TryFrom<Value> for Schema {
    type Error = String;

    fn try_from(written: Value) -> Result<Self, String> {
        read(&written)
    }
}

impl<'de> Deserialize<'de> for Schema {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(&Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

fn read(written: &Value) -> Result<Schema, String> {
    match written {
        Value::String(text) => {
            if let Some(text) = text.strip_suffix('?') {
                return Ok(Schema::OrNull(Box::new(read(&Value::String(text.to_owned()))?)));
            }
            match text.as_str() {
                "string" => Ok(Schema::Text),
                "uuid" => Ok(Schema::Uuid),
                "date-time" => Ok(Schema::DateTime),
                "bool" => Ok(Schema::Bool),
                "int" => Ok(Schema::Int),
                "any" => Ok(Schema::Any),
                other => other
                    .strip_prefix('@')
                    .map(|name| Schema::Named(name.to_owned()))
                    .ok_or_else(|| format!("{other} is no schema")),
            }
        }
        Value::Array(items) => match items.as_slice() {
            [item] => Ok(Schema::List(Box::new(read(item)?))),
            _ => Err("a list schema has one element".to_owned()),
        },
        Value::Object(entries) => {
            let schema = if let Some(values) = entries.get("enum") {
                Schema::Enum(texts(values)?)
            } else if let Some(values) = entries.get("open") {
                Schema::Open(texts(values)?)
            } else if let Some(inner) = entries.get("map") {
                Schema::Map(Box::new(read(inner)?))
            } else if let Some(Value::Array(several)) = entries.get("anyOf") {
                Schema::AnyOf(several.iter().map(read).collect::<Result<_, _>>()?)
            } else if let Some(Value::Object(fields)) = entries.get("fields") {
                Schema::Object {
                    fields: fields
                        .iter()
                        .map(|(name, field)| Ok((name.clone(), read(field)?)))
                        .collect::<Result<_, String>>()?,
                    required: entries.get("required").map_or(Ok(Vec::new()), texts)?,
                }
            } else {
                return Err(format!("{written} is no schema"));
            };
            let nullable = entries.get("nullable") == Some(&Value::Bool(true));
            Ok(if nullable { Schema::OrNull(Box::new(schema)) } else { schema })
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Err(format!("{written} is no schema")),
    }
}

fn texts(value: &Value) -> Result<Vec<String>, String> {
    Vec::<String>::deserialize(value).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn problems(schema: Value, value: Value) -> Vec<String> {
        let mut found = Vec::new();
        let schema = Schema::try_from(schema).unwrap();
        schema.check(&BTreeMap::new(), "", &value, &mut |place, expected| found.push(format!("{place}: {expected}")));
        found
    }

    #[test]
    fn an_unknown_field_and_a_missing_one_are_both_found() {
        let schema = json!({"fields": {"a": "string", "b": "int"}, "required": ["a"]});
        let found = problems(schema, json!({"b": "1", "c": 1}));
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found.iter().any(|it| it.starts_with("/a: this field")));
        assert!(found.iter().any(|it| it.starts_with("/b: a whole number")));
        assert!(found.iter().any(|it| it.starts_with("/c: no such field")));
    }

    #[test]
    fn an_open_enum_takes_other_texts_and_a_closed_one_does_not() {
        assert!(problems(json!({"open": ["Initialized"]}), json!("Initiated")).is_empty());
        assert_eq!(problems(json!({"enum": ["Initialized"]}), json!("Initiated")).len(), 1);
    }

    #[test]
    fn formats_are_checked() {
        assert!(problems(json!("date-time"), json!("2024-07-18T17:57:40.0278346Z")).is_empty());
        assert_eq!(problems(json!("date-time"), json!("yesterday")).len(), 1);
        assert_eq!(problems(json!("uuid"), json!("default")).len(), 1);
        assert!(problems(json!("uuid?"), Value::Null).is_empty());
    }
}
