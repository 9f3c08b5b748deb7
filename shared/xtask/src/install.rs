//! Finds PostgreSQL, and installs it on Debian and Ubuntu if it is missing.

use std::fs::File;
use std::io::{BufRead as _, IsTerminal as _};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use orchard_testkit::cluster::{ClusterError, MINIMUM_MAJOR, Tools, tail};

use crate::output::say;

/// Installs PostgreSQL without the server that Debian's package would start. It changes the machine's configuration for that and
/// restores it afterwards, also what a killed run has left. `update` may fail for a source that is not needed.
const SCRIPT: &str = r#"
set -e
export DEBIAN_FRONTEND=noninteractive
apt="apt-get -o DPkg::Lock::Timeout=120"
$apt update || true
candidate=$(LC_ALL=C apt-cache policy postgresql | sed -n 's/^ *Candidate: *//p')
major=${candidate%%[!0-9]*}
if [ -n "$major" ] && [ "$major" -lt "$1" ]; then
  echo "this distribution's own PostgreSQL is $major, but $1 or newer is needed"
  exit "$2"
fi
$apt install -y --no-install-recommends postgresql-common
conf=/etc/postgresql-common/createcluster.conf
if [ -f "$conf" ]; then
  trap 'exit 130' INT TERM HUP
  [ -e "$conf.before" ] || cp -p "$conf" "$conf.before"
  trap 'mv -f "$conf.before" "$conf"' EXIT
  sed -i '/^[#[:space:]]*create_main_cluster/d' "$conf"
  echo 'create_main_cluster = false' >>"$conf"
fi
$apt install -y --no-install-recommends postgresql
"#;
/// The script's exit status if the distribution's package is too old; apt-get's own failures are 100.
const TOO_OLD: i32 = 65;

/// The means to install packages on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Machine {
    has_apt: bool,
    is_root: bool,
    sudo: Sudo,
    /// The user can be asked.
    has_terminal: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sudo {
    Absent,
    AsksForPassword,
    Free,
}

#[derive(Debug, PartialEq, Eq)]
enum Decision {
    /// Install, with these words before the command.
    Install { prefix: &'static [&'static str], ask: bool },
    /// Leave it to the user, with this advice.
    Refuse(&'static str),
}

/// Returns the server's binaries and installs them if necessary. `variable` is the alternative that errors name.
pub fn postgres(assume_yes: bool, log_folder: &Path, variable: &str) -> Result<Tools> {
    match Tools::find() {
        Ok(tools) => Ok(tools),
        Err(missing) => {
            say(&format!("{missing}."));
            install(assume_yes, log_folder, variable)?;
            Tools::find().map_err(|after: ClusterError| {
                anyhow::anyhow!("{after}; the system's package is not enough: set {variable} to a server")
            })
        }
    }
}

fn install(assume_yes: bool, log_folder: &Path, variable: &str) -> Result<()> {
    let (prefix, ask) = match decide(look_around(), assume_yes) {
        Decision::Install { prefix, ask } => (prefix, ask),
        Decision::Refuse(advice) => bail!("{advice}, or set {variable}"),
    };
    say("apt-get will install the package `postgresql`, for a private server under target/orchard.");
    say("It sets up and starts no other server.");
    if ask && !confirmed()? {
        bail!("not installed: set {variable} to use another server");
    }
    std::fs::create_dir_all(log_folder).with_context(|| format!("cannot create {}", log_folder.display()))?;
    let log = log_folder.join("install.log");
    say(&format!("Installing (log: {}) ...", log.display()));
    let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut words = prefix.iter().copied().chain(["sh", "-c", SCRIPT, "sh"]);
    let mut command = Command::new(words.next().unwrap_or("sh"));
    command.args(words).arg(MINIMUM_MAJOR.to_string()).arg(TOO_OLD.to_string());
    command.stdin(Stdio::inherit()).stdout(file.try_clone()?).stderr(file);
    let status = command.status().context("cannot run apt-get")?;
    if status.code() == Some(TOO_OLD) {
        bail!("{}: install a newer one from apt.postgresql.org, or set {variable}", tail(&log, 1));
    }
    if !status.success() {
        bail!("apt-get failed ({status}); its last lines were:\n{}", tail(&log, 15));
    }
    Ok(())
}

fn decide(machine: Machine, assume_yes: bool) -> Decision {
    let Machine { has_apt, is_root, sudo, has_terminal } = machine;
    if !has_apt {
        return Decision::Refuse("install PostgreSQL 15 or newer, server and contrib extensions");
    }
    let prefix: &'static [&'static str] = match sudo {
        _ if is_root => &[],
        Sudo::Free => &["sudo", "-n"],
        Sudo::AsksForPassword if has_terminal => &["sudo"],
        Sudo::AsksForPassword | Sudo::Absent => {
            return Decision::Refuse("install it as root (`apt-get install postgresql`)");
        }
    };
    Decision::Install { prefix, ask: has_terminal && !assume_yes }
}

fn look_around() -> Machine {
    let sudo = match quietly("sudo", &["-n", "true"]) {
        None => Sudo::Absent,
        Some(false) => Sudo::AsksForPassword,
        Some(true) => Sudo::Free,
    };
    Machine {
        has_apt: quietly("apt-get", &["--version"]) == Some(true),
        is_root: rustix::process::geteuid().is_root(),
        sudo,
        has_terminal: std::io::stdin().is_terminal(),
    }
}

/// Returns whether a program succeeds, or `None` if it does not exist.
fn quietly(program: &str, args: &[&str]) -> Option<bool> {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().ok().map(|status| status.success())
}

fn confirmed() -> Result<bool> {
    say("Install it now? [Y/n] (`--yes` does not ask)");
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).context("cannot read the answer")?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "" | "y" | "yes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: Machine = Machine { has_apt: true, is_root: false, sudo: Sudo::Free, has_terminal: false };

    #[test]
    fn it_installs_without_a_question_if_no_password_is_needed() {
        assert_eq!(decide(USER, false), Decision::Install { prefix: &["sudo", "-n"], ask: false });
        let root = Machine { is_root: true, sudo: Sudo::Absent, ..USER };
        assert_eq!(decide(root, false), Decision::Install { prefix: &[], ask: false });
    }

    #[test]
    fn it_asks_at_a_terminal_unless_yes_is_given() {
        let terminal = Machine { has_terminal: true, sudo: Sudo::AsksForPassword, ..USER };
        assert_eq!(decide(terminal, false), Decision::Install { prefix: &["sudo"], ask: true });
        assert_eq!(decide(terminal, true), Decision::Install { prefix: &["sudo"], ask: false });
    }

    #[test]
    fn it_names_the_package_if_it_cannot_install() {
        for machine in [Machine { sudo: Sudo::Absent, ..USER }, Machine { sudo: Sudo::AsksForPassword, ..USER }] {
            assert!(matches!(decide(machine, true), Decision::Refuse(advice) if advice.contains("apt-get install postgresql")));
        }
        assert!(matches!(decide(Machine { has_apt: false, ..USER }, true), Decision::Refuse(advice) if advice.contains("15")));
    }
}
