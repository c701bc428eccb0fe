//! The Microsoft clouds. Where each one's endpoints are is the API client's knowledge, not the domain's.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A Microsoft cloud. Tokens and subscriptions never cross from one to another.
/// See <https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Cloud {
    /// Azure's public cloud, which also serves GCC customers.
    #[default]
    Public,
    /// US Government, level 4 (GCC High).
    UsGovernment,
    /// US Government, level 5 (DoD): the same cloud with a Graph host of its own.
    UsGovernmentDod,
    /// China, operated by 21Vianet.
    China,
    /// Germany: closed on 2021-10-29.
    Germany,
}

impl Cloud {
    /// Every cloud.
    pub const ALL: [Self; 5] = [Self::Public, Self::UsGovernment, Self::UsGovernmentDod, Self::China, Self::Germany];

    /// The name used in requests, tables and the app credential.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::UsGovernment => "us-government",
            Self::UsGovernmentDod => "us-government-dod",
            Self::China => "china",
            Self::Germany => "germany",
        }
    }

    /// Reads the name; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cloud| cloud.as_str() == text)
    }

    /// The name people know.
    #[must_use]
    pub fn display_name(self) -> &'static str {
        match self {
            Self::Public => "Azure public cloud",
            Self::UsGovernment => "Azure US Government",
            Self::UsGovernmentDod => "Azure US Government (DoD)",
            Self::China => "Azure China (21Vianet)",
            Self::Germany => "Azure Germany (closed in 2021)",
        }
    }
}

impl fmt::Display for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
