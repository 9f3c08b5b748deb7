//! Where a cluster's files lie, who may use them now, and what else a folder may turn out to hold.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::ClusterError;
use super::error::Doing as _;
use super::user::RunAs;

const MARKER: &str = "orchard-cluster";
const LOCATION: &str = "location";
const LOCK: &str = "lock";
/// Root's folders are closed to the account that runs the server; this one is open to all and outlives a restart.
const ELSEWHERE: &str = "/var/tmp";

/// A folder that is claimed for one cluster, by this process alone.
#[derive(Debug)]
pub(super) struct Place {
    home: PathBuf,
    note: Option<String>,
    _lock: File,
}

enum Holds {
    Nothing,
    Cluster,
    Location(PathBuf),
    /// What a folder that was moved or copied here pointed to: the files of the one that it was.
    OldLocation,
}

impl Place {
    pub(super) fn claim(wanted: &Path, run_as: &RunAs) -> Result<Self, ClusterError> {
        fs::create_dir_all(wanted).on("create", wanted)?;
        let wanted = fs::canonicalize(wanted).on("find", wanted)?;
        // Before the lock, because its file is not to be left in a folder that is not ours.
        holds(&wanted)?;
        let lock = lock(&wanted)?;
        let (home, note) = match holds(&wanted)? {
            Holds::Cluster => (wanted, None),
            Holds::Location(home) => {
                if !is_marked(&home, &wanted, run_as) {
                    make_home(&home, &wanted, run_as)?;
                }
                let note = moved(&wanted, &home);
                (home, Some(note))
            }
            Holds::Nothing => new_home(wanted, run_as)?,
            Holds::OldLocation => {
                fs::remove_file(wanted.join(LOCATION)).on("remove", &wanted.join(LOCATION))?;
                new_home(wanted, run_as)?
            }
        };
        let place = Self { home, note, _lock: lock };
        place.await_previous()?;
        Ok(place)
    }

    /// Removes what [`Place::claim`] made of a folder, and nothing when it is another's or in use.
    pub(super) fn remove(wanted: &Path, run_as: &RunAs) -> Result<(), ClusterError> {
        if !wanted.exists() {
            return Ok(());
        }
        let wanted = fs::canonicalize(wanted).on("find", wanted)?;
        let held = holds(&wanted)?;
        let lock = lock(&wanted)?;
        let home = match held {
            Holds::Location(home) if is_marked(&home, &wanted, run_as) => home,
            _ => wanted.clone(),
        };
        let place = Self { home, note: None, _lock: lock };
        place.await_previous()?;
        if place.home != wanted {
            fs::remove_dir_all(&place.home).on("remove", &place.home)?;
        }
        fs::remove_dir_all(&wanted).on("remove", &wanted)
    }

    pub(super) fn home(&self) -> &Path {
        &self.home
    }

    pub(super) fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.home.join("log")
    }

    pub(super) fn password(&self) -> PathBuf {
        self.home.join("password")
    }

    pub(super) fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Waits for the server of the previous holder of the lock: the holder may have been killed while its server writes a last checkpoint.
    fn await_previous(&self) -> Result<(), ClusterError> {
        let deadline = Instant::now() + Duration::from_secs(15);
        while self.is_served() {
            if Instant::now() > deadline {
                return Err(ClusterError::AlreadyRunning { dir: self.home.clone() });
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    pub(super) fn is_served(&self) -> bool {
        let Ok(content) = fs::read_to_string(self.data().join("postmaster.pid")) else { return false };
        let pid = content.lines().next().unwrap_or_default().trim();
        // Name and folder too, as the number may have passed to another process, even another server, since a crash.
        let is_postgres = fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "postgres");
        is_postgres
            && match fs::read_link(format!("/proc/{pid}/cwd")) {
                Ok(folder) => fs::canonicalize(self.data()).is_ok_and(|data| data == folder),
                // Root in a container may not look at another user's process.
                Err(error) => error.kind() == ErrorKind::PermissionDenied,
            }
    }
}

/// Writes a file that only its owner may read.
pub(super) fn write_private(path: &Path, content: &str) -> Result<(), ClusterError> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(content.as_bytes())).on("write", path)
}

