//! Function `confirm-changes`.
