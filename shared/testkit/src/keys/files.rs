//! Files of keys and passwords: private, and whole from the moment that they have their name.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::pkcs8::KeypairBytes;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use uuid::Uuid;

/// Closed to others, unlike those above it, which may hold what others are to reach.
pub fn create_folder(folder: &Path) -> Result<()> {
    let make = || -> std::io::Result<()> {
        fs::create_dir_all(folder.parent().unwrap_or(folder))?;
        match DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if !folder.is_dir() => Err(error),
            _ => Ok(()),
        }
    };
    make().with_context(|| format!("cannot create the folder {}", folder.display()))
}

/// The secret key alone: OpenSSL before 3.4 cannot read the newer form, which holds the public one too.
pub(super) fn new_pem() -> Result<String> {
    use ed25519_dalek::pkcs8::EncodePrivateKey as _;
    let pair = KeypairBytes { secret_key: random()?, public_key: None };
    Ok(pair.to_pkcs8_pem(LineEnding::LF).map_err(|error| anyhow!("cannot encode a key: {error}"))?.to_string())
}

/// A key that seals page tokens, as a file has it.
pub fn new_token_key() -> Result<String> {
    Ok(format!("{}\n", STANDARD.encode(random()?)))
}

fn random() -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("cannot get random bytes: {error}"))?;
    Ok(bytes)
}

/// Of several processes that find no file, one makes it and all read the same.
pub fn read_or_create(path: &Path, make: impl FnOnce() -> Result<String>) -> Result<String> {
    if !path.exists() {
        let whole = write_beside(path, &make()?)?;
        let linked = fs::hard_link(&whole, path);
        let _ = fs::remove_file(&whole);
        if let Err(error) = linked
            && error.kind() != ErrorKind::AlreadyExists
        {
            return Err(error).with_context(|| format!("cannot create {}", path.display()));
        }
    }
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Writes a file unless it already holds the content, so that a watcher of the file sees only changes.
pub fn write(path: &Path, content: &str) -> Result<()> {
    if fs::read_to_string(path).is_ok_and(|found| found == content) {
        return Ok(());
    }
    let whole = write_beside(path, content)?;
    fs::rename(&whole, path).with_context(|| format!("cannot write {}", path.display()))
}

fn write_beside(path: &Path, content: &str) -> Result<PathBuf> {
    let beside = path.with_extension(format!("{}.new", Uuid::new_v4().simple()));
    let write = || OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?.write_all(content.as_bytes());
    write().with_context(|| format!("cannot write {}", beside.display()))?;
    Ok(beside)
}
