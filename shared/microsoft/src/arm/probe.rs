//! What Azure tells without a token.

use onboarding::{SubscriptionId, TenantId};

use crate::claims;
use crate::clouds::with_query;
use crate::errors::{Error, ErrorKind};
use crate::http::{Api, Call};

/// Azure Resource Manager without a token.
#[derive(Debug, Clone)]
pub struct ArmProbe {
    api: Api,
}

impl ArmProbe {
    pub(crate) fn new(api: Api) -> Self {
        Self { api }
    }

    /// The tenant a subscription trusts, from its id alone. `None`: no such subscription in this cloud.
    ///
    /// `GET {arm}/subscriptions/{id}?api-version=2016-06-01` without a token. 401 whose `WWW-Authenticate` names the
    /// tenant's sign-in address, 404 `SubscriptionNotFound`. Behaviour, not contract: Microsoft's own tools rely on it since
    /// 2016, but take it as a hint to be confirmed by a call with a token.
    /// See <https://learn.microsoft.com/rest/api/resources/subscriptions/get>.
    ///
    /// # Errors
    /// [`ErrorKind::Unexpected`] for an answer that names no tenant; or no usable answer.
    pub async fn tenant_of_subscription(&self, subscription: &SubscriptionId) -> Result<Option<TenantId>, Error> {
        let address = self.api.base.at(["subscriptions", subscription.as_str()]);
        let call = Call::get(PROBE, with_query(&address, &[("api-version", "2016-06-01")]));
        let answer = self.api.exchange(&call).await?;
        match answer.status.as_u16() {
            401 => {}
            404 => return Ok(None),
            _ => return Err(answer.refusal(&call)),
        }
        let challenge = claims::bearer_challenge(&answer.headers).unwrap_or_default();
        // Any login host may stand there; the tenant is the address's last part that is one.
        claims::parameter(&challenge, "authorization_uri")
            .or_else(|| claims::parameter(&challenge, "authorization"))
            .and_then(|address| address.rsplit('/').find_map(|part| TenantId::parse(part).ok()))
            .map(Some)
            .ok_or_else(|| {
                Error::new(ErrorKind::Unexpected, PROBE).with_status(401).with_message("the challenge names no tenant")
            })
    }
}

const PROBE: &str = "arm.probe";
