//! Children that never outlive us: each leads a process group of its own, and the group ends with its guard.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

/// How long a service may take to stop by itself.
const GRACE: Duration = Duration::from_secs(4);

/// A service that runs as long as this value lives.
///
/// It holds the write end of the child's standard input: the child watches it and stops at its end, so that it goes
/// even when we are killed and no destructor runs.
#[derive(Debug)]
pub(crate) struct Service {
    child: Child,
    name: &'static str,
    log: PathBuf,
}

impl Service {
    /// Starts the command with its output in the log file.
    pub(crate) fn start(name: &'static str, mut command: Command, log: &Path) -> Result<Self> {
        use std::os::unix::process::CommandExt;

        let file = File::create(log).with_context(|| format!("cannot create {}", log.display()))?;
        let errors = file.try_clone().context("cannot share the log file")?;
        let child = command
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(file)
            .stderr(errors)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        Ok(Self { child, name, log: log.to_path_buf() })
    }

    /// Fails with the end of the log when the service is no longer there.
    pub(crate) fn check(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait().with_context(|| format!("cannot ask after {}", self.name))? {
            bail!("{} ended with {status}; the end of {}:\n{}", self.name, self.log.display(), tail(&self.log, 20));
        }
        Ok(())
    }

    fn stop(&mut self) {
        let group = Pid::from_child(&self.child);
        // The leader may be gone already while what it started lives on: the group is signalled either way.
        let _ = kill_process_group(group, Signal::TERM);
        let deadline = Instant::now() + GRACE;
        while Instant::now() < deadline {
            if !matches!(self.child.try_wait(), Ok(None)) {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = kill_process_group(group, Signal::KILL);
        let _ = self.child.wait();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Ends a process group when a command is given up half-way, on Ctrl-C for one.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Runs a command to its end with its output in the log file; `line` sees each line as it comes.
pub(crate) async fn run(what: &str, command: Command, log: &Path, mut line: impl FnMut(&str)) -> Result<()> {
    let mut command = tokio::process::Command::from(command);
    let mut child = command
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start to {what}"))?;
    let mut group = Group(group_of(&child));
    let mut file = tokio::fs::File::create(log).await.with_context(|| format!("cannot create {}", log.display()))?;
    let out = child.stdout.take().context("no standard output")?;
    let errors = child.stderr.take().context("no standard error")?;
    let mut out = BufReader::new(out).split(b'\n');
    let mut errors = BufReader::new(errors).split(b'\n');
    let (mut out_open, mut errors_open) = (true, true);
    while out_open || errors_open {
        let (segment, open) = tokio::select! {
            segment = out.next_segment(), if out_open => (segment, &mut out_open),
            segment = errors.next_segment(), if errors_open => (segment, &mut errors_open),
        };
        let Ok(Some(mut bytes)) = segment else {
            *open = false;
            continue;
        };
        line(&String::from_utf8_lossy(&bytes));
        bytes.push(b'\n');
        file.write_all(&bytes).await?;
    }
    file.flush().await?;
    let status = child.wait().await.with_context(|| format!("cannot wait to {what}"))?;
    group.0 = None;
    finish(what, status, log)
}

/// Runs a command to its end and lets it speak to the terminal itself, as cargo does best.
pub(crate) async fn run_visibly(what: &str, command: Command) -> Result<()> {
    let mut command = tokio::process::Command::from(command);
    let mut child =
        command.process_group(0).stdin(Stdio::null()).spawn().with_context(|| format!("cannot start to {what}"))?;
    let mut group = Group(group_of(&child));
    let status = child.wait().await.with_context(|| format!("cannot wait to {what}"))?;
    group.0 = None;
    if !status.success() {
        bail!("could not {what}: {status}");
    }
    Ok(())
}

fn group_of(child: &tokio::process::Child) -> Option<Pid> {
    child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw)
}

fn finish(what: &str, status: ExitStatus, log: &Path) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    bail!("could not {what}: {status}; the end of {}:\n{}", log.display(), tail(log, 25))
}

/// The last lines of a file.
fn tail(path: &Path, lines: usize) -> String {
    let mut text = String::new();
    let read = File::open(path).and_then(|mut file| file.read_to_string(&mut text));
    if read.is_err() {
        return "(the log cannot be read)".to_owned();
    }
    let all: Vec<&str> = text.lines().collect();
    all.iter().skip(all.len().saturating_sub(lines)).map(|line| format!("    {line}\n")).collect()
}
