//! The `mooring` command.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use clap::{Args, Parser, Subcommand, ValueEnum};
use impact::evidence::Pack;
use tokio::signal::unix::{SignalKind, signal};

use crate::console::Console;
use crate::stack::{Stack, StackOptions};
use crate::walkthrough::{self, Route};

/// Associates an Azure subscription with a Partner Center directory, all on this machine: the real functions, state
/// machine and template on an AWS emulator, and a simulated Microsoft cloud.
#[derive(Debug, Parser)]
#[command(name = "mooring", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    stack: StackArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Everything up, one subscription associated end to end by two simulated people, then the portal stays open
    /// (the default).
    Demo(DemoArgs),
    /// Everything up without the walk-through; a file with every endpoint is written and its path printed.
    Up,
    /// Checks an evidence pack that was downloaded from an onboarding's page: the chain of the trail, its end, and the receipt.
    /// Needs nothing but the file.
    Verify {
        /// The pack.
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
struct DemoArgs {
    /// End after the receipt: 0 when the subscription was associated, something else and the reason when not.
    #[arg(long)]
    exit: bool,
    /// Who accepts the subscription in the partner's directory.
    #[arg(long, value_enum, default_value_t = RouteArg::TwoParty)]
    route: RouteArg,
    /// Where the receipt is written as JSON [default: .mooring/run/receipt.json].
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
}

impl Default for DemoArgs {
    fn default() -> Self {
        Self { exit: false, route: RouteArg::TwoParty, receipt: None }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RouteArg {
    /// The owner initiates, the partner's administrator accepts.
    TwoParty,
    /// The owner becomes a guest of the partner's directory and accepts in person.
    SingleAccount,
}

#[derive(Debug, Args)]
struct StackArgs {
    /// The portal's port [default: 4180, or a free one when that is taken].
    #[arg(long, global = true, value_name = "PORT")]
    portal_port: Option<u16>,
    /// The AWS emulator's port [default: a free one].
    #[arg(long, global = true, value_name = "PORT")]
    aws_port: Option<u16>,
    /// The simulated Microsoft cloud's port [default: a free one].
    #[arg(long, global = true, value_name = "PORT")]
    microsoft_port: Option<u16>,
    /// Do not check the functions' calls against their IAM roles (they are checked by default).
    #[arg(long, global = true)]
    no_auth: bool,
}

/// Reads the command line and does what it says; Ctrl-C stops everything that was started.
#[must_use]
pub fn command_line() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&anyhow!(error).context("cannot start")),
    };
    let outcome = runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).context("cannot listen for signals")?;
        tokio::select! {
            done = run(cli) => done.map(|()| ExitCode::SUCCESS),
            _ = tokio::signal::ctrl_c() => Ok(ExitCode::from(130)),
            _ = terminate.recv() => Ok(ExitCode::from(143)),
        }
    });
    // Blocking work that was given up must not hold up the end.
    runtime.shutdown_timeout(Duration::from_secs(2));
    outcome.unwrap_or_else(|error| fail(&error))
}

async fn run(cli: Cli) -> Result<()> {
    let console = Console::new();
    let options = StackOptions {
        enforce_iam: !cli.stack.no_auth,
        portal_port: cli.stack.portal_port,
        emulator_port: cli.stack.aws_port,
        microsoft_port: cli.stack.microsoft_port,
        ..StackOptions::default()
    };
    match cli.command.unwrap_or(Command::Demo(DemoArgs::default())) {
        Command::Verify { file } => verify(&file, &console),
        Command::Up => {
            console.heading("Bringing the stack up");
            let stack = Box::pin(Stack::up(options, &console)).await?;
            let path = stack.write_endpoints()?;
            invite(&stack, &console);
            console.line(format_args!("\nEvery endpoint: {}", path.display()));
            stay(&stack, &console).await
        }
        Command::Demo(demo) => {
            console.heading("Bringing the stack up");
            let stack = Box::pin(Stack::up(options, &console)).await?;
            let route = match demo.route {
                RouteArg::TwoParty => Route::TwoParty,
                RouteArg::SingleAccount => Route::SingleAccount,
            };
            let receipt = Box::pin(walkthrough::associate(&stack, route, &console)).await?;
            receipt.print(&console);
            let path = receipt.write(demo.receipt.as_deref(), &stack)?;
            console.line(format_args!("\nReceipt: {}", path.display()));
            if demo.exit {
                return Ok(());
            }
            let endpoints = stack.write_endpoints()?;
            invite(&stack, &console);
            console.line(format_args!("\nEvery endpoint: {}", endpoints.display()));
            stay(&stack, &console).await
        }
    }
}

