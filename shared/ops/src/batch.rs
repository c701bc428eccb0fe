//! Batches that Lambda reads for a function: changes of the table's stream, and which of a batch must come again.

use serde::{Deserialize, Serialize};

/// A batch of the table's stream. Only keys are read: the table itself says what is true.
/// See <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>.
#[derive(Debug, Clone, Deserialize)]
pub struct Changes {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Debug, Clone, Deserialize)]
struct Record {
    dynamodb: Change,
}

/// One change of the table.
#[derive(Debug, Clone, Deserialize)]
pub struct Change {
    #[serde(rename = "Keys")]
    keys: Keys,
    #[serde(rename = "SequenceNumber")]
    sequence_number: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Keys {
    pk: Text,
    sk: Text,
}

#[derive(Debug, Clone, Deserialize)]
struct Text {
    #[serde(rename = "S")]
    value: String,
}

impl Changes {
    /// The changes, in the order in which they were made.
    pub fn in_order(self) -> impl Iterator<Item = Change> {
        self.records.into_iter().map(|record| record.dynamodb)
    }
}

impl Change {
    /// The item's partition and sort key.
    #[must_use]
    pub fn keys(&self) -> (&str, &str) {
        (&self.keys.pk.value, &self.keys.sk.value)
    }

    /// Its place in the stream.
    #[must_use]
    pub fn sequence_number(&self) -> &str {
        &self.sequence_number
    }
}

/// What of a batch must be delivered again: of a stream the first that failed, from which it goes on; of a queue each that failed.
/// See <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html> and
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Again {
    batch_item_failures: Vec<Failure>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

impl Again {
    /// This one too: a sequence number, or a message's id.
    pub fn deliver(&mut self, id: impl Into<String>) {
        self.batch_item_failures.push(Failure { item_identifier: id.into() });
    }

    /// The stream from this one on.
    #[must_use]
    pub fn from_here(sequence_number: impl Into<String>) -> Self {
        let mut again = Self::default();
        again.deliver(sequence_number);
        again
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_batch_is_read_and_answered_in_lambda_s_words() {
        let key = |text: &str| json!({"S": text});
        let record = |number: &str| {
            json!({"eventName": "INSERT", "dynamodb": {
                "Keys": {"pk": key("ONB#1"), "sk": key("AUD#1")}, "SequenceNumber": number, "NewImage": {},
            }})
        };
        let changes: Changes = serde_json::from_value(json!({"Records": [record("1"), record("2")]})).unwrap();
        let read: Vec<Change> = changes.in_order().collect();
        assert_eq!((read[0].keys(), read[1].sequence_number()), (("ONB#1", "AUD#1"), "2"));
        let again = serde_json::to_value(Again::from_here("2")).unwrap();
        assert_eq!(again, json!({"batchItemFailures": [{"itemIdentifier": "2"}]}));
        assert_eq!(serde_json::to_value(Again::default()).unwrap(), json!({"batchItemFailures": []}));
    }
}
