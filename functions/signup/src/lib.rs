//! Function `signup`.
