//! The races between a person, the state machine, the clock and whatever breaks, each by its number in the design (R1 to R11), and five
//! hundred random interleavings of all of them. Most run on the part of the deployed state machine in which it waits, alone.

use std::hash::{BuildHasher as _, Hasher as _};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use local::{Manner, Person, SignInPage, Stack};
use onboarding::{OnboardingId, Outcome};
use serde_json::{Value, json};
use signal::Signal;
use store::{Recorded, Store};
use tokio::sync::OnceCell;

use crate::waits::{PARK, count, now, sweep};
use crate::world::{CLOUD, OWNER_SIGN_IN, PATIENCE, run, states_of, until};

/// How many random interleavings there are, and how many run side by side.
const INTERLEAVINGS: usize = 500;
const LANES: usize = 8;
/// Replays a failure: `RACE_SEED=… cargo test`.
const SEED: Option<&str> = option_env!("RACE_SEED");
/// Where a sign-in leads on from the wait, and where a cancelled one does.
const ON: &str = "1 Use existing directory";
const END: &str = "Release";

/// The client that the functions have, on the emulator as its administrator.
async fn aws(address: &str) -> SdkConfig {
    let credentials = aws_sdk_dynamodb::config::Credentials::new("test", "test", None, None, "tests");
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .endpoint_url(address)
        .region(Region::new(local::REGION))
        .credentials_provider(credentials)
        .load()
        .await
}

/// What chance has in store, the same again for the same seed.
#[derive(Clone)]
struct Chance(u64);

impl Chance {
    fn up_to(&mut self, most: u64) -> u64 {
        // Xorshift: good enough to vary a delay.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % (most + 1)
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.up_to(many - 1) == 0
    }
}

