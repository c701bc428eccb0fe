//! The walk-through.
use crate::{Console, Stack};
use anyhow::Result;
/// Route.
#[derive(Debug, Clone, Copy)]
pub enum Route {
    /// a
    TwoParty,
    /// b
    SingleAccount,
}
/// Receipt.
#[derive(Debug)]
pub struct Receipt;
impl Receipt {
    pub(crate) fn print(&self, _: &Console) {}
    pub(crate) fn write(&self, p: Option<&std::path::Path>, stack: &Stack) -> Result<std::path::PathBuf> {
        Ok(p.unwrap_or(stack.folder()).to_path_buf())
    }
}
/// Associate.
pub async fn associate(_: &Stack, _: Route, _: &Console) -> Result<Receipt> {
    Ok(Receipt)
}
