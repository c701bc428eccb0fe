//! Long lists as pages that each fit into one record: JSON, compressed, with a SHA-256 that a reader checks.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a page may be at most when it is unpacked: a page that we wrote never comes near, and a broken one must not fill the memory.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Why a page can't be read.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// No page at all.
    #[error("there is no page")]
    Missing,
    /// Not compressed as we do, or cut off.
    #[error("the page can't be unpacked")]
    Packing(#[from] std::io::Error),
    /// Not the JSON that it should be.
    #[error("the page is not what it should be: {0}")]
    Content(#[from] serde_json::Error),
}

/// A value as compressed JSON.
///
/// # Errors
/// A value that has no JSON form.
pub fn pack<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, PageError> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    serde_json::to_writer(&mut encoder, value)?;
    encoder.flush()?;
    Ok(encoder.finish()?)
}

/// The value of compressed JSON.
///
/// # Errors
/// Anything that [`pack`] did not write.
pub fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, PageError> {
    let mut text = Vec::new();
    GzDecoder::new(bytes).take(LARGEST).read_to_end(&mut text)?;
    Ok(serde_json::from_slice(&text)?)
}
