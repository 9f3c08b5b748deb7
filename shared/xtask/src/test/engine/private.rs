//! An engine in namespaces of its own: but for debootstrap nothing is installed, it changes no network of the machine, and it ends with this
//! process however that ends. Its folder, with images that were made and layers that were built, is kept for the next run.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use orchard_testkit::cluster::process::{Process, Signal, bound};
use orchard_testkit::cluster::tail;

use crate::output::say;
use crate::project::Project;
use crate::test::steps::{output, succeeds};

/// Debian's newest, for today's Compose; its engine's programs run on older systems in this root of their own.
const SUITE: &str = "trixie";
const MIRROR: &str = "http://deb.debian.org/debian";
/// The engine, and what base images are made of.
const PACKAGES: &str =
    "docker.io,docker-cli,docker-compose,docker-buildx,iproute2,iptables,ca-certificates,gcc,libc6-dev,postgresql,kustomize";
/// Becomes the root of the mount namespace rather than a mere chroot: else nothing could be run in a container that runs.
const START: &str = r#"
set -eu
root=$1 project=$2
mount --make-rprivate /
mount --bind "$root" "$root"
mkdir -p "$root$project"
mount --bind "$project" "$root$project"
mount -o remount,bind,ro "$root$project"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
if mountpoint -q /sys/fs/cgroup; then mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
else mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"; fi
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
cd "$root"
pivot_root . mnt
umount -l /mnt
/usr/sbin/ip link set lo up
exec /usr/sbin/dockerd --cgroup-parent="/$3"
"#;
const CGROUP: &str = "orchard-test";
const KEPT: &str = "4GB";
const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(50);

/// An engine that runs.
pub struct Private {
    root: PathBuf,
    project: PathBuf,
    unshare: Process,
    /// Its process id here, by which its namespaces are entered.
    id: u32,
}

/// The root file system that it runs in, if it was made.
pub fn root(project: &Project) -> PathBuf {
    project.state().join("engine/root")
}

impl Private {
    /// Starts it; or says why it cannot be.
    pub fn start(project: &Project, assume_yes: bool) -> Result<Result<Self, String>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Err("no Docker engine answers, and only root can start a private one".to_owned()));
        }
        if !is_root_of_namespace() {
            return Ok(Err("no Docker engine answers, and in a chroot a private one could not run health checks".to_owned()));
        }
        let folder = project.state().join("engine");
        let root = root(project);
        if let Err(error) = make_root(&folder, &root, assume_yes) {
            return Ok(Err(format!("no Docker engine answers, and a private one cannot be made: {error:#}")));
        }
        let log = folder.join("dockerd.log");
        let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut command = bound("unshare", "KILL");
        command.args(["--mount", "--pid", "--net", "--fork", "--kill-child", "--", "sh", "-c", START, "sh"]);
        command.arg(&root).arg(project.root()).arg(CGROUP);
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let unshare = Process::spawn(command).context("cannot run setpriv (package util-linux)")?;
        let mut engine = Self { root, project: project.root().to_owned(), unshare, id: 0 };
        let deadline = Instant::now() + START_LIMIT;
        loop {
            engine.id = engine.child().unwrap_or_default();
            if engine.id != 0 && succeeds(engine.docker().arg("version")) {
                return Ok(Ok(engine));
            }
            if engine.unshare.ended()?.is_some() || Instant::now() > deadline {
                return Ok(Err(format!("no Docker engine answers, and a private one does not start:\n{}", tail(&log, 5))));
            }
            std::thread::sleep(POLL);
        }
    }

    fn child(&self) -> Option<u32> {
        let id = self.unshare.id();
        fs::read_to_string(format!("/proc/{id}/task/{id}/children")).ok()?.split_whitespace().next()?.parse().ok()
    }

    /// Docker's command line, inside.
    pub fn docker(&self) -> Command {
        let mut command = self.enter(&["--mount", "--pid", "--net"]);
        command.arg(format!("--wdns={}", self.project.display())).arg("--").arg("/usr/bin/docker");
        command.env_remove("DOCKER_HOST").env_remove("DOCKER_CONTEXT").env("BUILDX_GIT_INFO", "0");
        command
    }

    /// A program of this machine in its network.
    pub fn beside(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = self.enter(&["--net"]);
        command.arg("--").arg(program);
        command
    }

    /// Kills a process by the id that the engine knows it by.
    pub fn kill(&self, process: &str) -> Command {
        let mut command = self.enter(&["--pid", "--mount"]);
        command.args(["--", "/usr/bin/kill", "-KILL", process]);
        command
    }

    /// The root file system, seen from outside.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Has it end in order, and keep no more layers than the next run is likely to need.
    pub fn stop(mut self) -> Result<()> {
        output(self.docker().args(["builder", "prune", "--force", "--keep-storage", KEPT]))?;
        let id = rustix::process::Pid::from_raw(self.id.try_into()?).context("no process")?;
        rustix::process::kill_process(id, Signal::TERM).context("the engine is gone")?;
        let ended = self.unshare.wait(STOP_LIMIT)?;
        // What it leaves of the system's: groups that nobody is in any more.
        remove_group(&Path::new("/sys/fs/cgroup").join(CGROUP));
        for hierarchy in fs::read_dir("/sys/fs/cgroup").into_iter().flatten().flatten() {
            remove_group(&hierarchy.path().join(CGROUP));
        }
        if ended.is_none() {
            self.unshare.end(Signal::KILL, POLL)?;
            bail!("the engine did not end within {STOP_LIMIT:?}");
        }
        Ok(())
    }

    fn enter(&self, namespaces: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--target={}", self.id)).args(namespaces);
        command
    }
}

