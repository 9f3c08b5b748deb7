//! pgbench, which runs the statements of a call without the service.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use orchard_testkit::cluster::process::{Process, bound};
use orchard_testkit::cluster::tail;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

use super::load::{IN_FLIGHT, Pace};
use super::script::Script;

const POLL: Duration = Duration::from_millis(10);

/// The program and the folder of its files.
#[derive(Clone, Debug)]
pub struct Pgbench {
    program: PathBuf,
    folder: PathBuf,
}

impl Pgbench {
    /// Finds the program, which most packages install beside the server. `bin` may have links only to the server.
    pub fn find(bin: &Path, folder: &Path) -> Option<Self> {
        let home = bin.join("postgres").canonicalize().ok()?;
        let program = [home.parent()?, bin].into_iter().map(|folder| folder.join("pgbench")).find(|program| program.is_file())?;
        Some(Self { program, folder: folder.to_owned() })
    }

    /// Runs a script, as often as `transactions` says for each client.
    pub async fn run(&self, database: &Config, script: &Script, transactions: usize) -> Result<Pace> {
        let (file, output) = (self.folder.join("pgbench.sql"), self.folder.join("pgbench.out"));
        fs::write(&file, &script.text)?;
        let clients = IN_FLIGHT.to_string();
        let mut command = bound(&self.program, "KILL");
        command.args(["--client", &clients, "--jobs", "1", "--protocol", "prepared", "--no-vacuum"]);
        command.args(["--transactions", &transactions.to_string(), "--log", "--log-prefix", "pgbench-log"]);
        command.arg("--file").arg(&file).current_dir(&self.folder);
        for (name, value) in &script.constants {
            command.arg("--define").arg(format!("{name}={value}"));
        }
        let [Host::Tcp(host)] = database.get_hosts() else { bail!("pgbench needs one host") };
        command.env("PGHOST", host).env("PGUSER", database.get_user().unwrap_or_default());
        command.env("PGPORT", database.get_ports().first().copied().unwrap_or(5432).to_string());
        command.env("PGDATABASE", database.get_dbname().unwrap_or_default());
        // Not an argument: every user of the machine may read those.
        command.env("PGPASSWORD", String::from_utf8_lossy(database.get_password().unwrap_or_default()).as_ref());
        let log = File::create(&output)?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let mut process = Process::spawn(command).context("cannot run pgbench")?;
        let status = loop {
            match process.ended()? {
                Some(status) => break status,
                None => tokio::time::sleep(POLL).await,
            }
        };
        let milliseconds = self.take_log()?;
        let report = fs::read_to_string(&output)?;
        let done = parse_done(&report);
        if !status.success() || done != Some(transactions * IN_FLIGHT) {
            bail!("pgbench failed ({status}):\n{}", tail(&output, 15));
        }
        let rate = parse_rate(&report).context("pgbench reports no rate")?;
        Ok(Pace::of(Duration::from_secs_f64((transactions * IN_FLIGHT) as f64 / rate), milliseconds))
    }

    /// Reads the latency of each transaction and removes the log, which is named by the process.
    fn take_log(&self) -> Result<Vec<f64>> {
        let mut milliseconds = Vec::new();
        for entry in fs::read_dir(&self.folder)?.flatten() {
            if entry.file_name().to_string_lossy().starts_with("pgbench-log.") {
                milliseconds.extend(fs::read_to_string(entry.path())?.lines().filter_map(parse_latency));
                fs::remove_file(entry.path())?;
            }
        }
        Ok(milliseconds)
    }
}

/// Parses `number of transactions actually processed: 160/160`, which counts no failed transactions.
fn parse_done(report: &str) -> Option<usize> {
    let line = report.lines().find_map(|line| line.strip_prefix("number of transactions actually processed: "))?;
    line.split('/').next()?.trim().parse().ok()
}

/// Parses `tps = 812.500000 (without initial connection time)`.
fn parse_rate(report: &str) -> Option<f64> {
    report.lines().find_map(|line| line.strip_prefix("tps = "))?.split_whitespace().next()?.parse().ok()
}

/// Parses a line of client, number, microseconds, script and time.
fn parse_latency(line: &str) -> Option<f64> {
    let microseconds: f64 = line.split_whitespace().nth(2)?.parse().ok()?;
    Some(microseconds / 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_of_pgbench_is_parsed() {
        let report = "pgbench (15.14)\ntransaction type: x.sql\nnumber of transactions actually processed: 160/160\n\
            number of failed transactions: 0 (0.000%)\nlatency average = 0.5 ms\ninitial connection time = 34.8 ms\n\
            tps = 812.500000 (without initial connection time)\n";
        assert_eq!((parse_done(report), parse_rate(report)), (Some(160), Some(812.5)));
        assert_eq!((parse_done("pgbench: error: x"), parse_rate("")), (None, None));
        assert_eq!(parse_latency("3 17 1250 0 1790000000 123456"), Some(1.25));
        assert_eq!(parse_latency("3 17 failed 0 1790000000 123456"), None);
    }
}
