//! Prepares a PostgreSQL server for the services: a database, and a role and a schema for each slice.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use orchard_testkit::cluster::{MINIMUM_MAJOR, random_hex};
use orchard_testkit::keys::files;
use tokio_postgres::config::Host;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls};

use crate::project::SLICES;

const DATABASE: &str = "orchard";
const PROVISION: &str = include_str!("../../../../deploy/postgres/provision.sql");

/// Fails if another server cannot be used, before anything is changed there.
pub async fn check(admin: &Config, secrets: &Path) -> Result<()> {
    address(admin)?;
    let unknown = with_client(admin, async |client| {
        let version: String = client.query_one("SHOW server_version_num", &[]).await?.get(0);
        let major = version.parse::<u32>().unwrap_or_default() / 10_000;
        if major < MINIMUM_MAJOR {
            bail!("the server of DATABASE_URL is PostgreSQL {major}: {MINIMUM_MAJOR} or newer is needed");
        }
        let protected = "SELECT FROM pg_authid WHERE rolname = $1 AND rolpassword IS NOT NULL";
        let mut unknown = Vec::new();
        for slice in SLICES {
            let role = role_of(slice);
            let has_password = client.query_opt(protected, &[&role]).await.context("DATABASE_URL must be a superuser's")?;
            if has_password.is_some() && !is_ours(admin, &role, &url_file(secrets, slice)).await {
                unknown.push(role);
            }
        }
        Ok(unknown)
    })
    .await?;
    if !unknown.is_empty() {
        bail!(
            "the passwords of {} on the server of DATABASE_URL were not set by this checkout and are kept: use another server, or \
                remove each that is not needed with `ALTER ROLE <role> PASSWORD NULL`",
            unknown.join(", ")
        );
    }
    Ok(())
}

/// Returns whether the role has the password of our file, which may be that of a role on another server.
async fn is_ours(admin: &Config, role: &str, file: &Path) -> bool {
    let Some(password) = known_password(file) else { return false };
    let mut config = admin.clone();
    config.user(role).password(password);
    // PostgreSQL checks the password first; other reasons to refuse the connection do not matter here.
    match config.connect(NoTls).await {
        Ok(_) => true,
        Err(error) => error.code() != Some(&SqlState::INVALID_PASSWORD),
    }
}

/// Creates the database with a role, a schema and a password for each slice, and writes each slice's URL to a private file.
/// A second time it only updates the address in the files.
pub async fn provision(admin: &Config, secrets: &Path) -> Result<()> {
    let (host, port) = address(admin)?;
    with_client(admin, async |client| {
        if client.query_opt("SELECT FROM pg_database WHERE datname = $1", &[&DATABASE]).await?.is_none() {
            client.batch_execute(&format!("CREATE DATABASE {DATABASE}")).await?;
        }
        Ok(())
    })
    .await?;
    let mut config = admin.clone();
    config.dbname(DATABASE);
    with_client(&config, async |client| {
        client.batch_execute(PROVISION).await.context("deploy/postgres/provision.sql failed")?;
        for slice in SLICES {
            // The file first: the next run must know every password that is set.
            let password = write_url(secrets, slice, &format!("{host}:{port}"))?;
            client.batch_execute(&format!("ALTER ROLE {} LOGIN PASSWORD '{password}'", role_of(slice))).await?;
        }
        Ok(())
    })
    .await
}

/// Returns the folder of the slices' URLs below the state of `up`.
pub fn secrets(up: &Path) -> PathBuf {
    up.join("secrets")
}

/// Returns the file with a slice's URL.
pub fn url_file(secrets: &Path, slice: &str) -> PathBuf {
    secrets.join(slice).join("database-url")
}

/// Writes a slice's URL with its password in the file, or a new one, and returns the password.
pub fn write_url(secrets: &Path, slice: &str, server: &str) -> Result<String> {
    let file = url_file(secrets, slice);
    let password = match known_password(&file) {
        Some(password) => password,
        None => random_hex()?,
    };
    write_private(&file, &format!("postgres://{}:{password}@{server}/{DATABASE}\n", role_of(slice)))?;
    Ok(password)
}

