//! Every page in every state that people can meet, in the browser: held against WCAG 2.2 A and AA in light and dark, wide and narrow, in
//! English and German, and kept as pictures in `target/tmp/pages`.
//!
//! The journeys of `pages` see the states that a smooth association has. Here are the others: what is wrong with a form, every result of a
//! sign-in, every error, every end. The views are made up; the markup, the style sheet and the words are those of the product.

#![expect(clippy::unwrap_used, reason = "a made-up view that can't be read is a mistake in this file")]

use std::path::Path;

use access::mapping::{Confidence, Verdict};
use access::plan::RowOutcome;
use anyhow::{Context as _, Result, ensure};
use impact::feedback::{Feedback, Felt};
use impact::preflight::{Check, CheckId, Choice, Fixer, InSight, OtherDirectory, Preflight, State};
use impact::proof::{Cause, Evidence};
use impact::report::{Override, Report, Summary};
use impact::to_do::{How, Ticked};
use jiff::Timestamp;
use onboarding::undo::{self, UndoItem};
use onboarding::{AccountKind, Actor, Cloud, Directory, ErrorName, OnboardingId, Status, Step, WaitKind};
use serde_json::{Value, json};
use web::pages::{self, *};
use web::{Fields, Problem, SignInResult, WebProblem};

use crate::pages::browse;
use crate::world::run;

const LINK: &str = "01JV000000000000000000000A.o.example";
const REFERENCE: &str = "ABCD-1234";
const SUBSCRIPTION: &str = "6c3c85bc-5366-4eaa-8055-a10529eafd03";
const TENANT: &str = "22222222-2222-2222-2222-222222222222";
const OID: &str = "b11a05c8-6acc-435e-9a51-2140dea093a5";

/// A page in one state.
struct Shown {
    /// The function that makes the page, and after a dash which state it is.
    name: String,
    html: String,
    /// Whether it is one of many of the same form: those are looked at in one window only.
    alike: bool,
}

struct States(Vec<Shown>);

impl States {
    fn add(&mut self, name: &str, html: impl Into<String>) {
        self.0.push(Shown { name: name.to_owned(), html: html.into(), alike: false });
    }

