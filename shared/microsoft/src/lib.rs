//! Typed client for the four Microsoft APIs that a change of directory needs: Entra ID, Azure Resource Manager, Graph
//! and Partner Center.
//!
//! Goals that pull against each other, and what was decided:
//!
//! * *A lost answer must not lose the work, and nothing irreversible may happen twice.* Reads and writes that say the same thing
//!   twice are repeated here. Requesting and accepting a move, inviting, and redeeming a code are not: they end in
//!   [`ErrorKind::UnknownOutcome`], and the caller reads back.
//! * *Microsoft's answers are followed, and trusted with nothing.* Hosts come from the table in [`clouds`]; a next page elsewhere
//!   is refused before a token is sent; redirects are not followed; answers have a size limit.
//! * *Errors must be diagnosable, and logs must not name people.* See [`errors`].
//! * *Microsoft is unsure of its own contract in places* (words for a state, 404 or empty, two shapes of one answer, which
//!   api-version is live): both readings are understood, and what is not understood is never taken for a success.
//!
//! [`Microsoft`] is built once, in a function's `main`; a [`CloudClient`] is made per invocation with its deadline; the APIs are
//! made per token. A token's type names its API, so that it cannot go to another.

pub mod arm;
pub mod claims;
pub mod clouds;
pub mod entra;
pub mod errors;
pub mod graph;
mod http;
mod paging;
pub mod partner_center;
pub mod token;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use onboarding::Cloud;
use tokio::time::Instant;

use crate::arm::{Arm, ArmProbe, ServedVersion};
use crate::clouds::{ApiBase, Clouds, Endpoints, RetiredCloud};
use crate::entra::{Entra, KeyCache};
use crate::errors::Dialect;
use crate::graph::Graph;
use crate::http::{Api, Http};
use crate::partner_center::PartnerCenter;

pub use crate::errors::{Error, ErrorKind};
pub use crate::http::{HttpSettings, HttpSetupError};
pub use crate::paging::Page;
pub use crate::token::{AccessToken, RefreshToken};

/// All of Microsoft's clouds, behind one connection pool.
#[derive(Debug)]
pub struct Microsoft {
    clouds: Clouds,
    http: Arc<Http>,
    learnt: Mutex<HashMap<Cloud, Learnt>>,
}

/// One cloud, for the time of one piece of work.
#[derive(Debug, Clone)]
pub struct CloudClient {
    endpoints: Endpoints,
    http: Arc<Http>,
    learnt: Learnt,
    deadline: Option<Instant>,
}

impl Microsoft {
    /// Builds the client. No network is touched. Only https is spoken, unless the cloud is simulated.
    ///
    /// # Errors
    /// The TLS stack has no root certificates, for instance.
    pub fn new(clouds: Clouds, settings: HttpSettings) -> Result<Self, HttpSetupError> {
        let http = Http::new(settings, clouds.is_simulated())?;
        Ok(Self { clouds, http: Arc::new(http), learnt: Mutex::default() })
    }

    /// One cloud's APIs. What was learnt of it before (keys, served versions) is kept.
    ///
    /// # Errors
    /// The cloud is closed; see [`Clouds::endpoints`].
    pub fn cloud(&self, cloud: Cloud) -> Result<CloudClient, RetiredCloud> {
        let endpoints = self.clouds.endpoints(cloud)?;
        let mut learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        let learnt = learnt.entry(cloud).or_default().clone();
        Ok(CloudClient { endpoints, http: Arc::clone(&self.http), learnt, deadline: None })
    }

    /// The table of clouds.
    #[must_use]
    pub fn clouds(&self) -> &Clouds {
        &self.clouds
    }
}

impl CloudClient {
    /// The same, with every call ended by `deadline`: the invocation's, less what the caller needs to record the outcome.
    #[must_use]
    pub fn until(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Where this cloud's APIs are.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Entra ID.
    #[must_use]
    pub fn entra(&self) -> Entra {
        let api = self.api(self.endpoints.login(), Dialect::Entra, None);
        Entra::new(api, self.endpoints.clone(), Arc::clone(&self.learnt.keys))
    }

    /// Azure Resource Manager without a token.
    #[must_use]
    pub fn arm_probe(&self) -> ArmProbe {
        ArmProbe::new(self.api(self.endpoints.arm(), Dialect::Arm, None))
    }

    /// Azure Resource Manager.
    #[must_use]
    pub fn arm(&self, token: &AccessToken<Arm>) -> Arm {
        let api = self.api(self.endpoints.arm(), Dialect::Arm, Some(token.secret()));
        Arm::new(api, Arc::clone(&self.learnt.version))
    }

    /// Microsoft Graph.
    #[must_use]
    pub fn graph(&self, token: &AccessToken<Graph>) -> Graph {
        Graph::new(self.api(self.endpoints.graph(), Dialect::Graph, Some(token.secret())))
    }

    /// Partner Center.
    #[must_use]
    pub fn partner_center(&self, token: &AccessToken<PartnerCenter>) -> PartnerCenter {
        let base = self.endpoints.partner_center();
        PartnerCenter::new(self.api(base, Dialect::PartnerCenter, Some(token.secret())))
    }

    fn api(&self, base: &ApiBase, dialect: Dialect, token: Option<&secrecy::SecretString>) -> Api {
        Api {
            http: Arc::clone(&self.http),
            base: base.clone(),
            dialect,
            token: token.cloned(),
            deadline: self.deadline,
        }
    }
}

/// What is worth knowing of a cloud from one invocation to the next.
#[derive(Debug, Clone, Default)]
struct Learnt {
    keys: Arc<KeyCache>,
    version: Arc<ServedVersion>,
}
