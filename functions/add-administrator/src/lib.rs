//! Function `add-administrator`.
