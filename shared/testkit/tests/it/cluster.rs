//! A private PostgreSQL: what it keeps, whom it lets in, and what it leaves behind.

mod place;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use orchard_testkit::cluster::{Cluster, ClusterError, Options, TEST_DATABASE_URL, Tools, scratch, shared};
use uuid::Uuid;

/// A folder of a test's own, which goes with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = scratch().join(format!("orchard-cluster-test-{}", Uuid::new_v4().simple()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // As root in a closed folder, the files of its cluster are elsewhere.
        let _ = Cluster::remove(&self.0.join("pg"));
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn tools() -> Tools {
    Tools::find().unwrap()
}

fn small() -> Options {
    Options { max_connections: 10, ..Options::test() }
}

/// The folder of the cluster's files.
fn home(cluster: &Cluster) -> PathBuf {
    cluster.log().parent().unwrap().to_owned()
}

fn query(url: &str, sql: &str) -> Result<String, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.map_err(|e| e.to_string())?;
        tokio::select! {
            _ = connection => Err("the connection ended".to_owned()),
            rows = client.simple_query(sql) => {
                let first = rows.map_err(|e| e.to_string())?.into_iter().find_map(|message| match message {
                    tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                    _ => None,
                });
                Ok(first.unwrap_or_default())
            }
        }
    })
}

#[test]
fn what_is_committed_is_there_after_stop_kill_and_reopening() {
    let folder = Folder::new();
    let dir = folder.0.join("pg");
    let mut cluster = Cluster::create_or_open(&tools(), &dir, Options { max_connections: 10, ..Options::durable() }).unwrap();
    let (url, port) = (cluster.url("postgres"), cluster.port());
    query(&url, "CREATE TABLE kept (n INT); INSERT INTO kept VALUES (1)").unwrap();

    cluster.stop().unwrap();
    assert!(query(&url, "SELECT 1").is_err());
    cluster.start().unwrap();
    assert_eq!(query(&url, "SELECT count(*) FROM kept").unwrap(), "1");

    cluster.kill().unwrap();
    assert!(query(&url, "SELECT 1").is_err());
    cluster.start().unwrap();
    assert_eq!(cluster.port(), port);
    assert_eq!(query(&url, "SELECT count(*) FROM kept").unwrap(), "1");
    assert_eq!(cluster.failure(), None);

    drop(cluster);
    let again = Cluster::create_or_open(&tools(), &dir, Options::durable()).unwrap();
    assert_eq!(query(&again.url("postgres"), "SELECT count(*) FROM kept").unwrap(), "1");
    assert_eq!(query(&again.url("postgres"), "SHOW fsync").unwrap(), "on");
    drop(again);
    Cluster::remove(&dir).unwrap();
    assert!(!dir.exists());
}