/// Whoever enters a mount namespace gets its root, which in a chroot is not the one that is seen.
fn is_root_of_namespace() -> bool {
    let entered = output(Command::new("nsenter").args(["--mount=/proc/self/ns/mnt", "--", "stat", "--format=%d:%i", "/"]));
    let seen = output(Command::new("stat").args(["--format=%d:%i", "/"]));
    matches!((entered, seen), (Ok(entered), Ok(seen)) if entered == seen)
}

/// Groups in it first; its files are the kernel's.
fn remove_group(group: &Path) {
    for inner in fs::read_dir(group).into_iter().flatten().flatten().filter(|entry| entry.path().is_dir()) {
        remove_group(&inner.path());
    }
    let _ = fs::remove_dir(group);
}

/// Made once, by Debian's own tool, which checks Debian's signatures.
fn make_root(folder: &Path, root: &Path, assume_yes: bool) -> Result<()> {
    let complete = folder.join("complete");
    if fs::read_to_string(&complete).is_ok_and(|made_of| made_of == PACKAGES) {
        return Ok(());
    }
    if root.exists() {
        fs::remove_dir_all(root).with_context(|| format!("cannot remove {}", root.display()))?;
    }
    if !succeeds(Command::new("debootstrap").arg("--version")) {
        ensure!(assume_yes || !std::io::stdin().is_terminal(), "debootstrap is not installed (`--yes` installs it)");
        say("\nInstalling debootstrap ...");
        output(Command::new("apt-get").args(["install", "--yes", "--no-install-recommends", "debootstrap"]))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let log = folder.join("debootstrap.log");
    say(&format!("\nMaking a root for a private Docker engine of Debian {SUITE} (log: {}) ...", log.display()));
    let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut command = Command::new("debootstrap");
    command
        .args(["--force-check-gpg", "--variant=minbase"])
        .arg(format!("--include={PACKAGES}"))
        .arg(SUITE)
        .arg(root)
        .arg(MIRROR);
    let status = command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).status()?;
    if !status.success() {
        bail!("debootstrap failed ({status}); its last lines were:\n{}", tail(&log, 5));
    }
    Ok(fs::write(complete, PACKAGES)?)
}
