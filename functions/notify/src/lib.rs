//! Function `notify`.
