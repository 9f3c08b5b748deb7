//! The number of statements, by the log of PostgreSQL.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use orchard_proto::social::v1 as pb;
use orchard_social::{Settings, Terms};
use orchard_testkit::cluster::{Cluster, Options, Tools, scratch};
use orchard_testkit::database::Schema;
use orchard_testkit::keys::DevKeys;

use crate::world::{NOWHERE, World, days_ago, id, minutes, new_challenge, settings};

/// The log of PostgreSQL, in which a session of the test writes marks.
struct Log<'a> {
    path: &'a Path,
    client: tokio_postgres::Client,
}

impl Log<'_> {
    async fn mark(&self, mark: &str) -> anyhow::Result<()> {
        Ok(self.client.batch_execute(&format!("SELECT '{mark}'")).await?)
    }

    /// Returns the first words of the statements between two marks.
    async fn between(&self, from: &str, to: &str) -> anyhow::Result<Vec<String>> {
        for _ in 0..500 {
            let log = std::fs::read_to_string(self.path)?;
            let since = log.split_once(&format!("SELECT '{from}'")).map(|(_, since)| since);
            if let Some((between, _)) = since.and_then(|since| since.split_once(&format!("SELECT '{to}'"))) {
                let between = between.replace("LOG:  statement: ", "LOG:  execute one: ");
                let word = |statement: &str| {
                    let text = statement.split_once(": ").map_or(statement, |(_name, text)| text);
                    text.split_whitespace().next().unwrap_or_default().to_owned()
                };
                let mut words: Vec<_> = between.split("LOG:  execute ").skip(1).map(word).collect();
                // The last statement is the mark itself.
                words.pop();
                return Ok(words);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        anyhow::bail!("the log does not have {from} and {to}")
    }
}

#[tokio::test]
async fn writing_a_day_takes_one_read_and_one_write() -> anyhow::Result<()> {
    let start = || Cluster::temporary(&Tools::find()?, &scratch(), Options::test());
    let cluster = tokio::task::spawn_blocking(start).await??;
    let schema = Schema::create_on(&cluster.url("postgres")).await?;
    let client = schema.connect().await?;
    client.batch_execute("ALTER DATABASE postgres SET log_statement = 'all'").await?;
    let keys = Arc::new(DevKeys::ephemeral()?);
    let usual = settings(&keys, NOWHERE.parse()?);
    let referrals = Terms { referral_period: Duration::from_hours(1), ..usual.referrals.clone() };
    let quiet = Settings { finalise_period: Duration::from_hours(1), referrals, ..usual };
    let world = World::within(schema.clone(), &quiet, keys).await?;
    let user = id();
    let challenge = world.official(pb::CreateChallengeRequest { scoring: minutes(1, 100), ..new_challenge() }).await?;
    world.join(user, &challenge).await?;
    world.record(user, &challenge, days_ago(0), &[], 1).await?;

    let path = cluster.log();
    let log = Log { path: &path, client: schema.connect().await? };
    // Background work may come in between, but not each time.
    let mut counted = Vec::new();
    for turn in 0..20 {
        let [a, b, c, d] = ["a", "b", "c", "d"].map(|mark| format!("{mark}{turn}"));
        log.mark(&a).await?;
        world.record(user, &challenge, days_ago(0), &[("apple", 1)], 2).await?;
        log.mark(&b).await?;
        world.record(user, &challenge, days_ago(1), &[("apple", 1)], turn).await?;
        log.mark(&c).await?;
        world.delete(user, &challenge, days_ago(0)).await?;
        log.mark(&d).await?;
        for (from, to) in [(&a, &b), (&b, &c), (&c, &d)] {
            counted.push(log.between(from, to).await?);
        }
        if counted.iter().rev().take(3).all(|statements| *statements == ["SELECT", "WITH"]) {
            return Ok(());
        }
    }
    anyhow::bail!("never one read and one write: {counted:?}")
}
