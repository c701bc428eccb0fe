//! Function `map-directory`.