    fn alike(&mut self, name: String, html: impl Into<String>) {
        self.0.push(Shown { name, html: html.into(), alike: true });
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn fields(pairs: &[(&str, &str)]) -> Fields {
    pairs.iter().fold(Fields::default(), |fields, (name, value)| fields.with(name, value))
}

/// Every page in every state, in the language of the moment.
fn states() -> States {
    let mut states = States(Vec::new());
    signing_up(&mut states);
    turns(&mut states);
    decisions(&mut states);
    reading(&mut states);
    progressing(&mut states);
    operating(&mut states);
    for result in SignInResult::ALL {
        let view = |link| ResultView {
            link,
            reference: link.map(|_| REFERENCE),
            result: *result,
            needed: Some("rosa@outlook.com"),
            used: Some("rosa@contoso.com"),
            needed_directory: Some("Contoso Partner Ltd (22222222-2222-2222-2222-222222222222)"),
            used_directory: Some("45ffe2da-b7a4-460f-9e4c-51afd47b94cb"),
            request: matches!(result, SignInResult::AdminApproval | SignInResult::SignInRule).then(|| {
                let stopped = Stopped {
                    directory: ("Contoso Partner Ltd", TENANT),
                    account: "kim@contoso.com",
                    reference: REFERENCE,
                };
                stopped.rule(at("2026-05-12T10:00:00Z"), None, &["53003".into()])
            }),
            ways: Ways { forward: true, cancel: true, route: true },
            last: Some(Last {
                who: Some(Actor::PartnerAdmin),
                what: onboarding::Outcome::SignedIn,
                at: at("2026-05-12T10:00:00Z"),
            }),
            support: Some(Support {
                correlation_id: Some("7c1d0f6e-3f9b-4f0e-8f2e-5a1f0b9d2c3e"),
                at: at("2026-05-12T10:00:00Z"),
            }),
            next_page: None,
        };
        states.alike(format!("result-{}", result.as_str()), pages::result(&view(Some(LINK))));
    }
    for name in ErrorName::ALL {
        states.alike(format!("problem-{name}"), explained(*name, Some(LINK), false).body());
    }
    for problem in WebProblem::ALL {
        states.alike(format!("problem-{}", problem.id()), problem.answer(false).body());
    }
    states
}

fn signing_up(states: &mut States) {
    states.add("start", pages::start());
    let onboarding = OnboardingId::from_parts(1_778_000_000_000, 7);
    let form = |values: &Fields, problems: &[Problem]| {
        signup_form(&FormView {
            onboarding: &onboarding,
            values,
            problems,
            clouds: &[Cloud::Public, Cloud::UsGovernment],
            found: None,
        })
    };
    let tenant = onboarding::TenantId::parse(TENANT).unwrap();
    for (name, found) in [
        (
            "found",
            Found {
                directory: Some(tenant.clone()),
                subscription_in: Some(tenant.clone()),
                source: None,
                same_address: true,
            },
        ),
        (
            "found-directory",
            Found { directory: None, subscription_in: None, source: Some(tenant), same_address: false },
        ),
        ("found-nothing", Found::default()),
    ] {
        let view = FormView {
            onboarding: &onboarding,
            values: &Fields::default(),
            problems: &[],
            clouds: &[Cloud::Public],
            found: Some(&found),
        };
        states.add(&format!("signup_form-{name}"), signup_form(&view));
    }
    states.add("signup_form", form(&Fields::default(), &[]));
    let typed = fields(&[
        ("subscriptionId", "no subscription"),
        ("ownerEmail", "nobody"),
        ("partnerDirectory", "a-directory-with-a-very-long-name-that-does-not-break-anywhere.example.contoso.com"),
        ("partnerAdminEmail", "kim@contoso.com"),
        (FIELD_INITIATOR, "other"),
    ]);
    let wrong =
        |field: &str| Problem::new(field, "Input.Invalid", format!("{} must be filled in.", field_label(field)));
    let problems: Vec<Problem> = ["subscriptionId", "ownerEmail", "partnerDirectory"].into_iter().map(wrong).collect();
    states.add("signup_form-wrong", form(&typed, &problems));
    states.add("signup_form-who", form(&typed, &[initiator_wrong(), zone_wrong()]));
    let mail = |again, problems: &[Problem]| {
        check_mail(&CheckMailView { link: LINK, email: "kim@contoso.com", again, problems })
    };
    states.add("check_mail", mail(false, &[]));
    states.add("check_mail-again", mail(true, &[]));
    for (name, problem) in [("wrong", CodeProblem::Wrong), ("void", CodeProblem::Void), ("soon", CodeProblem::TooSoon)]
    {
        states.add(&format!("check_mail-{name}"), mail(false, &[problem.told()]));
    }
    let many = || too_many(at("2026-05-12T11:00:00Z"));
    states.add("signup_form-many", form(&typed, &[many()]));
    states.add("check_mail-many", mail(false, &[many()]));
    states.add("check_mail_gone", check_mail_gone());
    states.add("already_running", already_running());
    let values = fields(&[(FIELD_REFERENCE, "ABC"), (FIELD_EMAIL, "nobody")]);
    let problems = [new_link_wrong(FIELD_REFERENCE), new_link_wrong(FIELD_EMAIL)];
    states.add("new_link", new_link(&NewLinkView { values: &Fields::default(), problems: &[] }));
    states.add("new_link-wrong", new_link(&NewLinkView { values: &values, problems: &problems }));
    states.add("new_link-many", new_link(&NewLinkView { values: &values, problems: &[many()] }));
    states.add("new_link_sent", new_link_sent());
}

fn turns(states: &mut States) {
    let view = || TurnView {
        link: LINK,
        reference: REFERENCE,
        actor: Actor::Owner,
        kind: WaitKind::SignIn,
        account: "rosa@outlook.com",
        account_kind: AccountKind::Personal,
        directory: Directory::Source,
        directory_name: "Default Directory",
        reason: None,
        subscription: "Fabrikam Pay-As-You-Go",
        from: "Default Directory",
        to: "Contoso Partner Ltd",
        again: false,
        guest: false,
        moved: false,
        may_decline: true,
        may_extend: true,
        may_reroute: false,
        deadline: at("2026-05-16T17:00:00Z"),
        login_host: "login.microsoftonline.com",
    };
    let partner = || TurnView {
        actor: Actor::PartnerAdmin,
        account: "kim@contoso.com",
        account_kind: AccountKind::Work,
        directory: Directory::Partner,
        directory_name: "Contoso Partner Ltd",
        ..view()
    };
    states.add("turn-owner", turn(&view()));
    states.add("turn-owner-confirm", turn(&TurnView { kind: WaitKind::Confirm, again: true, ..view() }));
    states.add(
        "turn-owner-guest",
        turn(&TurnView { guest: true, may_reroute: true, directory: Directory::Partner, ..view() }),
    );
    states.add("turn-partner", turn(&partner()));
    states.add("turn-partner-review", turn(&TurnView { kind: WaitKind::Review, again: true, ..partner() }));
    let reason = Some(texts::explanation(ErrorName::SignInRequired));
    states.add("turn-partner-again", turn(&TurnView { again: true, reason, may_extend: false, ..partner() }));
    states.add("turn-moved", turn(&TurnView { moved: true, may_decline: false, again: true, ..partner() }));
    for actor in [Some(Actor::Owner), Some(Actor::PartnerAdmin), None] {
        let name = format!("not_yours-{}", actor.map_or("nobody", Actor::as_str));
        states.add(
            &name,
            not_yours(&NotYoursView { link: LINK, reference: REFERENCE, actor, may_forward: actor.is_some() }),
        );
    }
    let request = |blocked| Request {
        blocked,
        directory: ("Fabrikam", "45ffe2da-b7a4-460f-9e4c-51afd47b94cb"),
        other: "Contoso Partner Ltd",
        account: "rosa@outlook.com",
        object_id: Some(OID),
        subscription: SUBSCRIPTION,
    };
    for blocked in [ErrorName::LeavingBlocked, ErrorName::EnteringBlocked] {
        let view = FixView {
            link: LINK,
            reference: REFERENCE,
            id: blocked.as_str(),
            explanation: texts::explanation(blocked),
            request: Some(request(blocked)),
            invitation: None,
            deadline: at("2026-05-16T17:00:00Z"),
        };
        states.add(&format!("fix-{}", blocked.as_str()), fix(&view));
    }
    for name in ErrorName::ALL.iter().filter(|name| name.class() == onboarding::ErrorClass::Fix) {
        let view = FixView {
            link: LINK,
            reference: REFERENCE,
            id: name.as_str(),
            explanation: texts::explanation(*name),
            request: None,
            invitation: (*name == ErrorName::InvitationRefused).then_some(Invitation {
                address: "rosa@fabrikam.com",
                said: Some("This invitation is blocked by cross-tenant access settings."),
                may_do_without: true,
            }),
            deadline: at("2026-05-16T17:00:00Z"),
        };
        states.alike(format!("fix-{name}-alone"), fix(&view));
    }
    choosing(states);
    let typed = fields(&[(FIELD_EMAIL, "nobody")]);
    for (name, not_now, problems) in [
        ("forward", None, vec![]),
        ("forward-wrong", None, vec![forward_wrong(false)]),
        ("forward-same", None, vec![forward_wrong(true)]),
        ("forward-moved", Some(NotNow::Moved), vec![]),
        ("forward-guest", Some(NotNow::GuestInvited), vec![]),
    ] {
        let view = ForwardView {
            link: LINK,
            reference: REFERENCE,
            actor: Actor::Owner,
            not_now,
            values: &typed,
            problems: &problems,
        };
        states.add(name, forward(&view));
    }
    for (name, guest) in [("route", false), ("route-guest", true)] {
        let (owner, partner) = ("rosa@fabrikam.com", "kim@contoso.com");
        states.add(name, route(&RouteView { link: LINK, reference: REFERENCE, owner, partner, guest }));
    }
    let view = || CancelView {
        link: LINK,
        reference: REFERENCE,
        may_act: true,
        over: false,
        too_late: false,
        guest: true,
        undone: &[],
    };
    states.add("cancel", cancel(&view()));
    states.add("cancel-viewer", cancel(&CancelView { may_act: false, ..view() }));
    states.add("cancel-late", cancel(&CancelView { too_late: true, ..view() }));
    let gone = [
        UndoItem::new(undo::GUEST, undo::UNDONE, None),
        UndoItem::new(undo::SIGN_INS, undo::UNDONE, None).with("n", 1),
    ];
    states.add("cancel-over", cancel(&CancelView { over: true, undone: &gone, ..view() }));
}

fn stop(reason: Option<Actor>, agreed: Option<Actor>) -> StopRow {
    StopRow {
        key: "s1".into(),
        name: "aks-prod".into(),
        kind: "microsoft.containerservice/managedclusters".into(),
        why: "A cluster can't be moved to another directory.".into(),
        reason: reason.map(|by| ("It is a test cluster.".into(), by)),
        agreed,
    }
}

fn decisions(states: &mut States) {
    let row = MappingRow {
        key: "k1".into(),
        who: "Ada Lovelace (ada@fabrikam.com)".into(),
        role: "Owner".into(),
        scope: format!("/subscriptions/{SUBSCRIPTION}"),
        condition: None,
        privileged: true,
        after: Some("Ada L".into()),
        target: OID.into(),
        confidence: Confidence::Exact,
        reason: "signed-in".into(),
        decided: Some(Decided { verdict: Verdict::Restore, by: Actor::PartnerAdmin, agreed: None }),
    };
    let open = MappingRow {
        key: "k2".into(),
        who: "Group ops".into(),
        role: "Reader".into(),
        condition: Some("@Resource[Microsoft.Storage/storageAccounts:name] StringEquals 'logs'".into()),
        privileged: false,
        after: None,
        target: String::new(),
        confidence: Confidence::None,
        reason: "no-key".into(),
        decided: None,
        ..row.clone()
    };
    let rows = [row, open];
    let nothing = Fields::default();
    let typed = fields(&[("decide-k2", "restore"), ("target-k2", "nonsense"), (FIELD_CSV, "a,b")]);
    let problems = [target_wrong("k2", "Group ops"), reason_wrong("s1", "aks-prod")];
    let lines = [CsvProblem { line: 3, column: "decision".into(), message: "must be restore or skip".into() }];
    let differences = [Difference { what: "Ada, Owner".into(), before: "restore".into(), after: "skip".into() }];
    for (name, viewer, typed, problems, stops, csv_problems, differences, saved) in [
        ("mapping", Actor::PartnerAdmin, &nothing, &[][..], vec![stop(None, None)], &[][..], None, None),
        ("mapping-saved", Actor::PartnerAdmin, &nothing, &[], vec![], &[], None, Some(1)),
        ("mapping-wrong", Actor::PartnerAdmin, &typed, &problems, vec![stop(None, None)], &[], None, None),
        ("mapping-list-wrong", Actor::PartnerAdmin, &typed, &[], vec![], &lines, None, None),
        ("mapping-list", Actor::PartnerAdmin, &typed, &[], vec![], &[], Some(&differences[..]), None),
        ("mapping-owner", Actor::Owner, &nothing, &[], vec![stop(Some(Actor::PartnerAdmin), None)], &[], None, None),
    ] {
        let view = MappingView {
            link: LINK,
            reference: REFERENCE,
            viewer,
            rows: &rows,
            part: Part::of(rows.len(), MAPPING_ROWS, 1),
            decided: 1,
            left: 3,
            exact: 1,
            stops: &stops,
            version: "v1",
            typed,
            csv_problems,
            differences,
            problems,
            saved,
        };
        states.add(name, mapping(&view));
    }
    let right = fields(&[
        (FIELD_HASH, "h1"),
        (FIELD_TICK_DELETE, "yes"),
        (FIELD_TICK_DIRECTORY, "yes"),
        (FIELD_TICK_BACK, "yes"),
        (FIELD_NAME, "Fabrikam"),
    ]);
    let name = "Fabrikam Pay-As-You-Go";
    let changed = || Changed { added: vec!["kv-new"], gone: vec!["vm-old"], different: vec!["sql-prod"] };
    let old = Fields::default().with(FIELD_HASH, "h0");
    for (state, values, hash, stops, changed, guest) in [
        ("confirm", &nothing, "", vec![], None, None),
        ("confirm-wrong", &right, "h1", vec![stop(Some(Actor::PartnerAdmin), None)], None, Some("rosa@outlook.com")),
        ("confirm-changed", &old, "h1", vec![], Some(changed()), None),
        ("confirm-stopped", &nothing, "", vec![stop(None, None)], None, None),
    ] {
        let problems = confirm_problems(values, name, hash, "", &stops, "kim@contoso.com", false);
        let view = ConfirmView {
            link: LINK,
            reference: REFERENCE,
            subscription_name: name,
            subscription_id: SUBSCRIPTION,
            from: ("Default Directory", "45ffe2da-b7a4-460f-9e4c-51afd47b94cb"),
            to: ("Contoso Partner Ltd", TENANT),
            partner: "kim@contoso.com",
            accepting_guest: guest,
            removed: (14, 2),
            restored: (9, 1),
            left_out: &[("skipped".into(), 4)],
            lost: 1,
            not_read: 1,
            agree: &[AgreeRow { key: "k1".into(), who: "Ada".into(), role: "Owner".into(), scope: "/s".into() }],
            stops: &stops,
            changed,
            report_hash: hash,
            version: "",
            values,
            problems: if state == "confirm" || state == "confirm-stopped" { &[] } else { &problems },
        };
        states.add(state, confirm(&view));
    }
}

/// Which subscription?
fn choosing(states: &mut States) {
    let choice = |id: &str, name: &str, movable, case: &str| Choice {
        id: onboarding::SubscriptionId::parse(id).unwrap(),
        name: name.into(),
        movable,
        case: case.into(),
    };
    let all = InSight {
        subscriptions: vec![
            choice(SUBSCRIPTION, "Contoso Prod", State::Holds, "offer-pay-as-you-go"),
            choice(TENANT, "A name that is longer than anybody needs", State::Warning, "not-enabled"),
            choice(OID, "Contoso Resold", State::Fails, "offer-csp"),
        ],
        more: 2,
        directories: vec![OtherDirectory {
            id: onboarding::TenantId::parse(TENANT).unwrap(),
            name: Some("Fabrikam".into()),
        }],
    };
    let looked_for = onboarding::SubscriptionId::parse(SUBSCRIPTION).unwrap();
    let typed = fields(&[(FIELD_OTHER_SUBSCRIPTION, "shop")]);
    let (several, invisible) = (ErrorName::SubscriptionNotChosen, ErrorName::SubscriptionNotVisible);
    for (name, why, seen, wrong) in [
        ("several", several, &all, None),
        ("several-wrong", several, &all, Some(FIELD_SUBSCRIPTION)),
        ("invisible", invisible, &all, None),
        ("none", invisible, &InSight::default(), None),
        ("none-wrong", invisible, &InSight::default(), Some(FIELD_OTHER_SUBSCRIPTION)),
    ] {
        let row = |id: CheckId, state: State, case: &str, evidence: Value| Check {
            id,
            state,
            case: case.into(),
            evidence: evidence.as_object().cloned().unwrap_or_default(),
            source: "GET subscriptions".into(),
            fixer: Some(Fixer::Owner),
            seen_by: Actor::Owner,
            at: "2026-05-12T09:59:48Z".into(),
        };
        let checks = Preflight(vec![
            row(CheckId::OwnerRole, State::Fails, "none", json!({})),
            row(CheckId::SubscriptionVisible, State::Fails, "not-visible", serde_json::to_value(seen).unwrap()),
            row(CheckId::Offer, State::Unknown, "not-visible", json!({})),
        ]);
        let view = ChooseView {
            link: LINK,
            reference: REFERENCE,
            why,
            explanation: texts::explanation(why),
            looked_for: Some(&looked_for).filter(|_| why == invisible),
            directory: TENANT,
            checks: &checks,
            values: &typed,
            problems: &wrong.map(choose_wrong).into_iter().collect::<Vec<_>>(),
            deadline: at("2026-05-16T17:00:00Z"),
            may_forward: true,
        };
        states.add(&format!("choose-{name}"), choose(&view));
    }
}

fn reading(states: &mut States) {
    let check = |id: CheckId, state: State, case: &str| Check {
        id,
        state,
        case: case.into(),
        evidence: serde_json::from_value(json!({"assignment": OID})).unwrap(),
        source: "GET …/policies/default".into(),
        fixer: Some(Fixer::SourceGlobalAdministrator),
        seen_by: Actor::Owner,
        at: "2026-05-12T09:59:48Z".into(),
    };
    let checks = Preflight(vec![
        check(CheckId::OwnerRole, State::Holds, "direct"),
        check(CheckId::LeavingPolicy, State::Fails, "blocked"),
        check(CheckId::Locks, State::Unknown, "some-new-case"),
    ]);
    let request = Request {
        blocked: ErrorName::LeavingBlocked,
        directory: ("Fabrikam", "45ffe2da-b7a4-460f-9e4c-51afd47b94cb"),
        other: "Contoso Partner Ltd",
        account: "rosa@outlook.com",
        object_id: Some(OID),
        subscription: SUBSCRIPTION,
    };
    let requests = [(CheckId::LeavingPolicy, request)];
    for (name, checks, details) in [
        ("preflight", &checks, true),
        ("preflight-viewer", &checks, false),
        ("preflight-empty", &Preflight(vec![]), true),
    ] {
        let view = PreflightView {
            link: LINK,
            reference: REFERENCE,
            checks,
            details,
            may_check_again: details,
            requests: if details { &requests } else { &[] },
            now: at("2026-05-12T10:00:00Z"),
        };
        states.add(name, preflight(&view));
    }
    let groups = ["stops-now", "redo", "cannot-come-back", "check-it", "loses-access"];
    let finding = |n: usize| {
        json!({
            "id": format!("aks:{n}"), "rule": "aks", "group": groups[n % 3], "hardStop": n == 2, "name": format!("aks-{n}"),
            "resource": format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/aks-{n}"),
            "kind": "microsoft.containerservice/managedclusters",
        })
    };
    let report = |findings: usize, not_read: Value| -> Report {
        serde_json::from_value(json!({
            "schema": 1, "subscription": SUBSCRIPTION, "source": "11111111-1111-1111-1111-111111111111", "partner": TENANT,
            "findings": (0..findings).map(finding).collect::<Vec<_>>(), "resources": [], "snapshotHash": "s", "notRead": not_read,
        }))
        .unwrap()
    };
    let full = report(60, json!([{"what": "policies", "why": "AuthorizationFailed", "needs": "Reader"}]));
    let none = report(0, json!([]));
    let summary = |counts, stops: &[&str], not_read| Summary {
        hash: "abcdef0123".into(),
        at: "2026-05-12T09:00:00Z".into(),
        counts,
        resources: 4,
        assignments: 14,
        hard_stops: stops.iter().map(|stop| (*stop).to_owned()).collect(),
        not_read,
        ..Summary::default()
    };
    let (bad, good) = (summary([100, 100, 100, 0, 2], &["aks:2"], 1), summary([0; 5], &[], 0));
    let people = [PersonRow { who: "Ada".into(), role: "Reader".into(), scope: "/s".into(), after: "Ada L".into() }];
    let given = [Override {
        finding: "aks:2".into(),
        reason: "It is a test cluster.".into(),
        by: Actor::PartnerAdmin,
        at: "2026-05-12T09:40:00Z".into(),
        seconded_by: Some(Actor::Owner),
    }];
    let others = [("Azure Lighthouse".to_owned(), "Manage it without moving it.".to_owned())];
    for (name, summary, report, overrides, open_stops, group) in [
        ("report", &bad, Some(&full), &[][..], 1, None),
        ("report-group", &bad, Some(&full), &[], 1, report_group("stops-now")),
        ("report-accepted", &bad, Some(&full), &given, 0, None),
        ("report-empty", &good, Some(&none), &[], 0, None),
        ("report-viewer", &bad, None, &[], 1, None),
    ] {
        let view = ReportView {
            link: LINK,
            reference: REFERENCE,
            subscription: "Fabrikam Pay-As-You-Go",
            summary,
            report,
            people: if report.is_some() { &people } else { &[] },
            overrides,
            open_stops,
            alternatives: &others,
            changed: report.map(|_| Changed { added: vec!["kv-new"], ..Changed::default() }),
            group,
            page: 1,
        };
        states.add(name, pages::report(&view));
    }
    states.add("not_yet", not_yet(LINK, REFERENCE));
    let row = |became| AccessRow {
        who: "Ada".into(),
        role: "Reader".into(),
        scope: format!("/subscriptions/{SUBSCRIPTION}"),
        after: Some("Ada L".into()),
        became,
    };
    let rows = [
        row(Became::Ended(RowOutcome::Restored, None)),
        row(Became::Ended(RowOutcome::Refused, Some("PrincipalNotFound".into()))),
        row(Became::LeftOut("skipped".into())),
        row(Became::Missing),
        row(Became::Pending),
    ];
    let new = [["Kim".to_owned(), "Owner".to_owned(), format!("/subscriptions/{SUBSCRIPTION}")]];
    for (name, rows, new, details) in
        [("access", &rows[..], &new[..], true), ("access-viewer", &rows, &[], false), ("access-empty", &[], &[], true)]
    {
        let view = AccessView { link: LINK, reference: REFERENCE, rows, new, details, page: 1 };
        states.add(name, pages::access(&view));
    }
    let seen = |check: &str, holds| Evidence {
        check: check.into(),
        holds,
        seen: serde_json::from_value(json!({"requestId": OID})).unwrap(),
        source: "GET /subscriptions".into(),
    };
    let causes = [Cause { cause: "filter".into(), applies: None, seen: serde_json::Map::new() }];
    for (name, evidence, receipt, details) in [
        ("proof", vec![seen("listed", true), seen("directory", true)], true, true),
        ("proof-missing", vec![seen("listed", false)], false, true),
        ("proof-viewer", vec![seen("listed", true)], false, false),
    ] {
        let view = ProofView {
            link: LINK,
            reference: REFERENCE,
            evidence: &evidence,
            causes: &causes,
            tenant: TENANT,
            receipt,
            details,
        };
        states.add(name, pages::proof(&view));
    }
    let content = json!({"subscription": SUBSCRIPTION, "steps": [{"step": "map-directory", "at": "2026-05-12T10:00:00Z"}], "restored": 12});
    let entry = |seq| onboarding::audit::Entry {
        seq,
        at: "2026-05-12T10:00:00Z".into(),
        actor: "owner".into(),
        action: "move.confirmed".into(),
        step: Some("map-directory".into()),
        detail: json!({"subscriptionName": "Fabrikam Pay-As-You-Go", "wait": "w1"}),
        prev_hash: String::new(),
        hash: "abcdef0123".into(),
    };
    let trail: Vec<_> = (1..=12).map(entry).collect();
    for (name, broken) in [("evidence", None), ("evidence-broken", Some("entry 3 is missing".to_owned()))] {
        states.add(name, evidence(&EvidenceView { link: LINK, reference: REFERENCE, trail: &trail, broken }));
    }
    states.add("evidence_document", evidence_document(REFERENCE, &trail, None));
    let back = MoveBackView {
        link: LINK,
        reference: REFERENCE,
        subscription: ("Fabrikam Pay-As-You-Go", SUBSCRIPTION),
        now_in: ("Contoso", TENANT),
        came_from: OID,
    };
    states.add("move_back", move_back(&back));
    states.add("receipt", receipt(LINK, REFERENCE, "abcdef0123", &content));
}

fn progressing(states: &mut States) {
    states.add("creating", creating(LINK, REFERENCE));
    let turn = |kind, actor, yours: bool| Turn {
        kind,
        actor,
        account: if actor == Actor::Owner { "rosa@outlook.com".into() } else { "kim@contoso.com".into() },
        directory: Directory::Source,
        reason: (kind == WaitKind::Fix).then(|| ErrorName::LeavingBlocked.as_str().to_owned()),
        since: at("2026-05-12T09:00:00Z"),
        until: at("2026-05-16T17:00:00Z"),
        mailed: Some(at("2026-05-12T09:00:00Z")),
        reminded: Some(at("2026-05-13T09:00:00Z")),
        may_remind: !yours && actor == Actor::PartnerAdmin,
        yours,
    };
    let steps = |reached: usize, state| {
        let row = |(n, step): (usize, &Step)| StepRow {
            step: *step,
            number: step.number(),
            title: texts::step_title(*step),
            state: match n.cmp(&reached) {
                std::cmp::Ordering::Less => StepState::Done,
                std::cmp::Ordering::Equal => state,
                std::cmp::Ordering::Greater => StepState::NotStarted,
            },
            since: (n <= reached).then(|| at("2026-05-12T09:00:00Z")),
            error: (state == StepState::NeedsAttention && n == reached).then(|| "Subscription.NotMovable".to_owned()),
        };
        Step::ALL.iter().enumerate().map(row).collect::<Vec<_>>()
    };
    let activity = |action: &str| ActivityRow {
        at: at("2026-05-12T09:00:00Z"),
        actor: "owner".into(),
        action: action.into(),
        step: Some(Step::UseExistingDirectory),
        detail: Some(json!({"account": "rosa@outlook.com", "tenant": TENANT})),
    };
    let view = || ProgressView {
        onboarding_id: OnboardingId::from_parts(1_778_000_000_000, 7),
        reference: REFERENCE.into(),
        link: LINK.into(),
        viewer: Some(Actor::Owner),
        status: Status::Waiting,
        ending: None,
        error: None,
        turn: Some(turn(WaitKind::SignIn, Actor::Owner, true)),
        cancelling: false,
        may_cancel: true,
        subscription_id: Some(SUBSCRIPTION.into()),
        subscription_name: Some("Fabrikam Pay-As-You-Go".into()),
        from: "Default Directory".into(),
        to: "Contoso Partner Ltd".into(),
        owner: "rosa@outlook.com".into(),
        partner_admin: "kim@contoso.com".into(),
        unreachable: vec![],
        your_reference: Some("T-1".into()),
        guest_invited: false,
        request_sent: false,
        moved: false,
        moving: vec![],
        cool_off_until: None,
        preflight: None,
        report: None,
        open_stops: 0,
        restore: None,
        proof: false,
        receipt_hash: None,
        to_do: vec![],
        felt: None,
        steps: steps(0, StepState::YourTurn),
        activity: vec![activity("wait.opened"), activity("onboarding.created")],
        undone: vec![],
        share: Some("01JV000000000000000000000A.v.example".into()),
        phrase: None,
        changed: "1".into(),
        read_at: at("2026-05-12T10:00:00Z"),
    };
    states.add("progress-your-turn", progress(&view()));
    for (name, kind) in [
        ("sign-in", WaitKind::SignIn),
        ("review", WaitKind::Review),
        ("confirm", WaitKind::Confirm),
        ("fix", WaitKind::Fix),
    ] {
        let (actor, yours) =
            (if kind == WaitKind::Review { Actor::PartnerAdmin } else { Actor::Owner }, kind == WaitKind::Fix);
        let state = if yours { StepState::YourTurn } else { StepState::waiting_for(actor, None) };
        let shown = ProgressView { turn: Some(turn(kind, actor, yours)), steps: steps(1, state), ..view() };
        states.add(&format!("progress-{name}"), progress(&shown));
    }
    let partner = ProgressView {
        viewer: Some(Actor::PartnerAdmin),
        phrase: Some("ACD-EFG".into()),
        turn: Some(turn(WaitKind::Confirm, Actor::Owner, false)),
        preflight: Some([14, 1, 0, 2]),
        report: Some(Summary { hash: "abcdef0123".into(), counts: [3, 1, 1, 2, 4], ..Summary::default() }),
        open_stops: 1,
        guest_invited: true,
        ..view()
    };
    states.add("progress-partner", progress(&partner));
    let unreachable = ProgressView { unreachable: vec![Actor::Owner, Actor::PartnerAdmin], ..view() };
    states.add("progress-unreachable", progress(&unreachable));
    states.add(
        "progress-viewer",
        progress(&ProgressView {
            viewer: None, share: None, owner: "r…".into(), partner_admin: "k…".into(), ..view()
        }),
    );
    let moving = || ProgressView { turn: None, status: Status::Running, steps: steps(2, StepState::Running), ..view() };
    states.add("progress-running", progress(&moving()));
    states.add("progress-cancelling", progress(&ProgressView { cancelling: true, may_cancel: false, ..moving() }));
    states.add(
        "progress-resting",
        progress(&ProgressView { cool_off_until: Some(at("2026-05-12T10:10:00Z")), ..moving() }),
    );
    let way = |reached: usize| {
        let row = |(n, what)| MovingRow { what, at: (n < reached).then(|| at("2026-05-12T09:30:00Z")) };
        Reached::ALL.into_iter().enumerate().map(row).collect::<Vec<_>>()
    };
    let settling = || ProgressView {
        status: Status::Settling,
        request_sent: true,
        moving: way(2),
        may_cancel: false,
        steps: steps(2, StepState::WaitingForMicrosoft),
        ..moving()
    };
    states.add("progress-settling", progress(&settling()));
    let late = ProgressView { read_at: at("2026-05-12T11:00:00Z"), ..settling() };
    states.add("progress-settling-long", progress(&late));
    let to_do = ToDoRow {
        what: "Create the managed identities again".into(),
        about: "virtual machines".into(),
        count: 3,
        who: Actor::Owner,
        due_days: 1,
        stands: None,
    };
    let moved = || ProgressView {
        moved: true,
        moving: way(4),
        may_cancel: false,
        restore: Some(RestoreRow { planned: 12, done: 9, refused: 1, left_out: 2, finished: false }),
        to_do: vec![to_do.clone()],
        ..moving()
    };
    states.add("progress-moved", progress(&moved()));
    let over = |status, error: Option<&str>| ProgressView {
        status,
        error: error.map(str::to_owned),
        may_cancel: false,
        steps: steps(2, if error.is_some() { StepState::NeedsAttention } else { StepState::NotReached }),
        undone: vec![
            UndoItem::new(undo::GUEST, undo::UNDONE, Some(undo::GONE_ALREADY)),
            UndoItem {
                said: Some("arm.directory_change.cancel (status 403, AuthorizationFailed)".into()),
                ..UndoItem::new(undo::REQUEST, undo::NOT_POSSIBLE, Some(ErrorName::UpstreamRejected.as_str()))
            },
            UndoItem::new(undo::SIGN_INS, undo::UNDONE, None).with("n", 2),
            UndoItem::new(undo::LOCK, undo::UNDONE, None),
        ],
        ..moving()
    };
    states.add(
        "progress-done",
        progress(&ProgressView {
            status: Status::Done,
            proof: true,
            receipt_hash: Some("abcdef0123".into()),
            steps: steps(9, StepState::Done),
            ..moved()
        }),
    );
    let stands = |days: i64, who, what: &str, overdue, ticked: Option<How>| ToDoRow {
        what: what.into(),
        who,
        stands: Some(ToDoStands {
            id: format!("after:{}-{days}", what.split(' ').next().unwrap_or_default().to_lowercase()),
            due: at("2026-05-12T10:00:00Z") + jiff::SignedDuration::from_hours(24 * days),
            overdue,
            ticked: ticked.map(|how| Ticked { how, at: at("2026-05-13T09:00:00Z") }),
        }),
        ..to_do.clone()
    };
    let kept = |overdue, ticked| {
        vec![
            stands(1, Actor::Owner, "Close the policy exceptions", overdue, ticked),
            stands(7, Actor::Owner, "Register the application", false, Some(How::NotNeeded)),
            stands(1, Actor::PartnerAdmin, "Set the vault's tenant id", false, ticked),
            stands(30, Actor::PartnerAdmin, "Renew the keys", false, Some(How::Done)),
        ]
    };
    let done = || ProgressView {
        status: Status::Done,
        proof: true,
        receipt_hash: Some("abcdef0123".into()),
        steps: steps(9, StepState::Done),
        to_do: kept(false, None),
        ..moved()
    };
    states.add("progress-done-open", progress(&done()));
    states.add("progress-done-overdue", progress(&ProgressView { to_do: kept(true, None), ..done() }));
    states.add("progress-done-ticked", progress(&ProgressView { to_do: kept(false, Some(How::Done)), ..done() }));
    states.add("progress-done-viewer", progress(&ProgressView { viewer: None, share: None, ..done() }));
    let partner = ProgressView { viewer: Some(Actor::PartnerAdmin), ..done() };
    states.add("progress-done-partner", progress(&partner));
    let said = Feedback {
        actor: Actor::Owner,
        felt: Felt::Mostly,
        text: "The review took long.\n<b>Kim</b> was quick.".into(),
        at: at("2026-05-13T09:00:00Z"),
    };
    states.add("progress-done-feedback", progress(&ProgressView { felt: Some(said), ..done() }));
    let values = fields(&[(FIELD_TEXT, "x".repeat(1001).as_str())]);
    let problems = [feedback_wrong(FIELD_FELT), feedback_wrong(FIELD_TEXT)];
    let wrong = FeedbackView { link: LINK, reference: REFERENCE, values: &values, problems: &problems };
    states.add("feedback-wrong", feedback(&wrong));
    states.add("progress-cancelled", progress(&over(Status::Cancelled, None)));
    states.add("progress-declined", progress(&over(Status::Declined, None)));
    states.add("progress-expired", progress(&over(Status::Expired, Some(ErrorName::WaitExpired.as_str()))));
    states.add("progress-failed", progress(&over(Status::Failed, Some("Subscription.NotMovable"))));
    let role = UndoItem::new(undo::ROLE, undo::NOT_POSSIBLE, Some(undo::ENDED_BEFORE))
        .with("role", "Reader")
        .with("principal", OID)
        .with("scope", format!("/subscriptions/{SUBSCRIPTION}"));
    let cut_short = ProgressView {
        undone: vec![
            role,
            UndoItem::new(undo::MORE_ROLES, undo::NOT_POSSIBLE, Some(undo::ENDED_BEFORE)).with("n", 12),
            UndoItem::new(undo::REQUEST, undo::LEFT, Some(undo::MAYBE_ACCEPTED)),
            UndoItem::new(undo::GUEST, undo::LEFT, Some(undo::MAYBE_MOVING)),
            // As records were before there were ids.
            UndoItem::new("the guest account that we invited", undo::UNDONE, Some("it was gone already")),
        ],
        ..over(Status::Failed, Some(ErrorName::UpstreamRejected.as_str()))
    };
    states.add("progress-cut-short", progress(&cut_short));
}

fn operating(states: &mut States) {
    states.add("operator_sign_in", operator_sign_in("/operator", false));
    states.add("operator_sign_in-ended", operator_sign_in("/operator", true));
    let id = OnboardingId::from_parts(1_778_000_000_000, 7);
    let name = "olga@ops.contoso.com";
    let row = |status, kind: Option<WaitKind>, error: Option<&str>| OperatorRow {
        onboarding_id: id.clone(),
        reference: REFERENCE.into(),
        status,
        subscription: "Contoso Prod".into(),
        partner: "a-directory-with-a-very-long-name-that-does-not-break-anywhere.example.contoso.com".into(),
        owner: "rosa@outlook.com".into(),
        partner_admin: "kim@contoso.com".into(),
        turn: kind.map(|kind| OperatorTurn { actor: Actor::Owner, kind, until: at("2026-05-19T10:00:00Z") }),
        error: error.map(str::to_owned),
        created_at: at("2026-05-12T10:00:00Z"),
    };
    let mut rows: Vec<OperatorRow> = WaitKind::ALL.iter().map(|kind| row(Status::Waiting, Some(*kind), None)).collect();
    rows.extend(Status::ALL.iter().map(|status| row(*status, None, None)));
    rows.extend((0..60).map(|_| row(Status::Failed, None, Some("Subscription.NotMovable"))));
    let months = ["2026-05".to_owned(), "2026-04".to_owned()];
    let asked = fields(&[("list", "2026-05"), ("words", "<b>contoso</b>"), ("sort", "deadline")]);
    let list = |rows: &[OperatorRow], cut, page| {
        operator_list(&OperatorListView { name, asked: &asked, months: &months, rows, all: 1000, cut, page })
    };
    states.add("operator_list", list(&rows, true, 1));
    states.add("operator_list-last", list(&rows, false, 9));
    states.add("operator_list-none", list(&[], false, 1));

    let entry = |seq: u64, actor: &str, action: &str| onboarding::audit::Entry {
        seq,
        at: "2026-05-12T10:00:00Z".into(),
        actor: actor.into(),
        action: action.into(),
        step: None,
        detail: json!({"operator": OID}),
        prev_hash: String::new(),
        hash: "abcdef0123456789".repeat(4),
    };
    let trail = [entry(1, "mooring", "onboarding.created"), entry(2, "operator", "wait.extended")];
    let mails = [
        OperatorMail { to: Actor::Owner, what: "your-turn".into(), at: at("2026-05-12T10:00:00Z"), sent: None },
        OperatorMail {
            to: Actor::PartnerAdmin,
            what: "handed-over".into(),
            at: at("2026-05-12T10:00:00Z"),
            sent: Some(at("2026-05-12T10:00:02Z")),
        },
    ];
    let anew = OnboardingId::from_parts(1_778_000_000_001, 8);
    let feedback = [
        Feedback { actor: Actor::Owner, felt: Felt::Well, text: String::new(), at: at("2026-05-13T09:00:00Z") },
        Feedback {
            actor: Actor::PartnerAdmin,
            felt: Felt::Badly,
            text: "Two lines,\n<script>alert(1)</script>".into(),
            at: at("2026-05-13T09:00:00Z"),
        },
    ];
    let left = [(Actor::Owner, 2, 1), (Actor::PartnerAdmin, 0, 0)];
    let undone = [UndoItem::new(undo::REQUEST, undo::NOT_POSSIBLE, Some(ErrorName::SignInRequired.as_str()))];
    let one = |row: &OperatorRow, did: &str, why: Option<OperatorNotNow>, broken: Option<&str>| {
        operator_one(&OperatorOneView {
            name,
            row,
            subscription_id: Some(SUBSCRIPTION),
            from: TENANT,
            route: ("two-party", "public"),
            their_reference: Some("T-1"),
            execution: "arn:aws:states:eu-central-1:123456789012:execution:mooring-association:onb-01JV000000000000000000000A",
            updated_at: at("2026-05-12T10:00:00Z"),
            unreachable: &[Actor::PartnerAdmin],
            reminders: 2,
            viewer: "01JV000000000000000000000A.v.example",
            anew: why.map(|_| &anew),
            acts: &OperatorAct::ALL.map(|act| (act, why)),
            did,
            left: if row.status == Status::Done { &left } else { &[] },
            feedback: if row.status == Status::Done { &feedback } else { &[] },
            undone: if why.is_some() { &undone } else { &[] },
            mails: if why.is_some() { &[] } else { &mails },
            trail: &trail,
            broken: broken.map(str::to_owned),
        })
    };
    let waiting = row(Status::Waiting, Some(WaitKind::Confirm), None);
    states.add("operator_one", one(&waiting, "remind", None, None));
    states.add("operator_one-done", one(&row(Status::Done, None, None), "", None, None));
    states.add("operator_one-nothing", one(&waiting, "nothing", None, Some("entry 2 does not hold")));
    let failed = row(Status::Failed, None, Some("Subscription.NotMovable"));
    states.add("operator_one-over", one(&failed, "", Some(OperatorNotNow::Over), None));
    let act = |act, offer: Result<&OperatorOffer, OperatorNotNow>, values: &Fields, problems: &[Problem]| {
        operator_act(&OperatorActView { name, id: &id, act, offer, about: "w1", values, problems })
    };
    let (none, both) = (Fields::default(), vec![Actor::Owner, Actor::PartnerAdmin]);
    for (name, which, offer) in [
        ("remind", OperatorAct::Remind, OperatorOffer::Remind(Actor::Owner, "rosa@outlook.com".into())),
        ("extend", OperatorAct::Extend, OperatorOffer::Extend(Actor::Owner, at("2026-05-19T10:00:00Z"))),
        ("reassign", OperatorAct::Reassign, OperatorOffer::Reassign(both.clone())),
        ("reassign-guest", OperatorAct::Reassign, OperatorOffer::Reassign(vec![Actor::PartnerAdmin])),
        ("retry-look", OperatorAct::Retry, OperatorOffer::Retry(Again::Look)),
        ("retry-tell", OperatorAct::Retry, OperatorOffer::Retry(Again::Tell)),
        ("retry-anew", OperatorAct::Retry, OperatorOffer::Retry(Again::Anew)),
        ("cancel", OperatorAct::Cancel, OperatorOffer::Cancel),
    ] {
        states.add(&format!("operator_act-{name}"), act(which, Ok(&offer), &none, &[]));
    }
    for (name, wrong) in [
        ("no-part", ReassignWrong::NoPart),
        ("not-one", ReassignWrong::NotOne),
        ("same", ReassignWrong::SamePerson),
        ("guest", ReassignWrong::Guest),
    ] {
        let offer = OperatorOffer::Reassign(both.clone());
        let typed = fields(&[("part", "owner"), ("new-email", "nobody")]);
        let page = act(OperatorAct::Reassign, Ok(&offer), &typed, &[reassign_wrong(wrong)]);
        states.alike(format!("operator_act-wrong-{name}"), page);
    }
    for why in OperatorNotNow::ALL {
        states.alike(format!("operator_act-{why:?}"), act(OperatorAct::Retry, Err(why), &none, &[]));
    }
}

#[test]
fn every_page_has_a_state_that_is_looked_at() -> Result<()> {
    let names: Vec<String> = states().0.into_iter().map(|state| state.name).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/web/src/pages");
    let mut pages = 0;
    for file in std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let source = std::fs::read_to_string(file?.path())?;
        for line in source.lines().filter(|line| line.starts_with("pub fn ") && line.contains("-> Markup")) {
            let name = line.trim_start_matches("pub fn ").split('(').next().unwrap_or_default();
            ensure!(
                names.iter().any(|state| state.split('-').next() == Some(name)),
                "the page {name} has no state in tests/suite/states.rs: add one"
            );
            pages += 1;
        }
    }
    ensure!(pages > 15, "only {pages} pages were found in {}", folder.display());
    Ok(())
}

#[test]
fn every_state_of_every_page_can_be_used_by_everybody_in_both_languages() -> Result<()> {
    run(async |case| {
        for (language, prefix) in [("en", ""), ("de", "de-")] {
            let locale = texts::Locale::new(texts::Language::parse(language).context("no such language")?, None);
            let states = texts::within(locale, states);
            let shown: Vec<Value> = states
                .0
                .into_iter()
                .map(|state| {
                    let narrow = state.alike || language != "en";
                    json!({"name": format!("{prefix}{}", state.name), "html": state.html, "narrow": narrow})
                })
                .collect();
            ensure!(shown.len() > 100, "only {} states", shown.len());
            let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
            let task = json!({
                "task": "states", "portal": case.stack().portal(), "states": shown, "fewLooks": true, "pictures": pictures,
            });
            browse(&task).await?;
        }
        Ok(())
    })
}
