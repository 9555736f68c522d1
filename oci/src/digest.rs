//! Digests, by which a registry names bytes.

use sha2::{Digest as _, Sha256};

/// `sha256:` and the hash in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}
