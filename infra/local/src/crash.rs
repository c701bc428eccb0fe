//! Killing a function's process at a chosen moment, for the tests that prove that a crash loses nothing and repeats nothing.
//!
//! The moment is a call to AWS, because that is where a step leaves its marks: killed *before* the call, it has had its effect at
//! Microsoft and recorded nothing; killed *after* it, the record is written and nobody was told. The product has no hook for
//! this: the counting proxy sees the call, finds the process that made it, and kills it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use crate::aws::lock;

/// When to kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The call does not reach AWS.
    BeforeTheCall,
    /// The call is carried out, and its answer reaches nobody.
    AfterTheCall,
}

/// Which process to kill, once, and when.
#[derive(Debug, Clone)]
pub struct Crash {
    /// The function, as its crate is called.
    pub function: String,
    /// The AWS operation, such as `TransactWriteItems`.
    pub action: String,
    /// A text that the call's body must contain, such as the onboarding's id.
    pub about: Vec<String>,
    /// When.
    pub moment: Moment,
}

/// A crash that was asked for.
#[derive(Debug, Clone)]
pub struct Planned(Arc<Mutex<Option<u32>>>);

impl Planned {
    /// The process that was killed, once it was.
    #[must_use]
    pub fn killed(&self) -> Option<u32> {
        *lock(&self.0)
    }
}

/// The crashes that have not happened yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Crashes(Arc<Mutex<Vec<(Crash, Planned)>>>);

/// A crash whose moment has come.
pub(crate) struct Due {
    pub(crate) moment: Moment,
    pid: u32,
    planned: Planned,
}

impl Crashes {
    pub(crate) fn plan(&self, crash: Crash) -> Planned {
        let planned = Planned(Arc::default());
        lock(&self.0).push((crash, planned.clone()));
        planned
    }

    /// The crash that this call brings about, if any; it is taken off the list.
    pub(crate) fn due(&self, action: &str, connection: Connection, body: &[u8]) -> Option<Due> {
        let mut list = lock(&self.0);
        if list.is_empty() {
            return None;
        }
        let body = String::from_utf8_lossy(body);
        let is_it = |crash: &Crash| crash.action == action && crash.about.iter().all(|text| body.contains(text));
        // Finding the process is slow, and most calls are about something else.
        if !list.iter().any(|(crash, _)| is_it(crash)) {
            return None;
        }
        let (function, pid) = process_of(connection)?;
        let place = list
            .iter()
            .position(|(crash, _)| is_it(crash) && crate::Stack::function_name(&crash.function) == function)?;
        let (crash, planned) = list.remove(place);
        Some(Due { moment: crash.moment, pid, planned })
    }
}

impl Due {
    pub(crate) fn kill(&self) {
        let pid = i32::try_from(self.pid).ok().and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid
            && rustix::process::kill_process(pid, rustix::process::Signal::KILL).is_ok()
        {
            *lock(&self.planned.0) = Some(self.pid);
        }
    }
}

/// The two ends of a connection on this machine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Connection {
    /// Where the function's end is.
    pub(crate) from: SocketAddr,
    /// The port that it called.
    pub(crate) to: u16,
}

/// The function and the process that made this connection. All processes of a function sign with the same key, so the
/// connection itself is followed to its owner.
fn process_of(connection: Connection) -> Option<(String, u32)> {
    let SocketAddr::V4(from) = connection.from else { return None };
    let end = |address: Ipv4Addr, port: u16| format!("{:08X}:{port:04X}", u32::from_le_bytes(address.octets()));
    let (ours, theirs) = (end(*from.ip(), from.port()), end(Ipv4Addr::LOCALHOST, connection.to));
    let table = std::fs::read_to_string("/proc/net/tcp").ok()?;
    let socket = table.lines().find_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let is_it = columns.get(1) == Some(&ours.as_str()) && columns.get(2) == Some(&theirs.as_str());
        is_it.then(|| columns.get(9).map(|inode| format!("socket:[{inode}]")))?
    })?;
    std::fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let environment = std::fs::read(entry.path().join("environ")).ok()?;
        let function = environment
            .split(|byte| *byte == 0)
            .map(String::from_utf8_lossy)
            .find_map(|variable| variable.strip_prefix("AWS_LAMBDA_FUNCTION_NAME=").map(str::to_owned))?;
        let mut files = std::fs::read_dir(entry.path().join("fd")).ok()?.flatten();
        let holds_it =
            files.any(|file| std::fs::read_link(file.path()).is_ok_and(|to| to.as_os_str() == socket.as_str()));
        holds_it.then_some((function, pid))
    })
}
