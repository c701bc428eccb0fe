//! Time and randomness: the only places that ask for either.

use jiff::Timestamp;

/// What time it is.
#[derive(Debug, Clone, Copy)]
pub struct Clock(Now);

#[derive(Debug, Clone, Copy)]
enum Now {
    System,
    Fixed(Timestamp),
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Now::System)
    }

    /// A clock that stands still, for tests.
    #[must_use]
    pub fn fixed(at: Timestamp) -> Self {
        Self(Now::Fixed(at))
    }

    /// Now, to the millisecond: DynamoDB, mails and pages show no more.
    #[must_use]
    pub fn now(self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the clock")]
        let now = match self.0 {
            Now::System => Timestamp::now(),
            Now::Fixed(at) => at,
        };
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}

/// Random bytes from the operating system.
///
/// # Errors
/// When the operating system has none, which on Lambda it always has.
pub fn random<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// The system's time in the standard library's type, which Lambda's deadline has.
pub(crate) fn system_now() -> std::time::SystemTime {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    std::time::SystemTime::now()
}
