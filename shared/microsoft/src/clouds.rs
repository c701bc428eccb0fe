//! Where each Microsoft cloud's APIs are, as one table.
//!
//! Hosts come from here and from nowhere else: no address from a person or from an answer is followed off it
//! (see [`ApiBase::admits`]). With a [`LoopbackBase`] every row is laid out below that address instead, so that the
//! simulated cloud stands in for all of them; the audiences and scopes stay Microsoft's.
//!
//! Sources: <https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud>,
//! <https://learn.microsoft.com/graph/deployments>, the Azure CLI's cloud table, and
//! <https://learn.microsoft.com/partner-center/developer/partner-center-rest-urls>.

use std::fmt;
use std::net::IpAddr;

use onboarding::Cloud;
use url::{Host, Url};

/// The tenant id that stands for all personal Microsoft accounts.
/// See <https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference>.
pub const PERSONAL_ACCOUNTS_TENANT: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// The table of clouds, as one installation may use it.
#[derive(Debug, Clone)]
pub struct Clouds {
    simulated: Option<LoopbackBase>,
    allow_retired: bool,
}

/// The address of a simulated cloud: a loopback address, the only kind to which plain http is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoopbackBase(Url);

/// An address that is not a loopback address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the simulated cloud's address must be http or https on a loopback IP address, such as http://127.0.0.1:4000")]
pub struct NotLoopback;

/// A cloud that no longer exists.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} was closed on {closed_on}", cloud.display_name())]
pub struct RetiredCloud {
    /// The cloud asked for.
    pub cloud: Cloud,
    /// The day it closed, as Microsoft gives it.
    pub closed_on: &'static str,
}

/// Everything the client knows about one cloud.
#[derive(Debug, Clone)]
pub struct Endpoints {
    cloud: Cloud,
    login: ApiBase,
    arm: ApiBase,
    graph: ApiBase,
    partner_center: ApiBase,
    row: &'static Row,
}

/// The address below which one API lives: scheme, host, port and path prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiBase(String);

impl Clouds {
    /// The table as it stands, or laid out below `simulated`. Retired clouds are refused unless `allow_retired`
    /// says otherwise or the cloud is simulated.
    #[must_use]
    pub fn new(simulated: Option<LoopbackBase>, allow_retired: bool) -> Self {
        Self { simulated, allow_retired }
    }

    /// Whether the simulated cloud stands in for Microsoft's.
    #[must_use]
    pub fn is_simulated(&self) -> bool {
        self.simulated.is_some()
    }

    /// The row of one cloud.
    ///
    /// # Errors
    /// The cloud is closed, and neither simulated nor allowed.
    pub fn endpoints(&self, cloud: Cloud) -> Result<Endpoints, RetiredCloud> {
        let row = Row::of(cloud);
        if let Some(closed_on) = row.closed_on
            && !self.is_simulated()
            && !self.allow_retired
        {
            return Err(RetiredCloud { cloud, closed_on });
        }
        Ok(Endpoints {
            cloud,
            login: self.base(cloud, "login", row.login),
            arm: self.base(cloud, "arm", row.arm),
            graph: self.base(cloud, "graph/v1.0", row.graph),
            partner_center: self.base(cloud, "partner-center", row.partner_center),
            row,
        })
    }

    fn base(&self, cloud: Cloud, place: &str, microsoft: &'static str) -> ApiBase {
        match &self.simulated {
            Some(base) => ApiBase(format!("{base}/{cloud}/{place}")),
            None => ApiBase(microsoft.to_owned()),
        }
    }
}

impl LoopbackBase {
    /// Reads the address. A host name is refused, `localhost` too: what it resolves to isn't ours to know.
    ///
    /// # Errors
    /// Anything but http or https on a loopback IP address, without user, query or fragment.
    pub fn parse(text: &str) -> Result<Self, NotLoopback> {
        let url = Url::parse(text).map_err(|_| NotLoopback)?;
        let loopback = match url.host() {
            Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
            Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
            Some(Host::Domain(_)) | None => false,
        };
        let bare =
            url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
        if loopback && bare && matches!(url.scheme(), "http" | "https") { Ok(Self(url)) } else { Err(NotLoopback) }
    }
}

