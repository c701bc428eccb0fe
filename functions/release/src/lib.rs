//! Function `release`.
