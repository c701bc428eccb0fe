//! Function `assess-impact`.
