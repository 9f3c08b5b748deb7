//! A Docker engine to try containers on: the machine's own, else a private one.

mod bases;
mod private;

use std::ffi::OsStr;
use std::process::Command;

use anyhow::{Context as _, Result};

use self::bases::Bases;
use self::private::Private;
pub use self::private::root;
use super::steps::{output, succeeds};
use crate::project::Project;

/// Containers that see a part of a volume came with these.
const OLDEST: [(&str, (u32, u32)); 2] = [("Docker", (26, 0)), ("Compose", (2, 26))];

/// One that answers.
pub struct Engine {
    private: Option<Private>,
    bases: Bases,
}

impl Engine {
    /// Finds or starts one; or says why there is none.
    pub fn open(project: &Project, assume_yes: bool) -> Result<Result<Self, String>> {
        if succeeds(Command::new("docker").arg("version")) {
            return Self::of_machine(Bases::public(project)?);
        }
        let private = match Private::start(project, assume_yes)? {
            Ok(private) => private,
            Err(reason) => return Ok(Err(reason)),
        };
        let bases = bases::make(&private, project).context("base images cannot be made")?;
        let engine = Self { private: Some(private), bases };
        let probe = ["run", "--rm", "--network=none", engine.bases.postgres.as_str(), "--version"];
        Ok(match output(engine.docker().args(probe)) {
            Ok(_) => Ok(engine),
            Err(error) => Err(format!("a private engine starts, but no container in it: {error:#}")),
        })
    }

    fn of_machine(bases: Bases) -> Result<Result<Self, String>> {
        let engine = Self { private: None, bases };
        let versions = [&["version", "--format", "{{.Server.Version}}"][..], &["compose", "version", "--short"]];
        for ((name, oldest), arguments) in OLDEST.into_iter().zip(versions) {
            let version = output(engine.docker().args(arguments)).unwrap_or_else(|_| "absent".to_owned());
            if numbers(&version).is_none_or(|version| version < oldest) {
                return Ok(Err(format!("{name} is {}; {}.{} or newer is needed", version.trim(), oldest.0, oldest.1)));
            }
        }
        for image in engine.bases.names() {
            let is_here = succeeds(engine.docker().args(["image", "inspect", image]));
            if !is_here && !succeeds(engine.docker().args(["pull", "--quiet", image])) {
                return Ok(Err(format!("{image} cannot be pulled")));
            }
        }
        Ok(Ok(engine))
    }

    /// Docker's command line.
    pub fn docker(&self) -> Command {
        match &self.private {
            Some(private) => private.docker(),
            None => Command::new("docker"),
        }
    }

    /// A program of this machine that sees the ports which the engine publishes.
    pub fn beside(&self, program: impl AsRef<OsStr>) -> Command {
        match &self.private {
            Some(private) => private.beside(program),
            None => Command::new(program),
        }
    }

    /// Names of base images, as the files under `deploy/` ask for them.
    pub fn bases(&self) -> [(&'static str, &str); 3] {
        self.bases.variables()
    }

    /// Ends a container's process as a fault would; only the private engine's are ours to end.
    pub fn crash(&self, process: &str) -> Option<Command> {
        self.private.as_ref().map(|private| private.kill(process))
    }

    /// Ends it, if it is our own.
    pub fn close(self) -> Result<()> {
        self.private.map_or(Ok(()), Private::stop)
    }
}

/// The first two of a version.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.trim().trim_start_matches('v').split('.').map_while(|part| part.parse().ok());
    Some((parts.next()?, parts.next()?))
}
