//! The simulated Microsoft cloud, alone.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use simulated_microsoft::{Options, Scenario, SimulatedMicrosoft};

/// A simulated Microsoft cloud on loopback: Entra ID, Microsoft Graph, Azure Resource Manager and Partner Center.
///
/// Base addresses are http://127.0.0.1:PORT/{cloud}/login, …/arm, …/graph (v1.0 below it) and …/partner-center, where
/// {cloud} is public, us-government, us-government-dod, china or germany. What happened is read at …/control/ledger,
/// /control/requests, /control/violations and /control/state.
#[derive(Debug, Parser)]
#[command(name = "simulated-microsoft")]
struct Arguments {
    /// The port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 4010)]
    port: u16,
    /// A scenario in JSON; without it the default one.
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// Prints the default scenario and ends.
    #[arg(long)]
    print_scenario: bool,
}

#[tokio::main]
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program talks to its user")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.print_scenario {
        println!("{}", Scenario::default_json());
        return ExitCode::SUCCESS;
    }
    let scenario = match arguments.scenario.as_ref().map(read).transpose() {
        Ok(scenario) => scenario.unwrap_or_else(Scenario::standard),
        Err(problem) => {
            eprintln!("{problem}");
            return ExitCode::FAILURE;
        }
    };
    match SimulatedMicrosoft::start(Options { port: arguments.port, scenario }).await {
        Ok(handle) => {
            println!("{}", handle.base_url());
            // Ctrl+C ends it; should the signal be out of reach, it runs until it is killed.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
            handle.shutdown().await;
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("failed to start on port {}: {error}", arguments.port);
            ExitCode::FAILURE
        }
    }
}

fn read(path: &PathBuf) -> Result<Scenario, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("failed to read {}: {error}", path.display()))?;
    Scenario::from_json(&text).map_err(|error| format!("{}: {error}", path.display()))
}
