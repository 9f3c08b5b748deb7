//! `cargo xtask token`: tokens of the development keys.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use orchard_testkit::keys::{DevKeys, user_id};

use crate::output::say;
use crate::project::Project;

/// Print a development token, and nothing else, on standard output.
///
/// `--user alice --role operator` is a user with a platform role; `--role service:billing` is a service.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    who: Who,
    #[command(flatten)]
    keys: KeyFolder,
    /// How long it is valid, such as 90s, 30m, 24h, 7d.
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = parse_ttl)]
    ttl: Duration,
}

/// Whom a token is for.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Who {
    /// A user by name or UUID; a name is the same user everywhere.
    #[arg(long, value_name = "NAME|UUID")]
    pub user: Option<String>,
    /// `moderator` or `operator` of the user, or `service:<name>` instead of a user; may be repeated.
    #[arg(long = "role", value_name = "ROLE")]
    pub roles: Vec<String>,
}

impl Who {
    /// The token; `None` when nobody is named.
    pub fn token(&self, keys: &DevKeys, ttl: Duration) -> Result<Option<String>> {
        let service = self.roles.iter().find_map(|role| role.strip_prefix("service:"));
        match (&self.user, service) {
            (None, None) if self.roles.is_empty() => Ok(None),
            (None, None) => bail!("say whose role it is with --user, or name a service with --role service:<name>"),
            (Some(_), Some(_)) => bail!("a token is a user's or a service's: give --user or --role service:<name>, not both"),
            (None, Some(service)) => {
                ensure!(self.roles.len() == 1, "a service has no other role");
                keys.workload_token(service, ttl).map(Some)
            }
            (Some(user), None) => {
                for role in &self.roles {
                    let known = matches!(role.as_str(), "moderator" | "operator");
                    ensure!(known, "there is no role `{role}`: moderator, operator or service:<name>");
                }
                let roles: Vec<&str> = self.roles.iter().map(String::as_str).collect();
                keys.user_token(user_id(user), &roles, ttl).map(Some)
            }
        }
    }
}

/// Where the keys are.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct KeyFolder {
    /// Folder of the keys, instead of target/orchard/keys.
    #[arg(long, env = "ORCHARD_KEYS", value_name = "FOLDER")]
    keys: Option<PathBuf>,
}

impl KeyFolder {
    /// The keys; those of the project are made when they are missing, as it is their only place.
    pub fn open(&self) -> Result<DevKeys> {
        match &self.keys {
            Some(folder) if !folder.join("users.pem").exists() => bail!("there are no keys in {}", folder.display()),
            Some(folder) => DevKeys::load_or_create(folder),
            None => Project::find()?.keys(),
        }
    }
}

/// Runs the command.
pub fn run(args: &Args) -> Result<ExitCode> {
    let keys = args.keys.open()?;
    let token = args.who.token(&keys, args.ttl)?;
    say(&token.context("say for whom: --user <name|uuid>, or --role service:<name>")?);
    Ok(ExitCode::SUCCESS)
}

fn parse_ttl(text: &str) -> Result<Duration, String> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let seconds: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err("a number and a unit, such as 90s, 30m, 24h or 7d".to_owned()),
    };
    let total = number.parse::<u64>().ok().and_then(|number| number.checked_mul(seconds));
    match total {
        Some(total) if total > 0 && total <= 3_153_600_000 => Ok(Duration::from_secs(total)),
        _ => Err("more than nothing and at most 100 years".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(parse_ttl("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_ttl("24h"), Ok(Duration::from_secs(86_400)));
        for bad in ["", "24", "h", "0s", "1w", "-1h", "99999999999999999999d"] {
            assert!(parse_ttl(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_token_is_a_users_or_a_services() {
        let keys = DevKeys::ephemeral().unwrap();
        let hour = Duration::from_secs(3600);
        let who = |user: Option<&str>, roles: &[&str]| Who {
            user: user.map(str::to_owned),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        };
        assert!(who(Some("alice"), &[]).token(&keys, hour).unwrap().is_some());
        assert!(who(Some("alice"), &["operator", "moderator"]).token(&keys, hour).unwrap().is_some());
        assert!(who(None, &["service:billing"]).token(&keys, hour).unwrap().is_some());
        assert!(who(None, &[]).token(&keys, hour).unwrap().is_none());
        for (user, roles) in [
            (Some("alice"), vec!["service:billing"]),
            (Some("alice"), vec!["admin"]),
            (None, vec!["operator"]),
            (None, vec!["service:nobody"]),
            (None, vec!["service:billing", "operator"]),
        ] {
            assert!(who(user, &roles).token(&keys, hour).is_err(), "{user:?} {roles:?}");
        }
    }
}