impl fmt::Display for LoopbackBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl Endpoints {
    /// Which cloud this is.
    #[must_use]
    pub fn cloud(&self) -> Cloud {
        self.cloud
    }

    /// Microsoft Entra's login host.
    #[must_use]
    pub fn login(&self) -> &ApiBase {
        &self.login
    }

    /// Azure Resource Manager.
    #[must_use]
    pub fn arm(&self) -> &ApiBase {
        &self.arm
    }

    /// Microsoft Graph v1.0.
    #[must_use]
    pub fn graph(&self) -> &ApiBase {
        &self.graph
    }

    /// The Partner Center API.
    #[must_use]
    pub fn partner_center(&self) -> &ApiBase {
        &self.partner_center
    }

    /// The delegated scope for Azure Resource Manager.
    #[must_use]
    pub fn arm_scope(&self) -> &'static str {
        self.row.arm_scope
    }

    /// Microsoft Graph as a resource: a permission's full scope is this, a slash and its name.
    #[must_use]
    pub fn graph_resource(&self) -> &'static str {
        self.row.graph_resource
    }

    /// The delegated scope for Partner Center. Verified for the public cloud only: for the others Microsoft documents
    /// the address but not the audience.
    #[must_use]
    pub fn partner_center_scope(&self) -> &'static str {
        self.row.partner_center_scope
    }

    /// The Azure portal, for links people open.
    #[must_use]
    pub fn portal(&self) -> &'static str {
        self.row.portal
    }

    /// Whether personal Microsoft accounts exist here.
    #[must_use]
    pub fn has_personal_accounts(&self) -> bool {
        self.row.personal_accounts
    }

    /// Whether this cloud's Partner Center knows Azure subscriptions at all. China's says of itself that
    /// "subscriptions to Azure aren't available", so there is nothing there to associate one with.
    #[must_use]
    pub fn partner_center_has_azure(&self) -> bool {
        self.row.partner_center_has_azure
    }
}

impl ApiBase {
    /// Whether `url` is inside this API: same scheme, host and port, below the same path, and without a user name.
    /// A token is sent nowhere else.
    #[must_use]
    pub fn admits(&self, url: &Url) -> bool {
        let Ok(base) = Url::parse(&self.0) else {
            return false;
        };
        let below = url
            .path()
            .strip_prefix(base.path().trim_end_matches('/'))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        url.scheme() == base.scheme()
            && url.host() == base.host()
            && url.port_or_known_default() == base.port_or_known_default()
            && url.username().is_empty()
            && url.password().is_none()
            && below
    }

    /// The address of `segments` below this API, each percent-encoded, so that no value can leave its place in the path.
    pub(crate) fn at<'a>(&self, segments: impl IntoIterator<Item = &'a str>) -> String {
        let mut address = self.0.clone();
        for segment in segments {
            address.push('/');
            // Dots would be resolved away by the URL parser, encoded ones too.
            match segment {
                "." | ".." => address.push('-'),
                other => address.extend(percent_encoding::utf8_percent_encode(other, COMPONENT)),
            }
        }
        address
    }
}

/// `address` with a query. Values are percent-encoded throughout: a plus sign would mean a space to some of
/// Microsoft's front ends and a plus to others.
pub(crate) fn with_query(address: &str, query: &[(&str, &str)]) -> String {
    let mut text = address.to_owned();
    for (place, (name, value)) in query.iter().enumerate() {
        text.push(if place == 0 { '?' } else { '&' });
        text.push_str(name);
        text.push('=');
        text.extend(percent_encoding::utf8_percent_encode(value, COMPONENT));
    }
    text
}

