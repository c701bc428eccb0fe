//! Function `register`.
