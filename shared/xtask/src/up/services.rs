//! The processes of the services: starts, watches and stops them.

use std::fs::{File, OpenOptions};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use orchard_testkit::cluster::process::{Process, Signal, bound};
use orchard_testkit::cluster::tail;
use orchard_testkit::keys::DevKeys;
use tokio::signal::unix::{SignalKind, signal};

use super::database::Database;
use super::ports::Ports;
use super::provision::{secrets, url_file};
use super::signals::Signals;
use crate::project::{EDGE, SERVICES, SLICES};

/// Longer than the services take to drain.
const GRACE: Duration = Duration::from_secs(40);
const POLL: Duration = Duration::from_millis(20);
const LOG_LINES: usize = 20;
/// For people who look at the suite. The demo's people share one address, and some of them enter hundreds of things.
const SHOWN: &[(&str, &str)] = &[
    ("ORCHARD_LOG_FORMAT", "pretty"),
    ("ORCHARD_CALLER_BURST", "1000"),
    ("ORCHARD_ADDRESS_RATE", "1000"),
    ("ORCHARD_ADDRESS_BURST", "2000"),
];
/// For measurements, in which a few callers stand for many.
const MEASURED: &[(&str, &str)] = &[
    ("ORCHARD_LOG_FORMAT", "json"),
    ("ORCHARD_USER_SHARE", "100"),
    ("ORCHARD_CALLER_RATE", "1000000"),
    ("ORCHARD_CALLER_BURST", "1000000"),
    ("ORCHARD_ADDRESS_RATE", "1000000"),
    ("ORCHARD_ADDRESS_BURST", "1000000"),
];

/// The processes of the services.
#[derive(Debug)]
pub struct Services {
    folder: PathBuf,
    program: PathBuf,
    ports: Ports,
    settings: Vec<(&'static str, &'static str)>,
    has_page: bool,
    running: Vec<(&'static str, Process)>,
}

impl Services {
    /// Prepares the services, with their logs and secrets in `folder`. None is started.
    pub fn new(folder: PathBuf, program: PathBuf, ports: Ports) -> Self {
        Self { folder, program, ports, settings: SHOWN.to_vec(), has_page: false, running: Vec::new() }
    }

    /// Has the edge serve its page, perhaps.
    #[must_use]
    pub fn with_page(self, has_page: bool) -> Self {
        Self { has_page, ..self }
    }

    /// Has the services log JSON, as they do where they are deployed, and serve one user as they serve many.
    #[must_use]
    pub fn measured(self, is_optimised: bool) -> Self {
        let mut settings = MEASURED.to_vec();
        if !is_optimised {
            // Debug builds open their first connections so slowly that calls would be refused in the meantime.
            settings.push(("ORCHARD_POOL_WAIT", "5s"));
        }
        Self { settings, ..self }
    }

    /// Migrates every slice.
    pub async fn migrate(&mut self) -> Result<()> {
        for slice in SLICES {
            File::create(self.log(slice)).with_context(|| format!("cannot write {}", self.log(slice).display()))?;
            let mut command = self.command(slice, "migrate")?;
            command.env("DATABASE_URL_FILE", self.url_file(slice));
            self.running.push((slice, Process::spawn(command).context("cannot run setpriv (package util-linux)")?));
        }
        for (slice, process) in &mut self.running {
            while process.ended()?.is_none() {
                tokio::time::sleep(POLL).await;
            }
            let status = process.ended()?.context("a process that has ended has a status")?;
            if !status.success() {
                let log = self.folder.join(format!("{slice}.log"));
                bail!("`{slice} migrate` failed ({status}); its last lines were:\n{}", tail(&log, LOG_LINES));
            }
        }
        self.running.clear();
        Ok(())
    }

    /// Starts all services.
    pub fn start(&mut self, keys: &DevKeys) -> Result<()> {
        File::create(self.log(EDGE)).with_context(|| format!("cannot write {}", self.log(EDGE).display()))?;
        for service in SERVICES {
            self.start_one(service, keys)?;
        }
        Ok(())
    }

