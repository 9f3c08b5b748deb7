//! Paths in the checkout, and the names of the services.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use orchard_testkit::keys::DevKeys;

/// The services with tables, in the order of their ports.
pub const SLICES: [&str; 4] = ["family", "social", "recipe", "consultation"];
/// Default port of the edge; the other services count from it. It is below 32768, where Linux starts to choose ports of outgoing
/// connections, any of which may take a listener's port.
pub const DEFAULT_PORT: u16 = 15050;
/// The front door.
pub const EDGE: &str = "edge";
/// All services.
pub const SERVICES: [&str; 5] = ["family", "social", "recipe", "consultation", EDGE];

/// The checkout that this program belongs to.
#[derive(Debug)]
pub struct Project {
    root: PathBuf,
    up: PathBuf,
}

impl Project {
    /// Finds it by what cargo says at run time, so that a checkout may move after it was built.
    pub fn find() -> Result<Self> {
        let package = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        let root = package.join("../..");
        let root = root.canonicalize().with_context(|| format!("cannot find the checkout at {}", root.display()))?;
        Ok(Self { up: root.join("target/orchard/up"), root })
    }

    /// Returns the checkout with another folder for `up`.
    pub fn with_up(self, up: PathBuf) -> Self {
        Self { up, ..self }
    }

    /// Returns the top of the checkout.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the folder of these commands, below `target`, so that `cargo clean` and git's ignore rules cover it.
    pub fn state(&self) -> PathBuf {
        self.root.join("target/orchard")
    }

    /// Returns the folder of `up`.
    pub fn up(&self) -> PathBuf {
        self.up.clone()
    }

    /// Returns the development keys, which are made if they are missing.
    pub fn keys(&self) -> Result<DevKeys> {
        DevKeys::load_or_create(&self.state().join("keys"))
    }

    /// Returns a command that runs the same cargo at the top of the checkout.
    pub fn cargo(&self) -> Command {
        self.command(cargo_program())
    }

    /// Returns a command that runs a program at the top of the checkout. Cargo may run in it.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        // Set by `cargo run`: build scripts that read them would run again, and everything that depends on them be rebuilt.
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