/// The part of the deployed machine in which it waits: it begins with the park and ends where it would go on. What takes time or another
/// function there (the pause, the renewal of the parking) is left out; all that reads and decides is as deployed.
async fn waiting_room(stack: &'static Stack) -> Result<&'static str> {
    static ROOM: OnceCell<String> = OnceCell::const_new();
    let make = async || {
        let arn = stack.output("StateMachineArn")?;
        let machine =
            stack.aws().call("stepfunctions", "describe_state_machine", json!({ "stateMachineArn": arn })).await?;
        let definition: Value = serde_json::from_str(machine["definition"].as_str().unwrap_or_default())?;
        let states = &definition["States"];
        let mut part = json!({
            "Begin": {
                "Type": "Pass",
                "Assign": {
                    "onboardingId": "{% $states.input.onboardingId %}", "waitId": "{% $states.input.waitId %}",
                    "reminders": 0, "interrupted": 0, "ended": "none", "outcome": "none", "ending": "none",
                    "error": "none", "resume": "use-existing-directory",
                },
                "Next": PARK,
            },
            PARK: states[PARK], "Load outcome": states["Load outcome"], "Continue": states["Continue"],
            "Remind": { "Type": "Pass", "Assign": { "reminders": "{% $reminders + 1 %}" }, "Next": PARK },
            "Pause": { "Type": "Pass", "Next": PARK },
            END: { "Type": "Succeed", "Output": "{% {'ending': $ending} %}" },
        });
        let ways = states["Continue"]["Choices"].as_array().context("the machine has no ways on")?;
        for next in ways.iter().filter_map(|way| way["Next"].as_str()) {
            if part[next].is_null() {
                part[next] = json!({ "Type": "Succeed", "Output": "{% {'ending': $ending} %}" });
            }
        }
        ensure!(!part[ON].is_null(), "the machine goes on elsewhere than to step 1");
        let room = json!({ "QueryLanguage": "JSONata", "StartAt": "Begin", "States": part });
        let create = json!({
            "name": "waiting-room", "definition": room.to_string(), "roleArn": machine["roleArn"], "type": "STANDARD",
        });
        let answer = stack.aws().call("stepfunctions", "create_state_machine", create).await?;
        answer["stateMachineArn"].as_str().map(ToOwned::to_owned).context("no ARN for the waiting room")
    };
    ROOM.get_or_try_init(make).await.map(String::as_str)
}

/// One wait of nobody, and all that can happen to it.
struct Wait {
    stack: &'static Stack,
    store: Store,
    signal: Signal,
    room: &'static str,
    id: OnboardingId,
    wait: String,
    key: Value,
}

impl Wait {
    /// Asked, and the machine not started. `number` is no other test's.
    async fn open(stack: &'static Stack, number: u128) -> Result<Self> {
        let aws = aws(&stack.emulator()).await;
        let (id, wait) = (OnboardingId::from_parts(1_780_000_000_000, number), "2026-11-23T10:00:00.000Z".to_owned());
        let key = json!({ "pk": { "S": format!("ONB#{id}") }, "sk": { "S": format!("WAIT#{wait}") } });
        let table = stack.output("OnboardingTable")?;
        stack.aws().call("dynamodb", "put_item", json!({ "TableName": table, "Item": key })).await?;
        Ok(Self {
            store: Store::new(&aws, table.to_owned(), String::new()),
            signal: Signal::new(&aws),
            room: waiting_room(stack).await?,
            stack,
            id,
            wait,
            key,
        })
    }

    /// Starts the machine; answers the execution.
    async fn start(&self) -> Result<String> {
        let input = json!({ "onboardingId": self.id, "waitId": self.wait }).to_string();
        let start = json!({ "stateMachineArn": self.room, "name": format!("race-{}", self.id), "input": input });
        let answer = self.stack.aws().call("stepfunctions", "start_execution", start).await?;
        answer["executionArn"].as_str().map(ToOwned::to_owned).context("no ARN for the race")
    }

    async fn item(&self) -> Result<Value> {
        let get =
            json!({ "TableName": self.stack.output("OnboardingTable")?, "Key": self.key, "ConsistentRead": true });
        Ok(self.stack.aws().call("dynamodb", "get_item", get).await?["Item"].take())
    }

    async fn token(&self) -> Result<Option<String>> {
        Ok(self.item().await?["taskToken"]["S"].as_str().map(str::to_owned))
    }

    /// Waits until the machine has parked; answers the token and when it parked.
    async fn parked(&self, not_at: Option<&str>) -> Result<(String, String)> {
        until("the machine parks", PATIENCE, async || {
            let item = self.item().await?;
            let text = |name: &str| item[name]["S"].as_str().map(str::to_owned);
            Ok(text("taskToken").zip(text("tokenAt")).filter(|(_, at)| Some(at.as_str()) != not_at))
        })
        .await
    }

    /// A callback as the functions run it: record, then tell whoever waits. A crash in between only records.
    async fn act(&self, outcome: Outcome, by: &str, crashes: bool) -> Result<Recorded> {
        if crashes {
            return Ok(self.store.record_outcome(&self.id, &self.wait, outcome, by, now()).await?);
        }
        Ok(self.signal.end_wait(&self.store, &self.id, &self.wait, outcome, by, now()).await?)
    }

    /// The emulator's clock can't be moved: what it would send is sent.
    async fn fail(&self, token: &str, error: &str) -> Result<()> {
        let failure = json!({ "taskToken": token, "error": error, "cause": "a test" });
        // A token that is used up is refused, which is an answer too.
        let _ = self.stack.aws().call("stepfunctions", "send_task_failure", failure).await;
        Ok(())
    }

    /// Waits until the machine has gone on; answers the states it went through. With `swept` the schedule runs meanwhile.
    async fn gone_on(&self, execution: &str, swept: bool) -> Result<Vec<String>> {
        let begun = Instant::now();
        loop {
            let status = self.stack.execution(execution).await?["status"].take();
            if status != "RUNNING" {
                ensure!(status == "SUCCEEDED", "the machine ended as {status}");
                return Ok(states_of(&self.stack.history(execution).await?));
            }
            ensure!(begun.elapsed() < PATIENCE, "the machine was never told: {}", self.item().await?);
            if swept && begun.elapsed() > Duration::from_millis(300) {
                sweep(self.stack).await?;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What holds however it went: one outcome, the machine where that outcome leads, each end reached once, and no token left.
    async fn is_whole(&self, states: &[String], recorded: Outcome) -> Result<()> {
        let item = self.item().await?;
        ensure!(item["outcome"]["S"] == recorded.as_str(), "{recorded} was first, and {item} is recorded");
        let to = if recorded == Outcome::Cancelled { END } else { ON };
        ensure!(states.last().is_some_and(|last| last == to), "{recorded} leads to {to}, and not {states:?}");
        ensure!(count(states, to) == 1 && count(states, "Begin") == 1, "done twice: {states:?}");
        Ok(())
    }

    /// Forgets it, so that the tests that look through everything have less to look through.
    async fn forget(&self) -> Result<()> {
        let delete = json!({ "TableName": self.stack.output("OnboardingTable")?, "Key": self.key });
        self.stack.aws().call("dynamodb", "delete_item", delete).await.map(drop)
    }
}

fn first(recorded: &Recorded) -> bool {
    matches!(recorded, Recorded::First { .. })
}

#[test]
fn r1_an_answer_before_the_token_is_stored_is_read_and_not_waited_for() -> Result<()> {
    run(async |case| {
        for number in 0..8 {
            let wait = Wait::open(case.stack(), 10_000 + number).await?;
            ensure!(first(&wait.act(Outcome::SignedIn, "owner", false).await?));
            let execution = wait.start().await?;
            let states = wait.gone_on(&execution, false).await?;
            wait.is_whole(&states, Outcome::SignedIn).await?;
            ensure!(states == ["Begin", PARK, "Load outcome", "Continue", ON], "{states:?}");
            ensure!(wait.token().await?.is_none(), "the machine parked on what was done already");
        }
        Ok(())
    })
}

#[test]
fn r2_an_answer_that_beat_the_clock_counts_although_the_time_is_over() -> Result<()> {
    run(async |case| {
        for number in 0..12 {
            let wait = Wait::open(case.stack(), 11_000 + number).await?;
            let execution = wait.start().await?;
            let (token, _) = wait.parked(None).await?;
            // Recorded, and before it is told the time is over; or both at once.
            if number % 2 == 0 {
                wait.act(Outcome::SignedIn, "owner", true).await?;
                wait.fail(&token, "States.Timeout").await?;
            } else {
                tokio::try_join!(wait.act(Outcome::SignedIn, "owner", false), wait.fail(&token, "States.Timeout"))?;
            }
            let states = wait.gone_on(&execution, false).await?;
            wait.is_whole(&states, Outcome::SignedIn).await?;
        }
        Ok(())
    })
}

#[test]
fn r3_of_many_clicks_one_counts_and_the_others_are_told_the_same() -> Result<()> {
    run(async |case| {
        for number in 0..6 {
            let wait = Wait::open(case.stack(), 12_000 + number).await?;
            let execution = wait.start().await?;
            wait.parked(None).await?;
            let click = || wait.act(Outcome::SignedIn, "owner", false);
            let (a, b, c, d) = tokio::try_join!(click(), click(), click(), click())?;
            let states = wait.gone_on(&execution, false).await?;
            wait.is_whole(&states, Outcome::SignedIn).await?;
            let late = click().await?;
            let clicks = [&a, &b, &c, &d, &late];
            ensure!(clicks.iter().filter(|click| first(click)).count() == 1, "{clicks:?}");
            for click in clicks.into_iter().filter(|click| !first(click)) {
                let told = matches!(click, Recorded::Before { outcome: Outcome::SignedIn, by, .. } if by == "owner");
                ensure!(told, "{click:?}");
            }
            ensure!(wait.token().await?.is_none(), "a used task token is kept");
        }
        Ok(())
    })
}

#[test]
fn r4_an_answer_whose_signal_was_lost_in_a_crash_is_signalled_by_the_sweep() -> Result<()> {
    run(async |case| {
        let wait = Wait::open(case.stack(), 13_000).await?;
        let execution = wait.start().await?;
        wait.parked(None).await?;
        wait.act(Outcome::SignedIn, "owner", true).await?;
        assert_eq!(case.stack().execution(&execution).await?["status"], "RUNNING");
        let states = wait.gone_on(&execution, true).await?;
        wait.is_whole(&states, Outcome::SignedIn).await?;
        let item = wait.item().await?;
        ensure!(item["signalledAt"]["S"].is_string() && item["dueBucket"].is_null(), "{item}");
        Ok(())
    })
}

#[test]
fn r5_when_the_parking_is_repeated_the_newest_token_counts_and_the_old_one_does_nothing() -> Result<()> {
    run(async |case| {
        let wait = Wait::open(case.stack(), 14_000).await?;
        let execution = wait.start().await?;
        let (old, at) = wait.parked(None).await?;
        wait.fail(&old, "DynamoDb.InternalServerErrorException").await?;
        let (_, again) = wait.parked(Some(&at)).await?;
        wait.fail(&old, "States.Timeout").await?;
        // Where the emulator reuses the token, that ended the second parking, and there is a third; on AWS it did nothing.
        tokio::time::sleep(Duration::from_secs(1)).await;
        ensure!(wait.parked(Some(&at)).await?.1 >= again, "an older parking came back");
        wait.act(Outcome::SignedIn, "owner", false).await?;
        let states = wait.gone_on(&execution, true).await?;
        wait.is_whole(&states, Outcome::SignedIn).await?;
        ensure!(count(&states, PARK) >= 2, "{states:?}");
        Ok(())
    })
}

#[test]
fn r6_who_comes_back_after_the_execution_was_stopped_is_told_so_and_nothing_is_recorded() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        onboarding.waits_for("sign-in", "owner").await?;
        let mail = onboarding.owner.wait_for_mail(case.stack(), OWNER_SIGN_IN, PATIENCE).await?;
        let to_the_return = Manner { stops_at: Some(SignInPage::Return), ..Manner::default() };
        let page = onboarding.owner.sign_in_from(case.stack(), &mail, &to_the_return).await?;
        let stop = json!({ "executionArn": onboarding.execution, "cause": "an operator's decision" });
        case.stack().aws().call("stepfunctions", "stop_execution", stop).await?;
        onboarding.ended("failed").await?;
        let before = onboarding.everything().await?;
        let page = onboarding.owner.browser.follow_redirect(&page).await?;
        page.expect_text("moved on")?;
        ensure!(!onboarding.record().await?.keys().any(|key| key.starts_with("CRED#")), "a sign-in was kept");
        // Only what belongs to the browser's own session has changed.
        let kept = |text: &str| text.lines().filter(|line| line.contains("\"outcome\"")).count();
        assert_eq!(kept(&before), kept(&onboarding.everything().await?));
        Ok(())
    })
}

#[test]
fn r7_an_execution_whose_onboarding_another_one_works_on_stops_and_touches_nothing() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        onboarding.waits_for("sign-in", "owner").await?;
        // As after an operator's restart: the record names another execution.
        let update = json!({
            "TableName": case.stack().output("OnboardingTable")?,
            "Key": { "pk": { "S": format!("ONB#{}", onboarding.id) }, "sk": { "S": "META" } },
            "UpdateExpression": "SET execution = :other",
            "ExpressionAttributeValues": { ":other": { "S": format!("{}-again", onboarding.execution) } },
        });
        case.stack().aws().call("dynamodb", "update_item", update).await?;
        let mail = onboarding.owner.wait_for_mail(case.stack(), OWNER_SIGN_IN, PATIENCE).await?;
        onboarding.owner.sign_in_from(case.stack(), &mail, &Manner::default()).await?;
        until("the old execution ends", PATIENCE, async || {
            Ok((onboarding.execution_status().await? != "RUNNING").then_some(()))
        })
        .await?;
        let states = onboarding.states().await?;
        ensure!(states.last().is_some_and(|last| last == "Superseded"), "{states:?}");
        ensure!(count(&states, "Release") == 0, "{states:?}");
        let meta = onboarding.meta().await?;
        ensure!(meta["ending"].is_null() && meta["status"] != "failed", "{meta:#}");
        Ok(())
    })
}

