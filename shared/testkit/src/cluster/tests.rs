use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::tools::parse_major;
use super::*;
use crate::folder::Folder;

#[test]
fn missing_and_old_binaries_are_told_apart() {
    let folder = Folder::new().unwrap();
    let bin = folder.file("bin");
    fs::create_dir(&bin).unwrap();
    assert!(matches!(Tools::find_in(std::slice::from_ref(&bin)), Err(ClusterError::Missing)));
    for name in ["initdb", "postgres"] {
        let program = bin.join(name);
        fs::write(&program, "#!/bin/sh\necho 'postgres (PostgreSQL) 13.9 (Debian 13.9-1)'\n").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    }
    assert!(matches!(Tools::find_in(std::slice::from_ref(&bin)), Err(ClusterError::TooOld { found: 13, .. })));
    let installed = Tools::find().unwrap();
    assert_eq!(Tools::find_in(&[bin, installed.bin().to_owned()]).unwrap().major(), installed.major());
    assert_eq!(parse_major("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"), Some(15));
    assert_eq!(parse_major("postgres (PostgreSQL) 19beta2"), Some(19));
    assert_eq!(parse_major("something else"), None);
}

/// The number of a server that was killed may have passed to another process, even to another server.
#[test]
fn only_the_server_of_these_files_is_waited_for() {
    let start = || Cluster::temporary(&Tools::find().unwrap(), &scratch(), Options { max_connections: 10, ..Options::test() });
    let (mut cluster, other) = (start().unwrap(), start().unwrap());
    assert!(cluster.server.place.is_served());
    cluster.stop().unwrap();
    assert!(!cluster.server.place.is_served());
    let pid = fs::read_to_string(other.server.place.data().join("postmaster.pid")).unwrap();
    fs::write(cluster.server.place.data().join("postmaster.pid"), pid).unwrap();
    assert!(!cluster.server.place.is_served() && other.server.place.is_served());
    // First, because the watchdog waits for the process that the file of the stopped one names.
    drop(other);
}