    /// Starts one service, which appends to its log.
    pub fn start_one(&mut self, service: &'static str, keys: &DevKeys) -> Result<()> {
        let mut command = self.command(service, "serve")?;
        command.env("ORCHARD_LISTEN", format!("127.0.0.1:{}", self.ports.of(service)));
        command.env("ORCHARD_ADMIN_LISTEN", format!("127.0.0.1:{}", self.ports.admin_of(service)));
        command.env("ORCHARD_USER_JWKS_FILE", keys.user_jwks_file());
        command.env("ORCHARD_WORKLOAD_JWKS_FILE", keys.workload_jwks_file());
        command.env("ORCHARD_REFLECTION", "true").env("ORCHARD_DRAIN_WAIT", "0s");
        command.env("ORCHARD_WORKLOAD_KEY_FILE", keys.workload_key_file(service));
        // Each service reads the URLs of those that it calls.
        for slice in SLICES {
            let url = format!("http://127.0.0.1:{}", self.ports.of(slice));
            command.env(format!("ORCHARD_{}_URL", slice.to_uppercase()), url);
        }
        if service != EDGE {
            command.env("DATABASE_URL_FILE", self.url_file(service));
            command.env("ORCHARD_TOKEN_KEYS_FILE", keys.token_keys_file());
        }
        if service == EDGE && self.has_page {
            let port = self.ports.web();
            command.env("ORCHARD_WEB_PAGE", "true").env("ORCHARD_WEB_LISTEN", format!("127.0.0.1:{port}"));
            command.env("ORCHARD_WEB_ORIGINS", format!("http://127.0.0.1:{port},http://localhost:{port}"));
        }
        let process = Process::spawn(command).with_context(|| format!("cannot start {service}"))?;
        // The edge last, because it is stopped first.
        let place = if service == EDGE { self.running.len() } else { 0 };
        self.running.insert(place, (service, process));
        Ok(())
    }

    /// Stops one service.
    pub async fn stop_one(&mut self, service: &str) -> Result<()> {
        let Some(place) = self.running.iter().position(|(name, _)| *name == service) else { return Ok(()) };
        let mut one = vec![self.running.remove(place)];
        one[0].1.signal(Signal::TERM)?;
        all_ended(&mut one).await;
        one[0].1.end(Signal::KILL, Duration::from_secs(1))?;
        Ok(())
    }

    /// Returns the process id of a running service.
    pub fn id(&self, service: &str) -> Option<u32> {
        self.running.iter().find(|(name, _)| *name == service).map(|(_, process)| process.id())
    }

    /// Returns whether any service may be running.
    pub fn any_started(&self) -> bool {
        !self.running.is_empty()
    }

    /// Fails if a service has ended, even successfully.
    pub fn all_run(&mut self) -> Result<()> {
        for (service, process) in &mut self.running {
            if let Some(status) = process.ended()? {
                let log = self.folder.join(format!("{service}.log"));
                bail!("{service} ended ({status}); the last lines of {} were:\n{}", log.display(), tail(&log, LOG_LINES));
            }
        }
        Ok(())
    }

    /// Returns the last lines of a log.
    pub fn last_lines(&self, service: &str) -> String {
        tail(&self.log(service), LOG_LINES)
    }

    /// Waits until a service or PostgreSQL ends, which is an error.
    pub async fn first_end(&mut self, database: &mut Database) -> Result<()> {
        let mut children = signal(SignalKind::child()).context("cannot listen to signals")?;
        loop {
            self.all_run()?;
            if let Some(failure) = database.failure() {
                bail!("{failure}");
            }
            children.recv().await;
        }
    }

    /// Stops the edge, then the slices, which it calls. Another signal kills the rest.
    pub async fn stop(&mut self, signals: &mut Signals) {
        let slices_to = self.running.iter().take_while(|(name, _)| *name != EDGE).count();
        let (slices, edge) = self.running.split_at_mut(slices_to);
        for group in [edge, slices] {
            for (_, process) in group.iter_mut() {
                let _ = process.signal(Signal::TERM);
            }
            tokio::select! {
                () = all_ended(group) => {}
                () = signals.next() => {}
            }
            for (service, process) in group {
                if matches!(process.ended(), Ok(None)) {
                    eprintln!("{service} does not stop and is killed");
                    let _ = process.end(Signal::KILL, Duration::from_secs(1));
                }
            }
        }
        self.running.clear();
    }

    fn command(&self, service: &str, task: &str) -> Result<Command> {
        let log = OpenOptions::new().append(true).open(self.log(service))?;
        let mut command = bound(&self.program, "TERM");
        command.args([service, task]).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        // The superuser's URL is not for the services.
        command.env_remove("DATABASE_URL");
        command.envs(self.settings.iter().copied()).current_dir(&self.folder);
        Ok(command)
    }

    fn log(&self, service: &str) -> PathBuf {
        self.folder.join(format!("{service}.log"))
    }

    fn url_file(&self, slice: &str) -> PathBuf {
        url_file(&secrets(&self.folder), slice)
    }
}

async fn all_ended(group: &mut [(&'static str, Process)]) {
    let deadline = Instant::now() + GRACE;
    while Instant::now() < deadline && group.iter_mut().any(|(_, process)| matches!(process.ended(), Ok(None))) {
        tokio::time::sleep(POLL).await;
    }
}