impl fmt::Display for ApiBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a path segment or a query value may hold unencoded: RFC 3986's unreserved characters.
const COMPONENT: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One cloud as Microsoft publishes it. An API's address is its origin and its path prefix.
#[derive(Debug)]
struct Row {
    login: &'static str,
    arm: &'static str,
    graph: &'static str,
    partner_center: &'static str,
    arm_scope: &'static str,
    graph_resource: &'static str,
    partner_center_scope: &'static str,
    portal: &'static str,
    personal_accounts: bool,
    partner_center_has_azure: bool,
    closed_on: Option<&'static str>,
}

impl Row {
    fn of(cloud: Cloud) -> &'static Self {
        match cloud {
            Cloud::Public => &PUBLIC,
            Cloud::UsGovernment => &US_GOVERNMENT,
            Cloud::UsGovernmentDod => &US_GOVERNMENT_DOD,
            Cloud::China => &CHINA,
            Cloud::Germany => &GERMANY,
        }
    }
}

static PUBLIC: Row = Row {
    login: "https://login.microsoftonline.com",
    arm: "https://management.azure.com",
    graph: "https://graph.microsoft.com/v1.0",
    partner_center: "https://api.partnercenter.microsoft.com",
    arm_scope: "https://management.azure.com/user_impersonation",
    graph_resource: "https://graph.microsoft.com",
    partner_center_scope: "https://api.partnercenter.microsoft.com/user_impersonation",
    portal: "https://portal.azure.com",
    personal_accounts: true,
    partner_center_has_azure: true,
    closed_on: None,
};

// In the other clouds the documented audience is the older name with its trailing slash, and a scope is the audience,
// a slash and the permission: the double slash is meant.
static US_GOVERNMENT: Row = Row {
    login: "https://login.microsoftonline.us",
    arm: "https://management.usgovcloudapi.net",
    graph: "https://graph.microsoft.us/v1.0",
    // "REST endpoints are the same as for Partner Center", Microsoft says of this cloud.
    partner_center: "https://api.partnercenter.microsoft.com",
    arm_scope: "https://management.core.usgovcloudapi.net//user_impersonation",
    graph_resource: "https://graph.microsoft.us",
    partner_center_scope: "https://api.partnercenter.microsoft.com/user_impersonation",
    portal: "https://portal.azure.us",
    personal_accounts: false,
    partner_center_has_azure: true,
    closed_on: None,
};

static US_GOVERNMENT_DOD: Row = Row {
    graph: "https://dod-graph.microsoft.us/v1.0",
    graph_resource: "https://dod-graph.microsoft.us",
    ..US_GOVERNMENT
};

static CHINA: Row = Row {
    login: "https://login.partner.microsoftonline.cn",
    arm: "https://management.chinacloudapi.cn",
    graph: "https://microsoftgraph.chinacloudapi.cn/v1.0",
    partner_center: "https://partner.partnercenterapi.microsoftonline.cn",
    arm_scope: "https://management.core.chinacloudapi.cn//user_impersonation",
    graph_resource: "https://microsoftgraph.chinacloudapi.cn",
    partner_center_scope: "https://partner.partnercenterapi.microsoftonline.cn/user_impersonation",
    portal: "https://portal.azure.cn",
    personal_accounts: false,
    partner_center_has_azure: false,
    closed_on: None,
};

