//! microsoft.
