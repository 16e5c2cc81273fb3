//! Signatures of packs: <https://jedisct1.github.io/minisign/>.

use std::io::Cursor;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use minisign::{PublicKey, PublicKeyBox, SecretKey, SecretKeyBox, SignatureBox};

use crate::input::{display, read_bytes, reason};

/// The environment variable that holds the password of a secret key.
const PASSWORD: &str = "DETC_KEY_PASSWORD";

/// A secret key, ready to sign.
pub struct Signer(SecretKey);

impl Signer {
    /// Reads a secret key. The password of one that has one comes from the environment.
    pub fn load(path: &Path) -> Result<Self> {
        let no_key = || format!("`{}` is no minisign secret key", display(path));
        let key = || SecretKeyBox::from_string(&read(path)?).with_context(no_key);
        if let Ok(plain) = key()?.into_unencrypted_secret_key() {
            return Ok(Self(plain));
        }
        let Ok(password) = std::env::var(PASSWORD) else {
            bail!("`{}` has a password, and {PASSWORD} is not set; or it is no minisign secret key", display(path))
        };
        let wrong = || format!("{PASSWORD} does not open `{}`", display(path));
        Ok(Self(key()?.into_secret_key(Some(password)).with_context(wrong)?))
    }

    /// The signature of some bytes. The comment is signed too.
    pub fn sign(&self, bytes: &[u8], comment: &str) -> Result<String> {
        let signature =
            minisign::sign(None, &self.0, Cursor::new(bytes), Some(comment), Some("signature of a detc rule pack"));
        Ok(signature.context("cannot sign the pack")?.into_string())
    }
}

/// Whether a signature of some bytes is by the owner of a public key; what it is about if so.
pub fn verify(key: &Path, bytes: &[u8], signature: &str) -> Result<std::result::Result<String, String>> {
    let text = read(key)?;
    let boxed = PublicKeyBox::from_string(&text).and_then(PublicKeyBox::into_public_key);
    let public = boxed.or_else(|_| PublicKey::from_base64(text.trim()));
    let public = public.map_err(|e| anyhow!("`{}` is no minisign public key: {e}", display(key)))?;
    let signature = match SignatureBox::from_string(signature) {
        Ok(signature) => signature,
        Err(error) => return Ok(Err(format!("it is no signature: {error}"))),
    };
    let verified = minisign::verify(&public, &signature, Cursor::new(bytes), true, false, false);
    let about = signature.trusted_comment().unwrap_or_default();
    Ok(verified.map(|()| about).map_err(|e| e.to_string()))
}

fn read(path: &Path) -> Result<String> {
    let bytes = read_bytes(path).map_err(|e| anyhow!("cannot read `{}`: {}", display(path), reason(&e)))?;
    String::from_utf8(bytes).map_err(|_| anyhow!("`{}` is no text", display(path)))
}
