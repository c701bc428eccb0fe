//! The simulated clock: the real one plus what the control API added.

use jiff::Timestamp;

/// Milliseconds since 1970.
pub(crate) type Millis = i64;

/// The clock.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Clock {
    ahead: Millis,
}

impl Clock {
    pub(crate) fn now(self) -> Millis {
        #[expect(clippy::disallowed_methods, reason = "the simulated cloud's port to the system clock is here")]
        let now = Timestamp::now();
        now.as_millisecond() + self.ahead
    }

    pub(crate) fn advance(&mut self, by: Millis) {
        self.ahead += by;
    }
}

/// An instant with seven decimals, as Microsoft writes it.
pub(crate) fn instant(at: Millis) -> String {
    Timestamp::from_millisecond(at).map_or_else(|_| String::new(), |at| format!("{at:.7}"))
}

/// An instant in whole seconds, as Graph writes it.
pub(crate) fn second(at: Millis) -> String {
    Timestamp::from_millisecond(at).map_or_else(|_| String::new(), |at| format!("{at:.0}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_look_like_microsofts() {
        assert_eq!(instant(1_721_325_460_027), "2024-07-18T17:57:40.0270000Z");
        assert_eq!(second(1_721_325_460_027), "2024-07-18T17:57:40Z");
    }
}
