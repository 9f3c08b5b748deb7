//! `cargo xtask secrets`: keys, passwords and URLs for a deployment on a development machine, and two commands that only its
//! containers run.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use orchard_testkit::cluster::random_hex;
use orchard_testkit::keys::{DevKeys, files};

use crate::demo::{self, Addresses};
use crate::output::{Progress, say};
use crate::project::{SERVICES, SLICES};
use crate::up::provision::{self, write_private, write_url};
use crate::up::signs;

/// Make keys, passwords and database URLs for a deployment for development, those of each service in a folder of its own. Files that
/// exist are kept.
///
/// `public` has the public keys, `keys` all private keys, which sign tokens, and `postgres` the superuser's password.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    folder: Folder,
    /// Address of PostgreSQL.
    #[arg(long, value_name = "HOST:PORT", default_value = "postgres:5432")]
    database: String,
}

/// The folder of all secrets.
#[derive(clap::Args)]
pub struct Folder {
    /// Folder of the secrets.
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

impl Folder {
    fn keys(&self) -> Result<DevKeys> {
        DevKeys::load_or_create(&self.folder.join("keys"))
    }

    /// Returns the folder of the demo's state.
    fn demo(&self) -> PathBuf {
        self.folder.join("demo")
    }

    /// Returns the folder of the superuser's password.
    fn superuser(&self) -> PathBuf {
        self.folder.join("postgres")
    }
}

/// Makes the files.
pub fn make(args: &Args) -> Result<ExitCode> {
    let (folder, server) = (&args.folder.folder, &args.database);
    let keys = args.folder.keys()?;
    copy(&keys.user_jwks_file(), &folder.join("public/users.jwks.json"))?;
    copy(&keys.workload_jwks_file(), &folder.join("public/workloads.jwks.json"))?;
    for service in SERVICES {
        copy(&keys.workload_key_file(service), &folder.join(service).join("workload.pem"))?;
    }
    for slice in SLICES {
        write_url(folder, slice, server)?;
        files::read_or_create(&folder.join(slice).join("token-keys"), files::new_token_key)?;
    }
    let password = args.folder.superuser().join("password");
    if !password.exists() {
        write_private(&password, &random_hex()?)?;
    }
    let password = read(&password)?;
    let demo = args.folder.demo();
    std::fs::create_dir_all(&demo).with_context(|| format!("cannot create {}", demo.display()))?;
    write_private(&args.folder.superuser().join("database-url"), &format!("postgres://postgres:{password}@{server}/postgres\n"))?;
    say(&format!("keys, passwords and URLs are in {}", folder.display()));
    Ok(ExitCode::SUCCESS)
}

/// Creates the database, roles and schemas on the server.
pub fn provision(folder: &Folder) -> Result<ExitCode> {
    let url = read(&folder.superuser().join("database-url"))?;
    let admin = url.trim().parse().context("the superuser's URL is not valid")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(provision::provision(&admin, &folder.folder))?;
    say("database `orchard` is ready, with a role and a schema for each slice");
    Ok(ExitCode::SUCCESS)
}

/// Load the demo data.
#[derive(clap::Args)]
pub struct DemoArgs {
    #[command(flatten)]
    folder: Folder,
    #[command(flatten)]
    addresses: Addresses,
}

/// Loads the demo data into running services, and prints example calls.
pub fn demo(args: &DemoArgs) -> Result<ExitCode> {
    let keys = args.folder.keys()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let progress = Progress::start();
    let demo = runtime.block_on(demo::load(&args.folder.demo(), &keys, &args.addresses, &progress))?;
    for (method, json) in signs::calls(&demo) {
        say(&format!("docker compose run --rm tools grpc --user alice {method} '{json}'"));
    }
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    write_private(to, &read(from)?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn files_that_exist_are_kept() {
        let folder = std::env::temp_dir().join(format!("secrets-{}", uuid::Uuid::new_v4().simple()));
        let args = Args { folder: Folder { folder: folder.clone() }, database: "db:5432".to_owned() };
        let content = || -> BTreeMap<PathBuf, String> {
            let keys = SERVICES.map(|service| folder.join(service).join("workload.pem"));
            let urls = SLICES.map(|slice| folder.join(slice).join("database-url"));
            let others = ["postgres/database-url", "public/users.jwks.json"].map(|file| folder.join(file));
            let token_keys = SLICES.map(|slice| folder.join(slice).join("token-keys"));
            keys.into_iter()
                .chain(urls)
                .chain(token_keys)
                .chain(others)
                .map(|path| (path.clone(), read(&path).unwrap()))
                .collect()
        };
        make(&args).unwrap();
        let first = content();
        assert!(first[&folder.join("family/database-url")].contains("@db:5432/orchard"));
        assert_ne!(first[&folder.join("family/workload.pem")], first[&folder.join("edge/workload.pem")]);
        assert_ne!(first[&folder.join("family/token-keys")], first[&folder.join("social/token-keys")]);
        make(&args).unwrap();
        assert_eq!(content(), first);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
