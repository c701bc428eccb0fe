//! What a principal may effectively do, so that before and after can be compared.
