//! Function `associate-credentials`.