#[test]
fn r8_a_signal_that_step_functions_does_not_take_is_given_later() -> Result<()> {
    run(async |case| {
        let wait = Wait::open(case.stack(), 40_000).await?;
        let execution = wait.start().await?;
        wait.parked(None).await?;
        // Nobody answers there.
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let deaf = Signal::new(&aws(&format!("http://127.0.0.1:{port}")).await);
        let recorded = deaf.end_wait(&wait.store, &wait.id, &wait.wait, Outcome::SignedIn, "owner", now()).await?;
        ensure!(first(&recorded), "{recorded:?}");
        assert_eq!(case.stack().execution(&execution).await?["status"], "RUNNING");
        let states = wait.gone_on(&execution, true).await?;
        wait.is_whole(&states, Outcome::SignedIn).await
    })
}

#[test]
fn r9_no_function_is_trusted_with_a_task_token() -> Result<()> {
    let machine: Value = serde_json::from_str(include_str!("../../infra/association.asl.json"))?;
    let states = machine["States"].as_object().context("no states")?;
    let waits = |state: &Value| state["Resource"].as_str().is_some_and(|it| it.ends_with(".waitForTaskToken"));
    let waiting: Vec<_> = states.iter().filter(|(_, state)| waits(state)).collect();
    ensure!(waiting.len() == 1 && waiting[0].0 == PARK, "{waiting:?}");
    ensure!(waiting[0].1["Resource"] == "arn:aws:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken");
    for (name, state) in states.iter().filter(|(name, _)| *name != PARK) {
        ensure!(!state.to_string().contains("Task.Token"), "{name} hands the task token on");
    }
    // What an update answers would stand in the history for ninety days, the token in it.
    ensure!(waiting[0].1["Arguments"]["ReturnValues"].is_null());
    Ok(())
}