fn holds(folder: &Path) -> Result<Holds, ClusterError> {
    let mut names = Vec::new();
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            return Err(ClusterError::OtherUser { dir: folder.to_owned() });
        }
        entries => entries.on("read", folder)?,
    };
    for entry in entries {
        names.push(entry.on("read", folder)?.file_name());
    }
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    if has(MARKER) {
        return Ok(Holds::Cluster);
    }
    if has(LOCATION) {
        let home = fs::read_to_string(folder.join(LOCATION)).on("read", &folder.join(LOCATION))?;
        let home = PathBuf::from(home.trim());
        if home == elsewhere(folder) {
            return Ok(Holds::Location(home));
        }
        if is_elsewhere(&home) && names.iter().all(|name| name == LOCATION || name == LOCK) {
            return Ok(Holds::OldLocation);
        }
    }
    if names.iter().all(|name| name == LOCK) {
        return Ok(Holds::Nothing);
    }
    Err(ClusterError::Foreign { dir: folder.to_owned() })
}

fn lock(folder: &Path) -> Result<File, ClusterError> {
    let path = folder.join(LOCK);
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path).on("open", &path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ClusterError::AlreadyRunning { dir: folder.to_owned() }),
        Err(TryLockError::Error(error)) => Err(error).on("lock", &path),
    }
}

fn new_home(wanted: PathBuf, run_as: &RunAs) -> Result<(PathBuf, Option<String>), ClusterError> {
    if run_as.can_enter(wanted.parent().unwrap_or(&wanted))? {
        fs::set_permissions(&wanted, fs::Permissions::from_mode(0o700)).on("close", &wanted)?;
        run_as.give(&wanted)?;
        mark(&wanted, &wanted)?;
        return Ok((wanted, None));
    }
    let home = elsewhere(&wanted);
    // First, so that a removal of the folder finds the other one, however early this ends.
    write_private(&wanted.join(LOCATION), &format!("{}\n", home.display()))?;
    make_home(&home, &wanted, run_as)?;
    let note = moved(&wanted, &home);
    Ok((home, Some(note)))
}

fn make_home(home: &Path, wanted: &Path, run_as: &RunAs) -> Result<(), ClusterError> {
    if is_marked(home, wanted, run_as) {
        // Left behind by a folder that was removed by hand.
        fs::remove_dir_all(home).on("remove", home)?;
    }
    if let Err(error) = DirBuilder::new().mode(0o700).create(home) {
        let exists = error.kind() == ErrorKind::AlreadyExists;
        return if exists { Err(ClusterError::Foreign { dir: home.to_owned() }) } else { Err(error).on("create", home) };
    }
    mark(home, wanted)?;
    run_as.give(home)
}

fn mark(home: &Path, wanted: &Path) -> Result<(), ClusterError> {
    write_private(&home.join(MARKER), &format!("{}\n", wanted.display()))
}

fn is_marked(home: &Path, wanted: &Path, run_as: &RunAs) -> bool {
    let marked_for = fs::read_to_string(home.join(MARKER)).unwrap_or_default();
    run_as.owns(home) && Path::new(marked_for.trim()) == wanted
}

fn elsewhere(wanted: &Path) -> PathBuf {
    let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, wanted.as_os_str().as_encoded_bytes()).simple().to_string();
    Path::new(ELSEWHERE).join(format!("orchard-{}", &id[..12]))
}

/// Whether a path is one that [`elsewhere`] gives, for whichever folder.
fn is_elsewhere(home: &Path) -> bool {
    let id = home.strip_prefix(ELSEWHERE).ok().and_then(Path::to_str).and_then(|name| name.strip_prefix("orchard-"));
    id.is_some_and(|id| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn moved(wanted: &Path, home: &Path) -> String {
    format!(
        "PostgreSQL does not run as root, and the user that runs it cannot enter {}: its files are in {}",
        wanted.parent().unwrap_or(wanted).display(),
        home.display()
    )
}
