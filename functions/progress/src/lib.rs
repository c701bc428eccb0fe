//! Function `progress`.
