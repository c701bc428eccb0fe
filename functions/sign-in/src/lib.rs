//! Function `sign-in`.