static GERMANY: Row = Row {
    login: "https://login.microsoftonline.de",
    arm: "https://management.microsoftazure.de",
    graph: "https://graph.microsoft.de/v1.0",
    partner_center: "https://api.partnercenter.microsoft.com",
    arm_scope: "https://management.core.cloudapi.de//user_impersonation",
    graph_resource: "https://graph.microsoft.de",
    partner_center_scope: "https://api.partnercenter.microsoft.com/user_impersonation",
    portal: "https://portal.microsoftazure.de",
    personal_accounts: false,
    partner_center_has_azure: true,
    closed_on: Some("2021-10-29"),
};

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn every_row_is_https_and_admits_its_own_addresses() {
        let clouds = Clouds::new(None, true);
        for cloud in Cloud::ALL {
            let row = clouds.endpoints(cloud).unwrap();
            for base in [row.login(), row.arm(), row.graph(), row.partner_center()] {
                let inside = url(&base.at(["a", "b"]));
                assert_eq!(inside.scheme(), "https", "{cloud} {base}");
                assert!(base.admits(&inside), "{cloud} {base}");
            }
        }
    }

    #[test]
    fn the_german_cloud_is_refused_unless_simulated_or_allowed() {
        let refused = Clouds::new(None, false).endpoints(Cloud::Germany).unwrap_err();
        assert_eq!(refused.closed_on, "2021-10-29");
        assert!(refused.to_string().contains("2021-10-29"));
        let simulated = LoopbackBase::parse("http://127.0.0.1:4000").unwrap();
        assert!(Clouds::new(Some(simulated), false).endpoints(Cloud::Germany).is_ok());
        assert!(Clouds::new(None, true).endpoints(Cloud::Germany).is_ok());
    }

    #[test]
    fn a_simulated_cloud_lies_below_one_loopback_address() {
        let base = LoopbackBase::parse("http://127.0.0.1:4000/").unwrap();
        let row = Clouds::new(Some(base), false).endpoints(Cloud::UsGovernment).unwrap();
        assert_eq!(row.login().to_string(), "http://127.0.0.1:4000/us-government/login");
        assert_eq!(row.graph().to_string(), "http://127.0.0.1:4000/us-government/graph/v1.0");
        assert_eq!(row.partner_center().to_string(), "http://127.0.0.1:4000/us-government/partner-center");
        assert_eq!(row.graph_resource(), "https://graph.microsoft.us");
    }

    #[test]
    fn only_loopback_addresses_may_stand_in_for_microsoft() {
        for good in ["http://127.0.0.1:1", "https://127.8.9.1", "http://[::1]:9/sim"] {
            assert!(LoopbackBase::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "127.0.0.1:4000",
            "http://localhost:4000",
            "http://169.254.169.254",
            "http://contoso.com",
            "http://10.0.0.1",
            "http://127.0.0.1.contoso.com",
            "http://user@127.0.0.1",
            "ftp://127.0.0.1",
            "http://127.0.0.1/?x=1",
        ] {
            assert_eq!(LoopbackBase::parse(bad), Err(NotLoopback), "{bad}");
        }
    }

    #[test]
    fn an_api_admits_nothing_outside_itself() {
        let row = Clouds::new(None, false).endpoints(Cloud::Public).unwrap();
        for outside in [
            "http://graph.microsoft.com/v1.0/me",
            "https://graph.microsoft.com/beta/me",
            "https://graph.microsoft.com/v1.0x/me",
            "https://graph.microsoft.com/v1.0/../beta/me",
            "https://graph.microsoft.com/v1.0/%2e%2e/beta/me",
            "https://graph.microsoft.com:8443/v1.0/me",
            "https://graph.microsoft.com@contoso.com/v1.0/me",
            "https://user@graph.microsoft.com/v1.0/me",
            "https://graph.microsoft.com.contoso.com/v1.0/me",
            "https://169.254.169.254/v1.0/me",
        ] {
            assert!(!row.graph().admits(&url(outside)), "{outside}");
        }
        assert!(row.graph().admits(&url("https://graph.microsoft.com/v1.0/users?$skiptoken=x")));
        assert!(row.graph().admits(&url("https://GRAPH.microsoft.com:443/v1.0/users")));
    }

    #[test]
    fn no_value_can_leave_its_place_in_a_path_or_a_query() {
        let row = Clouds::new(None, false).endpoints(Cloud::Public).unwrap();
        let address = row.arm().at(["subscriptions", "../x?y#z/%2e", ".."]);
        assert_eq!(url(&address).path(), "/subscriptions/..%2Fx%3Fy%23z%2F%252e/-");
        let address = with_query(&address, &[("$filter", "mail eq 'a+b&c@contoso.com'")]);
        assert!(address.ends_with("?$filter=mail%20eq%20%27a%2Bb%26c%40contoso.com%27"));
    }
}
