//! Finding a directory: does it exist in this cloud, and what is its id.

use onboarding::TenantId;
use serde::Deserialize;
use url::Url;

use super::{Entra, EntraErrorKind};
use crate::errors::{Error, ErrorKind};
use crate::http::Call;

/// A directory as it publishes itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryInfo {
    /// Its tenant id.
    pub tenant: TenantId,
    /// Who its id tokens say issued them.
    pub issuer: String,
    /// Where its signing keys are.
    pub(crate) keys: String,
    /// Where in the world Microsoft says it is, such as `NA`, `EU` or `USGov`.
    pub region: Option<String>,
}

impl Entra {
    /// The directory of a tenant id or of a verified domain. `None`: there is none of that name in this cloud.
    ///
    /// `GET {login}/{tenant}/v2.0/.well-known/openid-configuration`, without a token. 200 with the metadata; 400
    /// `invalid_tenant` (90002) for an unknown one. A tenant of another cloud is told by addresses that leave this cloud's
    /// login host: [`EntraErrorKind::WrongCloud`]. Safe to repeat.
    /// See <https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc>.
    ///
    /// # Errors
    /// [`EntraErrorKind::WrongCloud`], or no usable answer.
    pub async fn directory(&self, name: &str) -> Result<Option<DirectoryInfo>, Error> {
        let name = name.trim();
        if !is_name(name) {
            return Ok(None);
        }
        let address = self.endpoints.login().at([name, "v2.0", ".well-known", "openid-configuration"]);
        match self.api.read::<Metadata>(&Call::get(DISCOVER, address)).await {
            Ok(metadata) => self.info(metadata).map(Some),
            Err(error) => {
                let unknown = error.kind() == ErrorKind::Entra(EntraErrorKind::TenantNotFound);
                // 404 is for a name that Entra won't even look up.
                if unknown || error.status() == Some(404) { Ok(None) } else { Err(error) }
            }
        }
    }

    /// The tenant of a verified domain, or of the domain of an e-mail address. `None`: no tenant of this cloud has it.
    ///
    /// The call is that of [`Entra::directory`].
    /// See <https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc>.
    ///
    /// # Errors
    /// As there.
    pub async fn tenant_of_domain(&self, domain_or_address: &str) -> Result<Option<TenantId>, Error> {
        let domain = domain_or_address.rsplit('@').next().unwrap_or_default();
        if !domain.contains('.') {
            return Ok(None);
        }
        Ok(self.directory(domain).await?.map(|directory| directory.tenant))
    }

    fn info(&self, metadata: Metadata) -> Result<DirectoryInfo, Error> {
        let inside = |address: &str| Url::parse(address).is_ok_and(|address| self.endpoints.login().admits(&address));
        // Public Entra also describes US Government tenants, with that cloud's addresses.
        if ![&metadata.issuer, &metadata.token_endpoint, &metadata.jwks_uri].into_iter().all(|it| inside(it)) {
            return Err(Error::new(ErrorKind::Entra(EntraErrorKind::WrongCloud), DISCOVER));
        }
        let tenant =
            metadata.issuer.split('/').find_map(|segment| TenantId::parse(segment).ok()).ok_or_else(|| {
                Error::new(ErrorKind::Unexpected, DISCOVER).with_message("the issuer names no tenant")
            })?;
        Ok(DirectoryInfo {
            tenant,
            issuer: metadata.issuer,
            keys: metadata.jwks_uri,
            region: metadata.tenant_region_scope,
        })
    }
}

const DISCOVER: &str = "entra.discover";

#[derive(Debug, Deserialize)]
struct Metadata {
    issuer: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    tenant_region_scope: Option<String>,
}

/// A GUID or a domain name; anything else can't be a directory's and isn't asked for.
fn is_name(name: &str) -> bool {
    let labels = |name: &str| {
        name.split('.').all(|label| {
            (1..=63).contains(&label.len()) && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        })
    };
    TenantId::parse(name).is_ok() || (name.contains('.') && name.len() <= 253 && labels(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tenant_ids_and_domain_names_are_looked_up() {
        for good in ["contoso.com", "contoso.onmicrosoft.com", "111a82eb-4c7b-48bb-962b-49363c510130"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "common", "organizations", "contoso", "a..b", "contoso.com/x", "x y.com", ".com", "münchen.de"]
        {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
