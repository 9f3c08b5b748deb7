//! The roles and schemas of a deployment, by `deploy/postgres/provision.sql`.

use anyhow::Context as _;
use orchard_server::Slice;
use orchard_testkit::cluster::{Cluster, Options, Tools, scratch};
use tokio_postgres::{Client, NoTls};

const PROVISION: &str = include_str!("../../../../deploy/postgres/provision.sql");
const SLICES: [&str; 4] = ["family", "social", "recipe", "consultation"];

async fn connect(url: &str) -> anyhow::Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    #[expect(clippy::disallowed_methods, reason = "ends with the client")]
    tokio::spawn(connection);
    Ok(client)
}

async fn migrate<S: Slice>(url: &str) -> anyhow::Result<Vec<String>> {
    let url = url.parse()?;
    Ok(tokio::task::spawn_blocking(move || orchard_db::migrate(&url, S::migrations())).await??)
}

#[tokio::test]
async fn each_slice_migrates_with_its_own_role_and_reaches_no_other() -> anyhow::Result<()> {
    let start = || Cluster::temporary(&Tools::find()?, &scratch(), Options::test());
    let cluster = tokio::task::spawn_blocking(start).await??;
    connect(&cluster.url("postgres")).await?.batch_execute("CREATE DATABASE orchard").await?;
    let superuser = connect(&cluster.url("orchard")).await?;
    superuser.batch_execute(PROVISION).await?;
    superuser.batch_execute(PROVISION).await.context("a second time")?;
    for slice in SLICES {
        superuser.batch_execute(&format!("ALTER ROLE orchard_{slice} PASSWORD 'secret'")).await?;
    }
    let url = |slice: &str| format!("postgres://orchard_{slice}:secret@127.0.0.1:{}/orchard", cluster.port());
    assert!(!migrate::<orchard_family::Service>(&url("family")).await?.is_empty());
    assert!(!migrate::<orchard_social::Service>(&url("social")).await?.is_empty());
    assert!(!migrate::<orchard_recipe::Service>(&url("recipe")).await?.is_empty());
    assert!(!migrate::<orchard_consultation::Service>(&url("consultation")).await?.is_empty());

    for slice in SLICES {
        let client = connect(&url(slice)).await?;
        client.query("SELECT id FROM users", &[]).await.with_context(|| format!("{slice} cannot read its own tables"))?;
        for other in SLICES.into_iter().filter(|other| *other != slice) {
            let read = client.query(&format!("SELECT id FROM {other}.users"), &[]).await;
            assert!(read.is_err(), "{slice} reads tables of {other}");
        }
        for schema in ["public", "extensions"] {
            let made = client.batch_execute(&format!("CREATE TABLE {schema}.mine (n int)")).await;
            assert!(made.is_err(), "{slice} creates tables in {schema}");
        }
        let language: String = client.query_one("SHOW lc_messages", &[]).await?.get(0);
        assert_eq!(language, "C", "failures are distinguished by English texts");
    }
    Ok(())
}
