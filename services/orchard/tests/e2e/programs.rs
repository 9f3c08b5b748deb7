//! The suite as it is deployed, in five processes, with a collector of their spans.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use orchard_server::Slice;
use orchard_testkit::client::{Client, Headers};
use orchard_testkit::collector::Collector;
use orchard_testkit::database::Schema;
use orchard_testkit::keys::DevKeys;
use orchard_testkit::program::{self, Program};
use orchard_testkit::service::{channel, free_address};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::time::timeout;
use uuid::Uuid;

use crate::suite::all_delivered;

/// Longest time that a process may take to start or to end.
const LIMIT: Duration = Duration::from_secs(30);

/// Returns the command `orchard <service> <task>`.
pub fn orchard(service: &str, task: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orchard"));
    command.args([service, task]);
    command
}

/// A slice and its schema.
pub struct Deployed {
    pub schema: Schema,
    pub program: Program,
}

impl Deployed {
    async fn start<S: Slice>(keys: &DevKeys, settings: &[(&str, String)]) -> anyhow::Result<Self> {
        let schema = Schema::create().await?;
        schema.migrate(S::migrations()).await?;
        let settings = [settings, &[("DATABASE_URL", schema.url().to_owned())]].concat();
        Ok(Self { program: Program::start(orchard(S::NAME, "serve"), keys, &settings).await?, schema })
    }
}

pub struct Programs {
    pub collector: Collector,
    pub keys: DevKeys,
    pub family: Deployed,
    pub social: Deployed,
    pub recipe: Deployed,
    pub consultation: Deployed,
    pub edge: Program,
}

