//! Makes the files of a cluster, starts `postgres` on them and waits until it takes connections.

use std::fs::{self, File, OpenOptions};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::error::Doing as _;
use super::place::{Place, write_private};
use super::port::free_port;
use super::process::{Process, Signal};
use super::user::RunAs;
use super::{ClusterError, Options, Tools};

/// `INT` is PostgreSQL's fast shutdown: open connections are ended, and the data is left clean.
const AT_PARENTS_DEATH: &str = "INT";
const INITDB_LIMIT: Duration = Duration::from_secs(120);
const READY_LIMIT: Duration = Duration::from_secs(60);
const LOG_LINES: usize = 15;

/// What is needed to start the server again and again.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) tools: Tools,
    pub(super) run_as: RunAs,
    pub(super) place: Place,
    pub(super) options: Options,
    pub(super) password: String,
}

impl Server {
    /// Makes the cluster unless it is there, and reads its password.
    pub(super) fn prepare(tools: Tools, run_as: RunAs, place: Place, options: Options) -> Result<Self, ClusterError> {
        File::create(place.log()).on("create", &place.log())?;
        let mut server = Self { tools, run_as, place, options, password: String::new() };
        let data = server.place.data();
        if !data.exists() {
            server.make()?;
        }
        let found = fs::read_to_string(data.join("PG_VERSION")).unwrap_or_default();
        if found.trim().is_empty() {
            return Err(server.broken("the file PG_VERSION is missing from the data".to_owned()));
        }
        if found.trim() != server.tools.major().to_string() {
            let dir = server.place.home().to_owned();
            return Err(ClusterError::OtherVersion { dir, found: found.trim().to_owned(), wanted: server.tools.major() });
        }
        match fs::read_to_string(server.place.password()) {
            Ok(password) => server.password = password.trim().to_owned(),
            Err(_) => return Err(server.broken("the file with the password is missing".to_owned())),
        }
        Ok(server)
    }

    /// Into a folder that gets its name only when it is complete, so that an interrupted attempt is simply made again.
    fn make(&self) -> Result<(), ClusterError> {
        let unfinished = self.place.home().join("data.new");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).on("remove", &unfinished)?;
        }
        write_private(&self.place.password(), &super::random_hex()?)?;
        self.run_as.give(&self.place.password())?;

        let mut command = self.command("initdb", "KILL")?;
        // Of the locales that every Debian has, C.UTF-8 is the one that knows letters beyond ASCII; trigrams need it.
        command.args(["--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8"]);
        command.args(["--auth-host=scram-sha-256", "--auth-local=scram-sha-256"]);
        command.arg("--pwfile").arg(self.place.password()).arg("--pgdata").arg(&unfinished);
        if !self.options.durable {
            command.arg("--no-sync");
        }
        let mut process = Process::spawn(command).doing(|| "run initdb through setpriv (package util-linux)".to_owned())?;
        let ended = process.wait(INITDB_LIMIT).doing(|| "wait for initdb".to_owned())?;
        if ended.is_none() {
            process.end(Signal::KILL, Duration::from_secs(1)).doing(|| "end initdb".to_owned())?;
        }
        if !ended.is_some_and(|status| status.success()) {
            return Err(ClusterError::Initdb { dir: self.place.home().to_owned(), log: self.log_end() });
        }
        fs::rename(&unfinished, self.place.data()).on("rename", &unfinished)
    }

    /// Starts the server on `port`, or on one that is free, and answers when it takes connections.
    pub(super) fn start(&self, port: Option<u16>) -> Result<(Process, u16), ClusterError> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let chosen = port.map_or_else(free_port, Ok).doing(|| "find a free port on 127.0.0.1".to_owned())?;
            match self.start_on(chosen) {
                // Between finding the free port and using it, another process may have taken it.
                Err(ClusterError::PortTaken { .. }) if port.is_none() && attempts < 5 => {}
                other => return other.map(|process| (process, chosen)),
            }
        }
    }

    fn start_on(&self, port: u16) -> Result<Process, ClusterError> {
        let log_before = fs::metadata(self.place.log()).map_or(0, |metadata| metadata.len());
        let mut command = self.command("postgres", AT_PARENTS_DEATH)?;
        command.arg("-D").arg(self.place.data());
        for setting in self.settings(port) {
            command.arg("-c").arg(setting);
        }
        let mut process = Process::spawn(command).doing(|| "run postgres through setpriv (package util-linux)".to_owned())?;
        let deadline = Instant::now() + READY_LIMIT;
        loop {
            if process.ended().doing(|| "wait for postgres".to_owned())?.is_some() {
                let log = self.log_end();
                let new = fs::read(self.place.log()).unwrap_or_default().split_off(usize::try_from(log_before).unwrap_or(0));
                let taken = String::from_utf8_lossy(&new).contains("could not bind");
                return Err(if taken { ClusterError::PortTaken { port } } else { self.broken(log) });
            }
            match super::connect::attempt(&super::url_of(&self.password, port, "postgres")) {
                Ok(()) => return Ok(process),
                Err(cause) if Instant::now() > deadline => {
                    let _ = process.end(Signal::QUIT, Duration::from_secs(5));
                    return Err(ClusterError::NotReady { seconds: READY_LIMIT.as_secs(), cause, log: self.log_end() });
                }
                Err(_) => std::thread::sleep(Duration::from_millis(25)),
            }
        }
    }

    fn settings(&self, port: u16) -> Vec<String> {
        let mut settings = vec![
            "listen_addresses=127.0.0.1".to_owned(),
            format!("port={port}"),
            "unix_socket_directories=".to_owned(),
            format!("max_connections={}", self.options.max_connections),
            "timezone=UTC".to_owned(),
            "log_timezone=UTC".to_owned(),
        ];
        if !self.options.durable {
            // What is lost with the machine's power only. Commits stay synchronous, because what waits for them is tested.
            settings.extend(["fsync=off", "full_page_writes=off", "synchronous_commit=on"].map(str::to_owned));
        }
        settings
    }

    fn command(&self, program: &str, signal: &str) -> Result<Command, ClusterError> {
        let log = self.place.log();
        let file = OpenOptions::new().append(true).open(&log).on("open", &log)?;
        let errors = file.try_clone().on("open", &log)?;
        let mut command = self.run_as.command(&self.tools.program(program), signal);
        command.stdout(file).stderr(errors);
        Ok(command)
    }

    fn broken(&self, log: String) -> ClusterError {
        let dir = self.place.home().to_owned();
        // PostgreSQL insists on owning its data, and says so in a way that reads like damage.
        let data = self.place.data();
        if data.exists() && !self.run_as.runs_as_owner_of(&data) {
            return ClusterError::OtherUser { dir };
        }
        ClusterError::Broken { dir, log }
    }

    fn log_end(&self) -> String {
        tail(&self.place.log(), LOG_LINES)
    }
}

/// The last lines of a text file.
pub fn tail(path: &Path, lines: usize) -> String {
    let content = fs::read(path).unwrap_or_default();
    let content = String::from_utf8_lossy(&content);
    let all: Vec<&str> = content.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
