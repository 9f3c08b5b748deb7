//! Checks that the program accepts the settings in the compose file and the manifests.

mod compose;
mod manifests;
mod network;
mod overlay;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use clap::{ArgMatches, Command, FromArgMatches as _, Subcommand as _};
use orchard_db::READERS;
use orchard_server::{LimitOptions, SliceCommand};
use serde_json::Value;
use tonic::transport::Uri;

const SERVICES: [&str; 5] = ["family", "social", "recipe", "consultation", "edge"];
/// Connections that PostgreSQL reserves for its superuser by default.
const RESERVED: usize = 3;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns the command line of one service.
fn command(service: &str) -> anyhow::Result<Command> {
    let command = Command::new("orchard");
    Ok(match service {
        "family" => SliceCommand::<orchard_family::Service>::augment_subcommands(command),
        "social" => SliceCommand::<orchard_social::Service>::augment_subcommands(command),
        "recipe" => SliceCommand::<orchard_recipe::Service>::augment_subcommands(command),
        "consultation" => SliceCommand::<orchard_consultation::Service>::augment_subcommands(command),
        "edge" => orchard_edge::Command::augment_subcommands(command),
        other => bail!("there is no service `{other}`"),
    })
}

/// A container as a file describes it.
#[derive(Debug, Default)]
struct Container {
    /// The program's arguments: a service, then its command.
    words: Vec<String>,
    environment: BTreeMap<String, String>,
    /// Sources of mounts by their paths.
    mounts: BTreeMap<String, String>,
}

/// The settings of a container, as the program has parsed them.
struct Accepted {
    service: String,
    task: String,
    matches: ArgMatches,
}

impl Container {
    /// Parses the container's settings by the command line of its service.
    fn accepted(&self) -> anyhow::Result<Accepted> {
        let (service, arguments) = self.words.split_first().context("no service")?;
        let command = command(service)?;
        let task = arguments.first().context("no command")?.clone();
        let subcommand = command.find_subcommand(&task).with_context(|| format!("{service} has no command {task}"))?;
        let mut flags = Vec::new();
        for (name, value) in &self.environment {
            let mut known = subcommand.get_arguments();
            match known.find(|argument| argument.get_env().is_some_and(|env| *env == **name)) {
                Some(argument) => flags.push(format!("--{}={value}", argument.get_long().context("a flag")?)),
                None => ensure!(is_read(name)?, "no service reads {name}"),
            }
            if name.ends_with("_FILE") {
                let is_mounted = self.mounts.keys().any(|mount| Path::new(value).parent() == Some(Path::new(mount)));
                ensure!(is_mounted, "{name}: nothing is mounted at {value}");
            }
        }
        // The environment of this process does not belong to the container.
        let command = command.mut_subcommand(&task, |task| task.mut_args(|argument| argument.env(None::<&str>)));
        let words = std::iter::once("orchard".to_owned()).chain(arguments.iter().cloned()).chain(flags);
        let matches = command.try_get_matches_from(words).with_context(|| format!("{service} {task}"))?;
        let (task, matches) = matches.subcommand().context("a subcommand")?;
        // The command line cannot require one of two settings.
        let has_database = self.environment.contains_key("DATABASE_URL_FILE");
        ensure!(has_database == (*service != "edge" && task != "health"), "{service} {task}: DATABASE_URL_FILE");
        Ok(Accepted { service: service.clone(), task: task.to_owned(), matches: matches.clone() })
    }
}

/// Returns whether any service reads the setting: all may be given what only some of them read.
fn is_read(name: &str) -> anyhow::Result<bool> {
    for service in SERVICES {
        let command = command(service)?;
        let mut arguments = command.get_subcommands().flat_map(Command::get_arguments);
        if arguments.any(|argument| argument.get_env().is_some_and(|env| env == name)) {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Accepted {
    fn get<T: Clone + Send + Sync + 'static>(&self, id: &str) -> anyhow::Result<T> {
        self.matches.get_one::<T>(id).cloned().with_context(|| format!("{} has no {id}", self.service))
    }

    fn port(&self) -> anyhow::Result<u16> {
        Ok(self.get::<SocketAddr>("listen")?.port())
    }

    fn admin_port(&self) -> anyhow::Result<u16> {
        Ok(self.get::<SocketAddr>("admin_listen")?.port())
    }

    /// Returns the longest time from SIGTERM to the end.
    fn end(&self) -> anyhow::Result<Duration> {
        Ok(LimitOptions::from_arg_matches(&self.matches)?.end_limit())
    }

    /// Returns the number of database connections.
    fn connections(&self) -> anyhow::Result<usize> {
        Ok(usize::from(self.get::<u16>("database_connections")?) + READERS)
    }

    /// Returns host and port of each service that it calls.
    fn calls(&self) -> anyhow::Result<BTreeMap<&'static str, (String, u16)>> {
        let mut calls = BTreeMap::new();
        for service in SERVICES {
            // The URL of a service that it does not call is not a setting.
            if let Ok(Some(url)) = self.matches.try_get_one::<Uri>(&format!("{service}_url")) {
                let host = url.host().context("a host")?.to_owned();
                calls.insert(service, (host, url.port_u16().context("a port")?));
            }
        }
        Ok(calls)
    }
}

/// Returns the value at a path of names and indexes, such as `spec.template`.
fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(value, |value, part| match part.parse::<usize>() {
        Ok(place) if value.is_array() => &value[place],
        _ => &value[part],
    })
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(text).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn names(value: &Value) -> BTreeSet<String> {
    value.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

#[test]
fn a_setting_that_no_service_reads_is_refused() {
    let container = |environment: &[(&str, &str)]| Container {
        words: ["recipe", "migrate"].map(str::to_owned).to_vec(),
        environment: environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        mounts: [("/run/orchard".to_owned(), "recipe".to_owned())].into(),
    };
    let refused = |environment| container(environment).accepted().map(|_| ()).expect_err("refused").to_string();
    assert!(container(&[("DATABASE_URL_FILE", "/run/orchard/database-url"), ("ORCHARD_CURRENCY", "EUR")]).accepted().is_ok());
    assert_eq!(refused(&[("ORCHARD_CURRENZY", "EUR")]), "no service reads ORCHARD_CURRENZY");
    assert!(refused(&[("DATABASE_URL_FILE", "/run/elsewhere/database-url")]).contains("nothing is mounted"));
    assert_eq!(refused(&[("ORCHARD_STATEMENT_TIMEOUT", "soon"), ("DATABASE_URL", "x")]), "recipe migrate");
    assert_eq!(refused(&[]), "recipe migrate: DATABASE_URL_FILE");
}
