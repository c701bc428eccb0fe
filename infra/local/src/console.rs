//! What the person at the terminal sees: one line a thing that happened, with the time since the start.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Prints progress, or keeps silent for tests. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Console {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    started: Instant,
    quiet: bool,
    colours: bool,
}

impl Console {
    /// Prints to standard output.
    #[must_use]
    pub fn new() -> Self {
        Self::build(false)
    }

    /// Prints nothing.
    #[must_use]
    pub fn quiet() -> Self {
        Self::build(true)
    }

    fn build(quiet: bool) -> Self {
        let colours = std::io::stdout().is_terminal() && crate::workspace::environment("NO_COLOR").is_none();
        Self { inner: Arc::new(Inner { started: Instant::now(), quiet, colours }) }
    }

    /// The time since this console was made.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.inner.started.elapsed()
    }

    /// Whether nothing is printed.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.inner.quiet
    }

    /// A line with the time and a subject: `  12.3 s  Rosa      signed in`.
    pub fn say(&self, subject: &str, what: impl Display) {
        self.line(format_args!(
            "{}{:>7.1} s{}  {subject:<10} {what}",
            self.colour("\x1b[2m"),
            self.elapsed().as_secs_f64(),
            self.colour("\x1b[0m"),
        ));
    }

    /// A line above a group of lines.
    pub fn heading(&self, text: impl Display) {
        self.line(format_args!("\n{}{text}{}", self.colour("\x1b[1m"), self.colour("\x1b[0m")));
    }

    /// A line as it is.
    pub fn line(&self, text: impl Display) {
        if self.inner.quiet {
            return;
        }
        // A closed pipe is the reader's decision, not our failure.
        let _ = writeln!(std::io::stdout().lock(), "{text}");
    }

    fn colour(&self, code: &'static str) -> &'static str {
        if self.inner.colours { code } else { "" }
    }
}

impl Default for Console {
    fn default() -> Self {
        Self::new()
    }
}