#[test]
fn only_the_password_opens_it() {
    let cluster = Cluster::temporary(&tools(), &scratch(), small()).unwrap();
    let url = cluster.url("postgres");
    let mode = fs::metadata(home(&cluster).join("password")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let password = fs::read_to_string(home(&cluster).join("password")).unwrap();
    assert!(url.contains(password.trim()));
    let wrong = url.replace(password.trim(), "guessed");
    assert!(query(&wrong, "SELECT 1").is_err());
    assert_eq!(query(&url, "SHOW unix_socket_directories").unwrap(), "");
    assert_eq!(query(&url, "SHOW listen_addresses").unwrap(), "127.0.0.1");
    assert_eq!(query(&url, "SELECT lower('ÄPFEL')").unwrap(), "äpfel");
}

#[test]
fn a_cluster_is_served_once() {
    let folder = Folder::new();
    let dir = folder.0.join("pg");
    let first = Cluster::create_or_open(&tools(), &dir, small()).unwrap();
    assert!(matches!(Cluster::create_or_open(&tools(), &dir, small()), Err(ClusterError::AlreadyRunning { .. })));
    assert!(matches!(Cluster::remove(&dir), Err(ClusterError::AlreadyRunning { .. })));
    drop(first);
    let second = Cluster::create_or_open(&tools(), &dir, small()).unwrap();
    assert!(query(&second.url("postgres"), "SELECT 1").is_ok());
}

#[test]
fn a_foreign_folder_is_left_alone() {
    let folder = Folder::new();
    fs::write(folder.0.join("thesis.txt"), "years of work").unwrap();
    let mode = || fs::metadata(&folder.0).unwrap().permissions().mode();
    let before = mode();
    assert!(matches!(Cluster::create_or_open(&tools(), &folder.0, small()), Err(ClusterError::Foreign { .. })));
    assert!(matches!(Cluster::remove(&folder.0), Err(ClusterError::Foreign { .. })));
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
    assert_eq!(mode(), before);
}

#[test]
fn damage_and_other_versions_are_told_apart() {
    let folder = Folder::new();
    let dir = folder.0.join("pg");
    let mut cluster = Cluster::create_or_open(&tools(), &dir, small()).unwrap();
    cluster.stop().unwrap();
    let data = home(&cluster).join("data");
    drop(cluster);

    let version = fs::read_to_string(data.join("PG_VERSION")).unwrap();
    fs::write(data.join("PG_VERSION"), "9\n").unwrap();
    let error = Cluster::create_or_open(&tools(), &dir, small()).unwrap_err();
    assert!(matches!(&error, ClusterError::OtherVersion { found, .. } if found == "9"), "{error}");
    fs::write(data.join("PG_VERSION"), version).unwrap();

    fs::write(data.join("global/pg_control"), "scratched").unwrap();
    let error = Cluster::create_or_open(&tools(), &dir, small()).unwrap_err();
    assert!(matches!(error, ClusterError::Broken { .. }), "{error}");
    assert!(error.to_string().contains("--fresh"), "{error}");
    assert!(error.to_string().contains("pg_control") || error.to_string().contains("control file"), "{error}");
}

#[test]
fn a_taken_port_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = Cluster::temporary(&tools(), &scratch(), Options { port: Some(port), ..small() }).unwrap_err();
    assert!(matches!(error, ClusterError::PortTaken { port: named } if named == port), "{error}");
}

#[test]
fn a_temporary_cluster_goes_with_its_value() {
    let cluster = Cluster::temporary(&tools(), &scratch(), small()).unwrap();
    let home = home(&cluster);
    assert!(home.join("data").exists());
    drop(cluster);
    assert!(!home.exists());
}

/// Not a test of its own: [`a_killed_process_leaves_nothing`] runs it in a process that it kills.
#[test]
#[ignore = "runs inside another test"]
fn serve_until_killed() {
    let _ = shared().unwrap();
    let mut cluster = Cluster::temporary(&tools(), &scratch(), small()).unwrap();
    let report = std::env::var("ORCHARD_TEST_REPORT").unwrap();
    let line = format!("{}\n{}\n", home(&cluster).display(), cluster.url("postgres"));
    fs::write(format!("{report}.new"), line).unwrap();
    fs::rename(format!("{report}.new"), report).unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while cluster.failure().is_none() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_killed_process_leaves_nothing() {
    let folder = Folder::new();
    let report = folder.0.join("report");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "cluster::serve_until_killed"])
        .env("ORCHARD_TEST_REPORT", &report)
        .env_remove(TEST_DATABASE_URL)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let until = |what: &dyn Fn() -> bool| {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !what() {
            assert!(Instant::now() < deadline, "waited too long");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    until(&|| report.exists());
    let content = fs::read_to_string(&report).unwrap();
    let (home, url) = content.trim().split_once('\n').unwrap();
    assert!(query(url, "SELECT 1").is_ok());

    child.kill().unwrap();
    child.wait().unwrap();
    until(&|| query(url, "SELECT 1").is_err());
    let of_child = format!("orchard-pg-{}-", child.id());
    until(&|| {
        let left = fs::read_dir(scratch()).unwrap().flatten();
        !PathBuf::from(home).exists() && left.into_iter().all(|entry| !entry.file_name().to_string_lossy().contains(&of_child))
    });
}