fn role_of(slice: &str) -> String {
    format!("orchard_{slice}")
}

async fn with_client<T>(config: &Config, work: impl AsyncFnOnce(&Client) -> Result<T>) -> Result<T> {
    let connected = config.connect(NoTls).await.context("cannot connect to PostgreSQL as its superuser (without TLS)");
    let (client, connection) = connected?;
    tokio::select! {
        biased;
        done = work(&client) => done,
        ended = connection => {
            ended.context("PostgreSQL ended the connection")?;
            bail!("PostgreSQL ended the connection")
        }
    }
}

fn address(config: &Config) -> Result<(String, u16)> {
    match config.get_hosts() {
        [Host::Tcp(host)] if !host.is_empty() => {
            let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
            Ok((host, config.get_ports().first().copied().unwrap_or(5432)))
        }
        _ => bail!("DATABASE_URL must name one host by TCP, such as postgres://postgres:password@127.0.0.1:5432/postgres"),
    }
}

/// Returns the password in the file if it is one of ours: another `up` on the same server may use it.
fn known_password(file: &Path) -> Option<String> {
    let url: Config = fs::read_to_string(file).ok()?.trim().parse().ok()?;
    let password = String::from_utf8(url.get_password()?.to_vec()).ok()?;
    let ours = password.len() == 32 && password.bytes().all(|byte| byte.is_ascii_hexdigit());
    ours.then_some(password)
}

/// Writes a file that only its owner may read, in such a folder, unless it has this content already: it may be read-only.
pub fn write_private(path: &Path, content: &str) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    if !folder.is_dir() {
        files::create_folder(folder)?;
    }
    files::write(path, content)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use orchard_testkit::cluster;

    use super::*;

    #[test]
    fn services_need_a_server_that_listens_on_tcp() {
        let of = |url: &str| address(&url.parse().unwrap());
        assert_eq!(of("postgres://postgres@db:6432/postgres").unwrap(), ("db".to_owned(), 6432));
        assert_eq!(of("postgres://postgres@[::1]/postgres").unwrap(), ("[::1]".to_owned(), 5432));
        assert!(of("postgres:///postgres?host=/run/postgresql").is_err());
    }

    #[test]
    fn each_slice_can_use_its_own_schema_and_no_other() {
        let tools = cluster::Tools::find().unwrap();
        let server = cluster::Cluster::temporary(&tools, &cluster::scratch(), cluster::Options::test()).unwrap();
        let secrets = cluster::scratch().join(format!("secrets-{}", uuid::Uuid::new_v4().simple()));
        let admin: Config = server.url("postgres").parse().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            check(&admin, &secrets).await.unwrap();
            provision(&admin, &secrets).await.unwrap();
            let before = fs::read_to_string(url_file(&secrets, "family")).unwrap();
            provision(&admin, &secrets).await.unwrap();
            assert_eq!(fs::read_to_string(url_file(&secrets, "family")).unwrap(), before);
            assert_eq!(fs::metadata(url_file(&secrets, "family")).unwrap().permissions().mode() & 0o777, 0o600);
            for slice in SLICES {
                let url = fs::read_to_string(url_file(&secrets, slice)).unwrap();
                with_client(&url.trim().parse().unwrap(), async |client| {
                    client.batch_execute("CREATE TABLE mine ()").await?;
                    let home: String = client.query_one("SELECT current_schema()", &[]).await?.get(0);
                    assert_eq!(home, slice);
                    let other = if slice == "family" { "social" } else { "family" };
                    assert!(client.batch_execute(&format!("CREATE TABLE {other}.theirs ()")).await.is_err());
                    Ok(())
                })
                .await
                .unwrap();
            }
            check(&admin, &secrets).await.unwrap();
            let other = format!("postgres://orchard_family:{}@127.0.0.1/orchard", random_hex().unwrap());
            fs::write(url_file(&secrets, "family"), other).unwrap();
            fs::remove_file(url_file(&secrets, "recipe")).unwrap();
            let error = check(&admin, &secrets).await.unwrap_err().to_string();
            assert!(error.contains(" of orchard_family, orchard_recipe on "), "{error}");
        });
        fs::remove_dir_all(&secrets).unwrap();
    }
}