#[test]
fn r10_no_wait_needs_a_heartbeat_and_one_that_is_missed_all_the_same_parks_again() -> Result<()> {
    let machine: Value = serde_json::from_str(include_str!("../../infra/association.asl.json"))?;
    ensure!(!machine.to_string().contains("HeartbeatSeconds"), "people have no heartbeat");
    run(async |case| {
        let wait = Wait::open(case.stack(), 16_000).await?;
        let execution = wait.start().await?;
        let (token, at) = wait.parked(None).await?;
        wait.fail(&token, "States.HeartbeatTimeout").await?;
        wait.parked(Some(&at)).await?;
        wait.act(Outcome::SignedIn, "owner", false).await?;
        let states = wait.gone_on(&execution, true).await?;
        wait.is_whole(&states, Outcome::SignedIn).await?;
        assert_eq!(count(&states, "Remind"), 1);
        Ok(())
    })
}

#[test]
fn r11_who_signed_in_first_stays_whoever_signs_in_after() -> Result<()> {
    run(async |case| {
        let mut onboarding = case.onboarding()?;
        onboarding.start_by_form().await?;
        let mail = onboarding.owner.wait_for_mail(case.stack(), OWNER_SIGN_IN, PATIENCE).await?;
        // Two sign-ins are begun with the same link; the owner's comes back first, another account's after it.
        let to_the_return = Manner { stops_at: Some(SignInPage::Return), ..Manner::default() };
        let right = onboarding.owner.sign_in_from(case.stack(), &mail, &to_the_return).await?;
        let mut other = Person::of(case.stack(), CLOUD, &onboarding.pair.second_account)?;
        let wrong = other.sign_in_from(case.stack(), &mail, &to_the_return).await?;
        onboarding.owner.browser.follow_redirect(&right).await?.expect_text("Thanks, that worked")?;
        onboarding.waits_for("sign-in", "partner-admin").await?;
        let meta = onboarding.meta().await?;
        let late = other.browser.follow_redirect(&wrong).await?;
        late.expect_text("moved on")?;
        assert_eq!(onboarding.meta().await?["ownerOid"], meta["ownerOid"]);
        let credentials = onboarding.record().await?.keys().filter(|key| key.starts_with("CRED#owner")).count();
        assert_eq!(credentials, 1);
        Ok(())
    })
}

