//! Function `decide`.
