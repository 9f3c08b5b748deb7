//! Where things are in the checkout.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use orchard_testkit::keys::DevKeys;

/// The services that own tables, in the order of their ports.
pub const SLICES: [&str; 4] = ["family", "social", "recipe", "consultation"];
/// The edge's port unless another is wanted; the others are counted from it. Linux gives outgoing connections ports from 32768 on: a
/// listener up there finds its port taken now and then.
pub const DEFAULT_PORT: u16 = 15050;
/// The front door.
pub const EDGE: &str = "edge";

/// The checkout that this program belongs to.
#[derive(Debug)]
pub struct Project {
    root: PathBuf,
}

impl Project {
    /// Cargo says at run time where the package is; a checkout that was moved since it was built is found, too.
    pub fn find() -> Result<Self> {
        let package = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        let root = package.join("../..");
        let root = root.canonicalize().with_context(|| format!("cannot find the checkout at {}", root.display()))?;
        Ok(Self { root })
    }

    /// The top of the checkout.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What these commands keep: below `target`, so that `cargo clean` and git's ignore rules cover it.
    pub fn state(&self) -> PathBuf {
        self.root.join("target/orchard")
    }

    /// The state of `up`.
    pub fn up(&self) -> PathBuf {
        self.state().join("up")
    }

    /// The development keys, made when they are missing.
    pub fn keys(&self) -> Result<DevKeys> {
        DevKeys::load_or_create(&self.state().join("keys"))
    }

    /// Cargo, as it was called, at the top of the checkout.
    pub fn cargo(&self) -> Command {
        let mut command = Command::new(cargo_program());
        command.current_dir(&self.root);
        // What `cargo run` says of this program: build scripts that ask for it would run again, and all that needs them be rebuilt.
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("CARGO_MANIFEST_") || name.starts_with("CARGO_PKG_")) {
                command.env_remove(name);
            }
        }
        command
    }
}

fn cargo_program() -> std::ffi::OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
