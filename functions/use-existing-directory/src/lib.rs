//! Function `use-existing-directory`.