/// Says what a pack holds, or why it is not believed.
fn verify(file: &Path, console: &Console) -> Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let pack: Pack = serde_json::from_str(&text)
        .with_context(|| format!("{} is not an evidence pack: download it from the page “Evidence”", file.display()))?;
    let verified = pack.verify().with_context(|| format!("{} is NOT to be believed", file.display()))?;
    console.heading("The pack holds together");
    console.line(format_args!("  onboarding    {}", pack.onboarding_id));
    console.line(format_args!("  subscription  {}", pack.subscription_id));
    console.line(format_args!("  from, to      {} {}", pack.source_tenant_id, pack.partner_tenant_id));
    console.line(format_args!("  trail         {} entries, each covers the one before", verified.entries));
    console.line(format_args!("  receipt       {}", verified.receipt.as_deref().unwrap_or("none yet")));
    console.line(format_args!("  head          {}", verified.head));
    console.line("\nCompare the head with what the other person sees, or with an earlier pack.");
    Ok(())
}

/// What somebody needs to try it by hand.
fn invite(stack: &Stack, console: &Console) {
    console.heading("Try it by hand");
    console.line(format_args!("  portal     {}", stack.portal()));
    console.line(format_args!("  operators  {}/operator (sign in as olga@ops.contoso.com)", stack.portal()));
    console.line(format_args!("  mails      {}", stack.inbox()));
    console.line(format_args!("  microsoft  {}/control (ledger, requests, faults)", stack.microsoft()));
    let Some(public) = stack.scenario().clouds.get("public") else {
        return;
    };
    console.line("\n  Simulated accounts (password, code of the authenticator):");
    for person in &public.people {
        console.line(format_args!(
            "    {:<42} {:<10} {:<8} {}",
            person.email, person.password, person.mfa_code, person.display_name
        ));
    }
    console.line("\n  Partner directories (domain, Partner Center account of):");
    for partner in &public.partner_center {
        if let Some(tenant) = public.tenants.iter().find(|it| it.tenant_id == partner.tenant_id) {
            console.line(format_args!("    {:<42} {}", tenant.default_domain, partner.email));
        }
    }
    console.line("\n  Subscriptions (as they were at the start):");
    for subscription in &public.subscriptions {
        let directory = public
            .tenants
            .iter()
            .find(|tenant| tenant.tenant_id == subscription.tenant_id)
            .map_or(subscription.tenant_id.as_str(), |tenant| &tenant.display_name);
        console.line(format_args!(
            "    {}  {:<18} in {directory}, {}, {}",
            subscription.subscription_id, subscription.display_name, subscription.quota_id, subscription.state
        ));
    }
}

/// Until Ctrl-C, or until something that is needed has gone.
async fn stay(stack: &Stack, console: &Console) -> Result<()> {
    console.line("\nCtrl-C stops everything.");
    loop {
        tokio::time::sleep(Duration::from_secs(5)).await;
        stack.mails().await.context("the AWS emulator has gone")?;
    }
}

#[expect(clippy::print_stderr, reason = "the command's own last word")]
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("\nmooring: {error:#}");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_pack_is_refused_with_what_to_do() {
        let file = std::env::temp_dir().join(format!("no-pack-{}.json", std::process::id()));
        std::fs::write(&file, "{}").unwrap();
        let refused = verify(&file, &Console::quiet()).unwrap_err();
        std::fs::remove_file(&file).unwrap();
        assert!(format!("{refused:#}").contains("not an evidence pack"), "{refused:#}");
        let gone = verify(&file, &Console::quiet()).unwrap_err();
        assert!(format!("{gone:#}").contains("cannot read"), "{gone:#}");
    }
}
