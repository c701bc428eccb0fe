//! A simulated Microsoft cloud on loopback, as strict as Microsoft and in its words: Entra ID, Microsoft Graph, Azure
//! Resource Manager and Partner Center, for five clouds, on one port.
//!
//! Two goals pull against each other: to be as near to Microsoft as tests need, and to stay small enough to trust.
//! So it knows the operations in the `contracts` crate and no others, refuses what Microsoft would refuse, and holds
//! every request and every answer of its own against those contracts. Where nobody outside Microsoft knows what
//! happens, a *knob* chooses between the readings; the default is the one closest to Microsoft's examples.
//!
//! # Run it
//! ```text
//! cargo run -p simulated-microsoft -- --help
//! cargo run -p simulated-microsoft -- --port 4010 --scenario my-scenario.json
//! cargo run -p simulated-microsoft -- --print-scenario > my-scenario.json
//! ```
//! In a test: [`SimulatedMicrosoft::start`] with [`Options::default`]; [`Handle::base_url`] says where.
//!
//! # Addresses
//! `http://127.0.0.1:PORT/{cloud}/{api}` with cloud = `public`, `us-government`, `us-government-dod`, `china`,
//! `germany` and api = `login`, `arm`, `graph` (paths begin with `/v1.0`), `partner-center` (paths begin with `/v1`).
//! Below that, paths are Microsoft's. Scopes and audiences are Microsoft's, too: a token for
//! `https://management.azure.com/user_impersonation` is used at `/public/arm`.
//!
//! # The sign-in pages
//! Plain forms, no script. Each is posted to its `action` with the hidden fields `ctx` and `step` and a button named
//! `answer`. In order, as far as they are needed:
//!
//! | `step` | heading | field | `answer` |
//! |---|---|---|---|
//! | `account` | Sign in | `loginfmt` | `next` |
//! | `password` | Enter password | `passwd` | `next`, `other` (another account) |
//! | `not-a-member` | Selected user account does not exist in tenant (AADSTS50020) | – | `other` |
//! | `mfa-setup` | More information required | – | `next` |
//! | `mfa` | Enter code | `otc` | `next`, `other` |
//! | `invitation` | Review permissions | – | `accept`, `cancel` |
//! | `approval` | Need admin approval (AADSTS90094) | – | `cancel`, `other` |
//! | `consent` | Permissions requested | – | `accept`, `cancel` |
//!
//! then 302 to the redirect address. A wrong answer shows the page again with `role="alert"`. There is no single
//! sign-on: every sign-in asks for everything. A second factor is asked for when the tenant wants it or the
//! application asks with the claim `acrs` = `p1`.
//!
//! # The default scenario
//! Everybody's password is `simulated`, the authenticator always shows `123456`. The application's client id is
//! `c11e0000-0000-4000-8000-00000000000N` with N = 1 public, 2 us-government, 3 us-government-dod, 4 china,
//! 5 germany; its secret is `simulated-client-secret-{cloud}`; it may return to `/callback` on 127.0.0.1 and localhost
//! with any port. Nobody has consented to anything yet. Lists have two rows a page.
//!
//! | tenant (public) | id | policy: leaving, entering |
//! |---|---|---|
//! | Default Directory, rosaoutlook.onmicrosoft.com | `a1000000-0000-4000-8000-000000000001` | allow, allow |
//! | Contoso Partner, contoso.com | `b2000000-0000-4000-8000-000000000002` | allow, allow |
//! | Fabrikam, fabrikam.com | `a3000000-0000-4000-8000-000000000003` | **block**, allow |
//! | Fabrikam Partner, partner.fabrikam.com | `b4000000-0000-4000-8000-000000000004` | allow, **block** |
//! | Contoso Retail, retail.contoso.com (no partner) | `c5000000-0000-4000-8000-000000000005` | allow, allow |
//! | Fabrikam Workshop, workshop.fabrikam.com | `a6000000-0000-4000-8000-000000000006` | never set: both block |
//!
//! | person (public) | object id | who |
//! |---|---|---|
//! | rosa@outlook.com | `0a000000-0000-4000-8000-000000000001` in Default Directory | personal account, its owner and Global Administrator |
//! | rosa.second@outlook.com | `0a…002` in Default Directory | personal account, guest there without any role: the wrong account |
//! | stranger@outlook.com | – | personal account that no tenant knows |
//! | reader@rosaoutlook.onmicrosoft.com | `0a…003` | Reader of Contoso Prod |
//! | conditional@rosaoutlook.onmicrosoft.com | `0a…004` | Owner of Contoso Prod under a condition |
//! | dev@contoso.com | `0b…003`, guest `0a…010` | member of the partner directory, guest of the other, Contributor of a resource group |
//! | nina@rosaoutlook.onmicrosoft.com | `0a…011`, guest `0b…004` | the other way round, with a condition |
//! | pia@rosaoutlook.onmicrosoft.com | `0a…012`, guest `0b…007` | invited to the partner directory and never accepted |
//! | group@rosaoutlook.onmicrosoft.com | `0a…007` | Owner of Contoso Prod through the group Operations (`0a…005`) |
//! | kim@contoso.com | `0b000000-0000-4000-8000-000000000001` in Contoso Partner | Global Administrator of the partner |
//! | alex@contoso.com | `0b…002` | in the partner's directory, without any role |
//! | lee@fabrikam.com | `0c…001` | owner in the tenant that nothing may leave |
//! | pat@partner.fabrikam.com | `0d…001` | administrator of the partner that nothing may enter |
//! | dana@retail.contoso.com | `0e…001` | administrator of a directory without Partner Center account |
//! | uma@workshop.fabrikam.com | `0f…001` | owner in the tenant without policy; no second factor set up yet |
//!
//! | subscription (public) | id | |
//! |---|---|---|
//! | Contoso Prod | `51000000-0000-4000-8000-000000000001` | rosa's, pay-as-you-go; ten role assignments (one from a management group), two custom roles, seven resources, a policy, a lock |
//! | Contoso Everything | `51000000-0000-4000-8000-000000000010` | rosa's; a resource of every row of Microsoft's table of what a move breaks |
//! | Contoso Empty | `51000000-0000-4000-8000-000000000011` | rosa's; nothing but her own role |
//! | Contoso CSP | `51…002` | rosa's; cannot move |
//! | Contoso Internal | `51…003` | rosa's; cannot move |
//! | Contoso Old | `51…004` | rosa's; disabled |
//! | Fabrikam Locked | `51…005` | lee's; its tenant blocks leaving |
//! | Contoso Lab | `51…006` | rosa's; a second one that can move |
//! | Contoso Starter | `51…007` | rosa's; a student offer, cannot move |
//! | Fabrikam Workshop | `51…008` | uma's; its tenant has no policy, which blocks |
//!
//! The basic pair again, with work accounts, because personal ones exist in the public cloud only:
//! `us-government` has rosa@fabrikamus.onmicrosoft.us, kim@contosous.onmicrosoft.us, tenants
//! `a8000000-0000-4000-8000-000000000001` and `b8000000-0000-4000-8000-000000000002`, subscription
//! `58000000-0000-4000-8000-000000000001` (guest invitations are off, as is usual there); `germany` has
//! rosa@fabrikamde.onmicrosoft.de, kim@contosode.onmicrosoft.de, tenants `a9…001` and `b9…002`, subscription
//! `59000000-0000-4000-8000-000000000001`. The other two clouds have an application and nobody in them.
//!
//! # The control API
//! `http://127.0.0.1:PORT/control/…`, JSON in and out; a mistake is 400 with `{"error": …}` naming the field.
//!
//! | call | |
//! |---|---|
//! | `GET ledger[?kind=…&subject=…]` | every effect: `{seq, at, cloud, kind, caller: {tid, oid, clientId} or null, subject, detail}` |
//! | `GET requests` | `{operation: {status or "lost": count}}` |
//! | `GET violations` | what did not fit the contracts: `{operation, direction, place, expected}`; should be `[]` |
//! | `GET secrets` | `{kind, value}` of every code, token, refresh token, id token, secret, verifier, state, nonce |
//! | `GET state` | `{clouds: {name: {tenants: [{…, policy, users}], subscriptions: [{…, roleAssignments, customRoles, pendingRequest}]}}}` |
//! | `POST reset` | back to the start; with a scenario as body, to that one |
//! | `POST faults` | `{operation, count = 1, skip = 0, pathContains?, effect}`; operation is an id, an API's name or `*` |
//! | `GET faults`, `DELETE faults` | those still to come; none |
//! | `GET time`, `POST time` | `{advanceSeconds}` moves the clock of all clouds |
//! | `GET timing`, `POST timing` | how long changes take to show ([`Timing`]); a POST changes those it names |
//! | `GET knobs`, `POST knobs` | the readings; a POST changes those it names |
//! | `POST policies/{tenant}` (or `tenants/{tenant}`) | `{leaving?, into?: unset/allow/block, exemptedPrincipals?, invitesFrom?, invitesNobodyOf?: [domain], mfa?: required/on-demand}` |
//! | `POST users/{email}/revoke` | revokes the person's refresh tokens |
//! | `POST users/{email}` | `{tenantId?, roles?, remove?, mfaRegistered?, password?, signsInAt?: tenant}` |
//! | `POST subscriptions/{id}` | `{state?, quotaId?, spendingLimit?}` |
//! | `POST subscriptions/{id}/resources` | `{count}` adds that many web applications |
//! | `POST paging` | `{pageSize}` rows in a page of every list |
//! | `POST subscriptions/{id}/role-assignments`, `DELETE …/{name}` | `{principalId, roleDefinitionId, principalType?, condition?, scope?}` |
//!
//! Effects of faults: `{"kind": "status", status, code?, message?}`, `{"kind": "slow", ms}`,
//! `{"kind": "lost-answer"}` (done, then the connection is closed), `{"kind": "lost-request"}` (not done),
//! `{"kind": "throttle", retryAfter}`, `{"kind": "malformed"}` (done, but the answer is no JSON),
//! `{"kind": "extra-field", name}` (done, but the answer breaks the contract, which must be noticed).
//!
//! Kinds of the ledger: `signed-in`, `mfa-registered`, `consent-granted`, `consent-declined`, `token-issued`,
//! `token-refused`, `invitation-created`, `invitation-repeated`, `invitation-redeemed`, `guest-deleted`,
//! `change-tenant-request-initiated`, `change-tenant-request-deleted`, `change-tenant-request-accepted`,
//! `directory-changed`, `role-assignments-wiped`, `role-assignment-created` (`detail.by` is `put`, or `acceptance` for
//! the Owner role that Azure gives the acceptor), `role-assignment-deleted`, `wrong-tenant-token`, `policy-changed`,
//! `role-definition-created`, `what-if-asked`, `refresh-tokens-revoked`, `control-change`.
//!
//! Knobs, their default first: `pendingStatus` "Initiated" or any word; `noRequest` not-found, empty; `repeatedPut`
//! overwrite, conflict, keep; `statusBeforeAcceptance` shown, not-found, forbidden; `acceptorMustBeAdmin` false;
//! `unsetPolicy` true, false, null, absent, not-found; `policyReadable` true; `secondAcceptance` conflict, no-content,
//! not-found; `destinationOwnerCheckedAt` put, accept; `enteringPolicyCheckedAt` accept, put; `newestVersion`
//! 2026-08-01-preview, 2025-11-01-preview, 2024-08-01-preview; `registrationRequired` false; `refreshAcrossTenants`
//! true; `statusNeedsMfa` false; `writesNeedMfa` true; `mfaRefusalStatus` 401, 403; `acceptorBecomesOwner` true;
//! `principalTypeSkipsReplication` false; `inventoryMisses` 0 (how many of the
//! newest resources Resource Graph does not show yet); `eligibleAssignments` true (false: no licence, 400);
//! `whatIfLater` false; `writesBurst` 200 and `writesPerSecond` 10 (PUT and DELETE, by subscription and person); `idToken` none, wrong-nonce, wrong-issuer, wrong-tenant, wrong-audience,
//! unknown-key, bad-signature, alg-none, expired.
//!
//! # What is not simulated
//! Personal accounts at `common` and `consumers` (the product signs them in at a tenant), device codes, client
//! certificates, single sign-on, `response_mode` other than `query`, admin consent as an address of its own,
//! management groups, roles that are held below the subscription only, Lighthouse's access for managing tenants, and the language of Resource Graph: a query gives all
//! rows of its table, or their number by type.

mod arm;
mod clock;
mod connection;
mod control;
mod entra;
mod faults;
mod graph;
mod http;
mod keys;
mod knobs;
mod ledger;
mod partner_center;
mod random;
mod scenario;
mod server;
mod traffic;
mod world;

pub use scenario::*;
pub use server::{Handle, Options, SimulatedMicrosoft};
