//! The PostgreSQL server of `up`: another, or a private one.

use std::path::Path;

use anyhow::{Context as _, Result};
use orchard_testkit::cluster::{Cluster, Options, Tools};
use tokio_postgres::Config;

use super::provision::{self, secrets};
use crate::install;
use crate::output::Progress;
use crate::project::Project;

const VARIABLE: &str = "DATABASE_URL";

/// The server to use.
#[derive(Debug)]
pub enum Source {
    /// That of `DATABASE_URL`, as its superuser.
    External(Box<Config>),
    /// A private one, with these binaries.
    Private(Tools),
}

/// A running server.
#[derive(Debug)]
pub struct Database {
    admin: Config,
    cluster: Option<Cluster>,
}

impl Source {
    /// Checks the server of `DATABASE_URL`, or finds or installs PostgreSQL.
    pub fn choose(assume_yes: bool, project: &Project) -> Result<Self> {
        match std::env::var(VARIABLE) {
            Ok(url) if !url.is_empty() => {
                let config = url.parse().with_context(|| format!("{VARIABLE} is not the URL of a PostgreSQL server"))?;
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                runtime.block_on(provision::check(&config, &secrets(&project.up())))?;
                Ok(Self::External(Box::new(config)))
            }
            _ => Ok(Self::Private(install::postgres(assume_yes, &project.state(), VARIABLE)?)),
        }
    }

    /// Returns whether the server is private.
    pub fn is_private(&self) -> bool {
        matches!(self, Self::Private(_))
    }
}

impl Database {
    /// Starts a private server.
    pub fn open(source: Source, up: &Path, progress: &Progress) -> Result<Self> {
        let tools = match source {
            Source::External(config) => {
                progress.step(&format!("using the PostgreSQL server of {VARIABLE}"));
                return Ok(Self { admin: *config, cluster: None });
            }
            Source::Private(tools) => tools,
        };
        let cluster = Cluster::create_or_open(&tools, &up.join("pg"), Options::durable())?;
        progress.step(&format!("PostgreSQL {} takes connections on 127.0.0.1:{}", cluster.major(), cluster.port()));
        if let Some(note) = cluster.note() {
            progress.step(note);
        }
        Ok(Self { admin: cluster.url("postgres").parse()?, cluster: Some(cluster) })
    }

    /// Returns the superuser's connection settings.
    pub fn admin(&self) -> &Config {
        &self.admin
    }

    /// Returns the last lines of a private server that has ended by itself.
    pub fn failure(&mut self) -> Option<String> {
        self.cluster.as_mut()?.failure()
    }

    /// Stops a private server.
    pub fn stop(mut self) -> Result<()> {
        match &mut self.cluster {
            Some(cluster) => cluster.stop().context("PostgreSQL did not stop"),
            None => Ok(()),
        }
    }
}
