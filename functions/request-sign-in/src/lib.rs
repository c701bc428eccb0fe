//! Function `request-sign-in`.
