//! `cargo xtask token`: signs tokens with the development keys.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use clap::builder::NonEmptyStringValueParser;
use orchard_server::duration;
use orchard_testkit::keys::{DevKeys, user_id};

use crate::output::say;
use crate::project::Project;

/// Print a token, signed with the development keys.
///
/// `--user alice --role operator` names a user with a role, `--role service:billing` a service.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    who: Who,
    #[command(flatten)]
    keys: KeyFolder,
    /// Time until the token expires, such as 90s, 30m, 24h.
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = duration)]
    ttl: Duration,
}

/// The user or service of a token.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Who {
    /// Name or UUID of a user; the same name is always the same user.
    #[arg(long, value_name = "NAME|UUID", value_parser = NonEmptyStringValueParser::new())]
    pub user: Option<String>,
    /// Role of the user, `moderator` or `operator`, or `service:<name>` for a service; may be repeated.
    #[arg(long = "role", value_name = "ROLE")]
    pub roles: Vec<String>,
}

impl Who {
    /// Signs a token, or returns `None` if no user or service is named.
    pub fn token(&self, keys: &DevKeys, ttl: Duration) -> Result<Option<String>> {
        let service = self.roles.iter().find_map(|role| role.strip_prefix("service:"));
        match (&self.user, service) {
            (None, None) if self.roles.is_empty() => Ok(None),
            (None, None) => bail!("a role needs a user: add --user <name|uuid>, or name a service with --role service:<name>"),
            (Some(_), Some(_)) => bail!("a token is for a user or a service: give --user or --role service:<name>, not both"),
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

/// The folder of the keys.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct KeyFolder {
    /// Folder of the keys, instead of target/orchard/keys.
    #[arg(long, env = "ORCHARD_KEYS", value_name = "FOLDER")]
    keys: Option<PathBuf>,
}

impl KeyFolder {
    /// Opens the keys. Only those of the project are made if they are missing.
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
    say(&token.context("give --user <name|uuid>, or --role service:<name>")?);
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_for_a_user_or_a_service() {
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
