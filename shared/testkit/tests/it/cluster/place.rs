//! Where the files of a cluster lie.

use super::*;

#[test]
fn root_keeps_its_folders_closed_and_uses_another() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let folder = Folder::new();
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o700)).unwrap();
    let dir = folder.0.join("pg");
    let cluster = Cluster::create_or_open(&tools(), &dir, small()).unwrap();
    let home = home(&cluster);
    assert!(home.starts_with("/var/tmp") && cluster.note().unwrap().contains(home.to_str().unwrap()));
    assert_eq!(fs::metadata(&home).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(&folder.0).unwrap().permissions().mode() & 0o777, 0o700);
    query(&cluster.url("postgres"), "CREATE TABLE kept ()").unwrap();
    drop(cluster);

    let again = Cluster::create_or_open(&tools(), &dir, small()).unwrap();
    assert_eq!(super::home(&again), home);
    query(&again.url("postgres"), "SELECT FROM kept").unwrap();
    drop(again);

    // The folder was removed by hand: what it named is not mistaken for another's.
    fs::remove_dir_all(&dir).unwrap();
    let anew = Cluster::create_or_open(&tools(), &dir, small()).unwrap();
    assert!(query(&anew.url("postgres"), "SELECT FROM kept").is_err());
    drop(anew);
    Cluster::remove(&dir).unwrap();
    assert!(!dir.exists() && !home.exists());
}

#[test]
fn a_moved_pointer_is_no_foreign_folder() {
    let folder = Folder::new();
    let dir = folder.0.join("pg");
    fs::create_dir(&dir).unwrap();
    let others = format!("/var/tmp/orchard-{}", &Uuid::new_v4().simple().to_string()[..12]);
    fs::create_dir(&others).unwrap();
    let point_there = || fs::write(dir.join("location"), format!("{others}\n")).unwrap();

    point_there();
    Cluster::remove(&dir).unwrap();
    assert!(!dir.exists());

    fs::create_dir(&dir).unwrap();
    point_there();
    let cluster = Cluster::create_or_open(&tools(), &dir, small()).unwrap();
    assert_ne!(home(&cluster), PathBuf::from(&others));
    drop(cluster);
    fs::remove_dir(&others).unwrap();

    for content in ["/home/me/thesis", "/var/tmp/orchard-../../etc"] {
        Cluster::remove(&dir).unwrap();
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("location"), content).unwrap();
        assert!(matches!(Cluster::remove(&dir), Err(ClusterError::Foreign { .. })), "{content}");
        fs::remove_dir_all(&dir).unwrap();
    }
}

#[test]
fn data_of_another_user_is_no_damage() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let folder = Folder::new();
    let dir = folder.0.join("pg");
    let mut cluster = Cluster::create_or_open(&tools(), &dir, small()).unwrap();
    cluster.stop().unwrap();
    let data = home(&cluster).join("data");
    std::os::unix::fs::chown(&data, Some(12_345), None).unwrap();
    assert!(matches!(cluster.start(), Err(ClusterError::OtherUser { .. })));
}
