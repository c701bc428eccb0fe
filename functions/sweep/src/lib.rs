//! Function `sweep`.
