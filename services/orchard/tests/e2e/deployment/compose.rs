//! Checks `docker-compose.yml`.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use orchard_server::duration;
use serde_json::Value;

use super::{Accepted, Container, RESERVED, SERVICES, at, list, names, root, text, texts};

/// Connections that PostgreSQL allows by default.
const MAX_CONNECTIONS: usize = 100;

/// The program's path in the image.
const PROGRAM: &str = "/usr/local/bin/orchard";

fn file() -> anyhow::Result<Value> {
    Ok(serde_saphyr::from_str(&std::fs::read_to_string(root().join("docker-compose.yml"))?)?)
}

/// Returns the containers that run the program.
fn containers(file: &Value) -> anyhow::Result<BTreeMap<String, Container>> {
    let services = file["services"].as_object().context("services")?;
    let ours = services.iter().filter(|(_, service)| service["image"].as_str().is_some_and(|image| image.contains("orchard}")));
    ours.map(|(name, service)| Ok((name.clone(), container(service)?))).collect()
}

fn container(service: &Value) -> anyhow::Result<Container> {
    let environment = service["environment"].as_object().into_iter().flatten();
    let mut mounts = BTreeMap::new();
    for mount in list(&service["volumes"]) {
        ensure!(mount["read_only"] == true && mount["source"] == "secrets", "{mount}");
        mounts.insert(text(&mount["target"]), text(at(mount, "volume.subpath")));
    }
    Ok(Container {
        words: texts(&service["command"]),
        // Compose replaces `${NAME:-default}` by the default.
        environment: environment.map(|(name, value)| (name.clone(), defaulted(&text(value)))).collect(),
        mounts,
    })
}

fn defaulted(value: &str) -> String {
    let default = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).and_then(|rest| rest.split_once(":-"));
    default.map_or(value, |(_, default)| default).to_owned()
}

fn serving(file: &Value) -> anyhow::Result<BTreeMap<String, Accepted>> {
    let mut serving = BTreeMap::new();
    for (name, container) in containers(file)? {
        let accepted = container.accepted().with_context(|| name.clone())?;
        if accepted.task == "serve" {
            assert_eq!(accepted.service, name);
            serving.insert(name, accepted);
        }
    }
    Ok(serving)
}

#[test]
fn the_program_accepts_the_settings_of_the_compose_file() -> anyhow::Result<()> {
    let file = file()?;
    let serving = serving(&file)?;
    assert_eq!(serving.len(), SERVICES.len());
    for (name, container) in containers(&file)? {
        let accepted = container.accepted()?;
        let service = &file["services"][&name];
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(texts(&service["cap_drop"]), ["ALL"], "{name}");
        if accepted.task == "migrate" {
            continue;
        }
        let grace = duration(&text(&service["stop_grace_period"])).map_err(anyhow::Error::msg)?;
        assert!(grace > accepted.end()? + Duration::from_secs(1), "{name} is killed while it ends");
        let probe = texts(at(service, "healthcheck.test"));
        let words = probe.strip_prefix(&["CMD", PROGRAM].map(str::to_owned)).context("the health check needs a shell")?;
        let environment = container.environment.clone().into_iter().filter(|(name, _)| name == "ORCHARD_ADMIN_LISTEN");
        let probe = Container { words: words.to_vec(), environment: environment.collect(), ..Container::default() }.accepted()?;
        assert_eq!((probe.service.as_str(), probe.admin_port()?), (name.as_str(), accepted.admin_port()?));
    }
    Ok(())
}

#[test]
fn addresses_in_the_compose_file_are_those_of_the_services() -> anyhow::Result<()> {
    let file = file()?;
    let serving = serving(&file)?;
    let networks = |name: &str| texts(&file["services"][name]["networks"]);
    for (name, caller) in &serving {
        for (called, (host, port)) in caller.calls()? {
            assert_eq!((host.as_str(), port), (called, serving[called].port()?), "{name}");
            assert!(networks(name).iter().any(|network| networks(called).contains(network)), "{name} does not reach {called}");
        }
    }
    assert_eq!(networks("edge"), ["calls"], "the edge does not reach the database");
    let published = text(at(&file, "services.edge.ports.0"));
    assert!(published.starts_with("127.0.0.1:") && published.ends_with(&format!(":{}", serving["edge"].port()?)), "{published}");
    let demo = texts(at(&file, "services.demo.command"));
    for (name, service) in serving.iter().filter(|(name, _)| demo.contains(&format!("--{name}"))) {
        assert!(demo.contains(&format!("{name}:{}", service.port()?)), "{demo:?}");
    }
    assert_eq!(text(at(&file, "services.tools.environment.ORCHARD_ADDRESS")), format!("edge:{}", serving["edge"].port()?));
    Ok(())
}

#[test]
fn the_database_has_connections_for_all_services_of_the_compose_file() -> anyhow::Result<()> {
    let file = file()?;
    let mut wanted = RESERVED;
    for (_, service) in serving(&file)?.iter().filter(|(name, _)| *name != "edge") {
        // One more for a migration.
        wanted += service.connections()? + 1;
    }
    assert!(wanted <= MAX_CONNECTIONS, "{wanted}");
    assert!(at(&file, "services.postgres.command").is_null(), "the default limit applies");
    Ok(())
}

/// Only containers that need them see the keys that sign tokens and the superuser's password.
#[test]
fn containers_see_only_the_secrets_that_they_need() -> anyhow::Result<()> {
    let file = file()?;
    for (name, service) in file["services"].as_object().context("services")? {
        let parts: Vec<String> = list(&service["volumes"])
            .iter()
            .filter(|mount| mount.is_string() || mount["source"] == "secrets")
            .filter(|mount| mount.as_str().is_none_or(|mount| mount.starts_with("secrets:")))
            .map(|mount| mount.as_str().map_or_else(|| text(at(mount, "volume.subpath")), str::to_owned))
            .collect();
        let slice = name.strip_suffix("-migrate").unwrap_or(name);
        let expected: &[&str] = match name.as_str() {
            "secrets" => &["secrets:/secrets"],
            "postgres" => &["postgres"],
            "provision" => &["postgres", "family", "social", "recipe", "consultation"],
            "demo" => &["keys", "demo"],
            "tools" => &["keys"],
            _ if slice == name => &["public", slice],
            _ => &[slice],
        };
        assert_eq!(parts, expected, "{name}");
    }
    Ok(())
}

#[test]
fn the_compose_file_contains_no_secret() -> anyhow::Result<()> {
    let file = file()?;
    for (name, service) in file["services"].as_object().context("services")? {
        for variable in names(&service["environment"]) {
            let is_secret = ["PASSWORD", "SECRET", "TOKEN", "DATABASE_URL"].iter().any(|word| variable.contains(word));
            assert!(!is_secret || variable.ends_with("_FILE"), "{name}: {variable}");
        }
    }
    Ok(())
}
