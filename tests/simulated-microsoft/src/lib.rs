//! simulated-microsoft.