/// One interleaving: the machine parks, the person acts once or twice, somebody cancels, the time is over, and any of the acts may crash
/// before it tells; each when chance has it.
async fn interleave(stack: &'static Stack, number: u128, chance: &mut Chance) -> Result<(Outcome, bool)> {
    let wait = Wait::open(stack, 20_000 + number).await?;
    let mut delay = |most: u64| Duration::from_millis(chance.up_to(most));
    let (machine, one, two, cancels, time) = (delay(30), delay(500), delay(500), delay(500), delay(60));
    let (crash_one, crash_two, crash_cancel) = (chance.one_in(3), chance.one_in(3), chance.one_in(3));
    let (twice, cancelled, times_out) = (!chance.one_in(3), chance.one_in(2), chance.one_in(2));
    let act = async |after: Duration, outcome: Outcome, by: &str, crashes: bool, happens: bool| {
        tokio::time::sleep(after).await;
        if happens { wait.act(outcome, by, crashes).await.map(Some) } else { Ok(None) }
    };
    let (execution, one, two, cancelled, ()) = tokio::try_join!(
        async {
            tokio::time::sleep(machine).await;
            wait.start().await
        },
        act(one, Outcome::SignedIn, "owner", crash_one, true),
        act(two, Outcome::SignedIn, "owner", crash_two, twice),
        act(cancels, Outcome::Cancelled, "partner-admin", crash_cancel, cancelled),
        async {
            tokio::time::sleep(time).await;
            for _ in 0..50 {
                if let (true, Some(token)) = (times_out, wait.token().await?) {
                    return wait.fail(&token, "States.Timeout").await;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Ok(())
        },
    )?;
    let acts: Vec<&Recorded> = [&one, &two, &cancelled].into_iter().flatten().collect();
    let firsts = acts.iter().filter(|act| first(act)).count();
    ensure!(firsts == 1, "of {} acts {firsts} were first", acts.len());
    let recorded = if cancelled.as_ref().is_some_and(first) { Outcome::Cancelled } else { Outcome::SignedIn };
    let states = wait.gone_on(&execution, true).await?;
    wait.is_whole(&states, recorded).await?;
    wait.forget().await?;
    Ok((recorded, count(&states, PARK) > 1))
}

#[test]
fn five_hundred_random_interleavings_lose_nothing_and_do_nothing_twice() -> Result<()> {
    run(async |case| {
        let stack = case.stack();
        let seed = match SEED {
            Some(seed) => seed.parse().context("RACE_SEED is a number")?,
            None => std::hash::RandomState::new().build_hasher().finish() | 1,
        };
        println!("RACE_SEED={seed}");
        let begun = Instant::now();
        let lane = async |lane: usize| {
            let (mut cancelled, mut parked_again) = (0, 0);
            for number in (lane..INTERLEAVINGS).step_by(LANES) {
                // Each has its own chances, so that one can be replayed whatever the others did.
                let mut chance = Chance(seed ^ (u64::try_from(number)? + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
                let went = Box::pin(interleave(stack, u128::try_from(number)?, &mut chance)).await;
                let went = went.with_context(|| format!("interleaving {number}, RACE_SEED={seed}"))?;
                cancelled += usize::from(went.0 == Outcome::Cancelled);
                parked_again += usize::from(went.1);
            }
            Ok::<_, anyhow::Error>((cancelled, parked_again))
        };
        let lanes = tokio::try_join!(lane(0), lane(1), lane(2), lane(3), lane(4), lane(5), lane(6), lane(7))?;
        let lanes = [lanes.0, lanes.1, lanes.2, lanes.3, lanes.4, lanes.5, lanes.6, lanes.7];
        let cancelled: usize = lanes.iter().map(|lane| lane.0).sum();
        let parked_again: usize = lanes.iter().map(|lane| lane.1).sum();
        println!(
            "{INTERLEAVINGS} interleavings in {:.0} s: {cancelled} cancelled, {parked_again} parked again",
            begun.elapsed().as_secs_f64()
        );
        // Chance must have had it both ways, or the test shows little.
        ensure!(cancelled > 20 && cancelled < INTERLEAVINGS - 20, "{cancelled} were cancelled");
        ensure!(parked_again > 20, "{parked_again} parked again");
        Ok(())
    })
}
