//! One server for all tests of a process, or of a whole run.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::{Cluster, ClusterError, Options, Tools};

/// The environment variable that holds a superuser's URL of a server to test on; `cargo xtask test` sets it.
pub const TEST_DATABASE_URL: &str = "ORCHARD_TEST_DATABASE_URL";

#[derive(Debug)]
struct Shared {
    url: String,
    /// Never dropped, being in a static: the server and its files go when the process does.
    _cluster: Option<Cluster>,
}

/// The superuser's URL of the server for this process' tests: the one that [`TEST_DATABASE_URL`] names, else a temporary cluster
/// that is started by the first call and ends with the process.
///
/// The first call blocks for a second or two; within a runtime, make it by `spawn_blocking`.
pub fn shared() -> Result<&'static str, &'static ClusterError> {
    static SHARED: OnceLock<Result<Shared, ClusterError>> = OnceLock::new();
    SHARED.get_or_init(start).as_ref().map(|shared| shared.url.as_str())
}

fn start() -> Result<Shared, ClusterError> {
    if let Some(url) = std::env::var(TEST_DATABASE_URL).ok().filter(|url| !url.is_empty()) {
        return Ok(Shared { url, _cluster: None });
    }
    let cluster = Cluster::temporary(&Tools::find()?, &scratch(), Options::test())?;
    Ok(Shared { url: cluster.url("postgres"), _cluster: Some(cluster) })
}

/// A folder for what tests leave for moments: in the build folder that this program lies in, else in /var/tmp.
pub fn scratch() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let target = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    target.map_or_else(|| Path::new("/var/tmp").to_owned(), |target| target.join("tmp"))
}