impl Programs {
    /// Starts all services with these additional settings.
    pub async fn start(settings: &[(&str, String)]) -> anyhow::Result<Self> {
        let (collector, keys) = (Collector::start().await?, DevKeys::ephemeral()?);
        let settings = [settings, &[("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint())]].concat();
        let key_file = |name| ("ORCHARD_WORKLOAD_KEY_FILE", keys.workload_key_file(name).display().to_string());
        // Social and the others call each other, so some of them need their addresses in advance.
        let [consultation_at, family_at, recipe_at] = [free_address(), free_address(), free_address()];
        let others = [
            ("ORCHARD_CONSULTATION_URL", format!("http://{consultation_at}")),
            ("ORCHARD_FAMILY_URL", format!("http://{family_at}")),
            ("ORCHARD_RECIPE_URL", format!("http://{recipe_at}")),
        ];
        let social = [settings.as_slice(), &others, &[key_file("social")]].concat();
        let social = Deployed::start::<orchard_social::Service>(&keys, &social).await?;
        let social_url = ("ORCHARD_SOCIAL_URL", format!("http://{}", social.program.address));
        let family = [settings.as_slice(), &[social_url, key_file("family"), ("ORCHARD_LISTEN", family_at.to_string())]].concat();
        let mut family = Deployed::start::<orchard_family::Service>(&keys, &family).await?;
        family.program.address = family_at;
        let social_url = ("ORCHARD_SOCIAL_URL", format!("http://{}", social.program.address));
        let family_url = ("ORCHARD_FAMILY_URL", format!("http://{family_at}"));
        let settings_of = |name, at: SocketAddr| {
            let calls = [family_url.clone(), social_url.clone(), key_file(name), ("ORCHARD_LISTEN", at.to_string())];
            [settings.as_slice(), &calls].concat()
        };
        let mut recipe = Deployed::start::<orchard_recipe::Service>(&keys, &settings_of("recipe", recipe_at)).await?;
        recipe.program.address = recipe_at;
        let settings_of_consultation = settings_of("consultation", consultation_at);
        let mut consultation = Deployed::start::<orchard_consultation::Service>(&keys, &settings_of_consultation).await?;
        consultation.program.address = consultation_at;
        let url = |slice: &Deployed| format!("http://{}", slice.program.address);
        let upstreams = [
            ("ORCHARD_FAMILY_URL", url(&family)),
            ("ORCHARD_SOCIAL_URL", url(&social)),
            ("ORCHARD_RECIPE_URL", url(&recipe)),
            ("ORCHARD_CONSULTATION_URL", url(&consultation)),
            key_file("edge"),
        ];
        // One test calls every method, from one address.
        let rates = ["ORCHARD_CALLER_RATE", "ORCHARD_CALLER_BURST", "ORCHARD_ADDRESS_RATE", "ORCHARD_ADDRESS_BURST"]
            .map(|rate| (rate, "1000000".to_owned()));
        let edge = Program::start(orchard("edge", "serve"), &keys, &[settings.as_slice(), &upstreams, &rates].concat()).await?;
        Ok(Self { collector, keys, family, social, recipe, consultation, edge })
    }

    /// Returns a client of the edge for a user.
    pub fn user(&self, user: Uuid) -> anyhow::Result<Client> {
        let token = self.keys.user_token(user, &[], Duration::from_secs(600))?;
        Ok(Headers::bearer(&token)?.on(channel(self.edge.address)?))
    }

    /// Returns a client of a slice for a service.
    pub fn service(&self, name: &str, slice: &Deployed) -> anyhow::Result<Client> {
        let token = self.keys.workload_token(name, Duration::from_secs(600))?;
        Ok(Headers::bearer(&token)?.on(channel(slice.program.address)?))
    }

    /// Waits until all events of the family slice are delivered.
    pub async fn all_delivered(&self) -> anyhow::Result<()> {
        all_delivered(&self.family.schema).await
    }

    /// Stops all services, which sends their spans, and returns the collector and their logs.
    pub async fn stop(self) -> anyhow::Result<(Collector, Vec<String>)> {
        let mut logs = vec![self.edge.stop().await?];
        for slice in [self.family, self.social, self.recipe, self.consultation] {
            logs.push(slice.program.stop().await?);
        }
        Ok((self.collector, logs))
    }
}

/// The first process of a container ignores signals without a handler.
#[tokio::test]
async fn sigterm_ends_a_migration_that_waits_for_the_database() -> anyhow::Result<()> {
    let silent = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("postgres://family:secret@{}/orchard", silent.local_addr()?);
    let mut migrate = orchard("family", "migrate");
    let migrate = migrate.env("DATABASE_URL", url).stderr(Stdio::piped()).kill_on_drop(true).spawn()?;
    let _connection = timeout(LIMIT, silent.accept()).await??;
    program::terminate(&migrate)?;
    let output = timeout(LIMIT, migrate.wait_with_output()).await??;
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(log.contains("family: stopped by a signal"), "{log}");
    Ok(())
}

#[tokio::test]
async fn a_service_refuses_to_serve_a_database_that_is_not_migrated() -> anyhow::Result<()> {
    let schema = Schema::create().await?;
    let keys = DevKeys::ephemeral()?;
    let run = async |task: &str, url: &str| {
        let mut command = orchard("family", task);
        command.env("DATABASE_URL", url);
        command.env("ORCHARD_LISTEN", "127.0.0.1:0").env("ORCHARD_ADMIN_LISTEN", "127.0.0.1:0");
        command.env("ORCHARD_USER_JWKS_FILE", keys.user_jwks_file());
        command.env("ORCHARD_WORKLOAD_JWKS_FILE", keys.workload_jwks_file());
        command.env("ORCHARD_TOKEN_KEYS_FILE", keys.token_keys_file());
        command.env("ORCHARD_WORKLOAD_KEY_FILE", keys.workload_key_file("family"));
        command.env("ORCHARD_SOCIAL_URL", "http://127.0.0.1:1");
        let output = command.output().await?;
        anyhow::Ok((output.status.success(), String::from_utf8(output.stderr)?))
    };
    let (served, log) = run("serve", schema.url()).await?;
    assert!(!served && log.contains("run `migrate`"), "{log}");
    let (migrated, log) = run("migrate", schema.url()).await?;
    assert!(migrated && log.contains("applied"), "{log}");
    let (migrated, log) = run("migrate", schema.url()).await?;
    assert!(migrated && log.contains("nothing to migrate"), "{log}");
    let (unreachable, log) = run("migrate", "postgres://me:hunter2@127.0.0.1:1/nowhere").await?;
    assert!(!unreachable && !log.contains("hunter2") && log.lines().count() == 1, "{log}");
    Ok(())
}

#[tokio::test]
async fn reconcile_says_what_it_mended() -> anyhow::Result<()> {
    let schema = Schema::create().await?;
    let run = async || {
        let output = orchard("social", "reconcile").env("DATABASE_URL", schema.url()).output().await?;
        anyhow::Ok((output.status.success(), String::from_utf8(output.stderr)?))
    };
    let (reconciled, log) = run().await?;
    assert!(!reconciled && log.contains("run `migrate`"), "{log}");
    schema.migrate(orchard_social::Service::migrations()).await?;
    let expected = "social: mended copies of 0 profiles, seats of 0 challenges, counts of 0 leaderboards\n";
    assert_eq!(run().await?, (true, expected.to_owned()));
    Ok(())
}
